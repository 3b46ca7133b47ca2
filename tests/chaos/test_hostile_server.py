"""One account is answered badly, the run goes on: a clear failure for the one, the end state for the others."""

from __future__ import annotations

import contextlib
import re
import resource
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest

import bulkops
from bulkops.journal import AccountRow
from bulkops.outcome import TROUBLED, Outcome
from bulkops.report import Report, render
from bulkops.settings import Tuning
from tests.chaos.serving import GOOD, hostile
from tests.chaos.tally import Trials
from tests.fleet import SECRETS
from tests.here import main_job

pytestmark = pytest.mark.fault("hostile answers of the server")

ROOT = Path(__file__).parents[2]
MOST_MEMORY_MB = 150
MOST_S = 150
"""A run that takes longer hangs: its own deadline is 120 s, and the last requests may end after it."""

TUNING = Tuning(
    unlimited=True,
    max_rate=None,
    server_timeout_s=0.5,
    attempt_timeout_s=5.0,  # a busy machine needs some of it for an honest answer
    call_timeout_s=10.0,
    account_timeout_s=60.0,
    first_poll_s=0.05,
    import_deadline_s=8.0,
    backoff_base_s=0.02,
    backoff_cap_s=0.1,
    run_timeout_s=120.0,
)
PATIENT = attrs.evolve(TUNING, attempt_timeout_s=30.0, call_timeout_s=60.0, import_deadline_s=60.0)
"""For answers that do come."""


@attrs.frozen
class Told:
    """What came of it: the bad account's row by the trick's name, and the witnesses."""

    accounts: int
    report: Report
    by_trick: dict[str, AccountRow]
    twice: list[tuple[object, ...]]
    took_s: float
    grew_mb: float

    @property
    def lost(self) -> int:
        return self.accounts - sum(self.report.outcomes.values())


async def roll_out(
    home: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials, names: Sequence[str], at: str, tuning: Tuning = TUNING
) -> Told:
    """The main job over one account for each trick and some that are answered well."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    _forget_the_peak()
    memory = _peak_mb()
    began = time.monotonic()
    with hostile(names, at) as server:
        async with bulkops.Workato(token=server.token, host=server.url, tuning=tuning) as workato:
            report = await bulkops.run(
                main_job(), accounts=server.accounts, workato=workato, journal=home, policy=bulkops.Policy(breaker=None)
            )
    counts = Counter((effect["account"], effect["kind"], effect["key"]) for effect in server.effects)
    rows = {server.bad[row.account]: row for row in report.accounts if row.account in server.bad}
    told = Told(
        len(server.accounts),
        report,
        rows,
        [effect for effect, count in counts.items() if count > 1],
        time.monotonic() - began,
        _peak_mb() - memory,
    )
    print(_shown(told))
    trials.add(len(rows), twice=len(told.twice), lost=told.lost)
    kept = [row for row in report.accounts if row.account not in server.bad]
    assert [(row.outcome, row.reason) for row in kept] == [(Outcome.CHANGED, None)] * GOOD
    assert sum(report.outcomes.values()) == len(server.accounts)
    return told


def _peak_mb() -> float:
    """The most memory since `_forget_the_peak`; where that cannot be forgotten (not on Linux), of the whole process."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert found is not None
        return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _forget_the_peak() -> None:
    """Another test of this process may have needed more: it would hide what this one needs."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def assert_clear(told: Told) -> None:
    """Every failure says what happened in one printable line of bearable length, and every report can be written."""
    for name, row in told.by_trick.items():
        if row.outcome in TROUBLED:
            assert row.reason, name
            assert row.reason.isprintable(), (name, row.reason[:300])
            assert len(row.reason) < 1500, (name, len(row.reason))
            assert row.cause, name
            assert len(row.cause) < 1500, (name, len(row.cause))
            assert row.failure_class != "unexpected", (name, row.reason)
    for form in ("text", "json"):
        render(told.report, form)
    assert told.twice == []
    assert told.grew_mb < MOST_MEMORY_MB
    assert told.took_s < MOST_S


@pytest.mark.slow
async def test_bad_answers_to_the_first_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials) -> None:
    for kind, tuning, outcome in (("READS", TUNING, Outcome.FAILED), ("HARMLESS", PATIENT, Outcome.CHANGED)):
        told = await roll_out(tmp_path / kind, monkeypatch, trials, [kind], "GET projects", tuning)
        assert_clear(told)
        for name, row in told.by_trick.items():
            assert row.outcome is outcome, (name, row.reason)


@pytest.mark.chaos
async def test_answers_that_keep_the_client_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials
) -> None:
    told = await roll_out(tmp_path, monkeypatch, trials, ["STUBBORN"], "GET projects")
    assert_clear(told)
    assert {row.outcome for row in told.by_trick.values()} == {Outcome.FAILED}


@pytest.mark.parametrize(
    "at",
    [
        pytest.param("POST folders", marks=pytest.mark.slow),
        pytest.param("POST imports", marks=pytest.mark.chaos),
        pytest.param("PUT connections/ID", marks=pytest.mark.chaos),
        pytest.param("PUT recipes/ID/start", marks=pytest.mark.chaos),
    ],
)
async def test_bad_answers_to_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials, at: str) -> None:
    told = await roll_out(tmp_path, monkeypatch, trials, ["WRITES"], at)
    assert_clear(told)
    for name, row in told.by_trick.items():
        assert row.outcome in {Outcome.CHANGED, *TROUBLED}, (name, row.outcome)
        if name in {"done, html on 502", "done, 500", "done, 204", "done, redirect"} and at.startswith("POST"):
            assert row.outcome is Outcome.CHANGED, (name, row.reason)  # a look shows that it happened
        if name.startswith(("not done", "refused")):
            assert row.outcome in TROUBLED, (name, row.reason)


@pytest.mark.slow
async def test_bad_answers_to_polls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials) -> None:
    told = await roll_out(tmp_path, monkeypatch, trials, ["POLLS"], "GET imports/ID")
    assert_clear(told)
    for name, row in told.by_trick.items():
        assert row.outcome in TROUBLED, (name, row.outcome)


@pytest.mark.timeout(200)
@pytest.mark.parametrize(
    "at",
    [
        pytest.param("GET imports/ID", marks=pytest.mark.slow),
        *(
            pytest.param(at, marks=pytest.mark.chaos)
            for at in ("GET recipes", "GET recipes/ID", "GET connections", "POST imports", "PUT connections/ID")
        ),
    ],
)
async def test_bad_answers_everywhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials, at: str
) -> None:
    told = await roll_out(tmp_path, monkeypatch, trials, ["READS"], at)
    assert_clear(told)


def _shown(told: Told) -> str:
    rows = [f"{name[:32]:32} {row.outcome:10} {(row.reason or '')[:160]}" for name, row in told.by_trick.items()]
    return "\n".join([*rows, f"{told.took_s:.1f} s, {told.grew_mb:.0f} MB"])
