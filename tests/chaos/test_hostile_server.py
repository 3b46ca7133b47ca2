"""One account is answered badly, the run goes on: a clear failure for the one, the end state for the others."""

from __future__ import annotations

import resource
import time
from collections import Counter
from pathlib import Path

import attrs
import pytest

import bulkops
from bulkops.operations import AuthoriseConnections, ImportPackage, StartRecipes
from bulkops.outcome import TROUBLED, Outcome
from bulkops.report import Report, render
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Tuning
from tests.chaos.hostile import HostileProxy, Trick
from tests.chaos.tricks import HARMLESS, POLLS, READS, WRITES, tricks
from tests.fleet import CREDENTIALS, PACKAGE, SECRETS

pytestmark = pytest.mark.anyio

GOOD = 5
MOST_MEMORY_MB = 150

TUNING = Tuning(
    unlimited=True,
    max_rate=None,
    server_timeout_s=0.5,
    attempt_timeout_s=1.5,
    call_timeout_s=4.0,
    first_poll_s=0.05,
    import_deadline_s=3.0,
    backoff_base_s=0.02,
    backoff_cap_s=0.1,
    run_timeout_s=30.0,
)


@attrs.frozen
class Told:
    """What came of it: the bad account's row by the trick's name, and the witnesses."""

    report: Report
    by_trick: dict[str, bulkops.journal.AccountRow]
    twice: list[tuple[object, ...]]
    took_s: float
    grew_mb: float


async def roll_out(home: Path, monkeypatch: pytest.MonkeyPatch, bad: list[Trick], *, tuning: Tuning = TUNING) -> Told:
    """The main job over one account for each trick and GOOD others."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    job = (
        ImportPackage(str(PACKAGE), folder="CRM")
        >> AuthoriseConnections(str(CREDENTIALS))
        >> StartRecipes(folder="CRM")
    )
    accounts = [str(4100231 + number) for number in range(len(bad) + GOOD)]
    by_account = dict(zip(accounts, bad, strict=False))
    settings = SandboxSettings(customers=len(accounts), time_scale=400, quotas="off")
    memory = _peak_mb()
    began = time.monotonic()
    async with (
        Sandbox(settings) as sandbox,
        HostileProxy(sandbox.url, by_account) as proxy,
        bulkops.Workato(token=sandbox.token, host=proxy.url, tuning=tuning) as workato,
    ):
        report = await bulkops.run(
            job, accounts=accounts, workato=workato, journal=home, policy=bulkops.Policy(breaker=None)
        )
        counts = Counter((effect["account"], effect["kind"], effect["key"]) for effect in sandbox.effects())
    print(*((f"{by_account[row.account].name if row.account in by_account else 'GOOD'}  {row.outcome}  {row.ended_at-row.started_at:.1f} {(row.reason or '')[:150]!a}") for row in report.accounts), sep="\n")
    rows = {by_account[row.account].name: row for row in report.accounts if row.account in by_account}
    kept = [row for row in report.accounts if row.account not in by_account]
    assert [(row.outcome, row.reason) for row in kept] == [(Outcome.CHANGED, None)] * GOOD
    assert sum(report.outcomes.values()) == len(accounts)
    return Told(
        report,
        rows,
        [effect for effect, count in counts.items() if count > 1],
        time.monotonic() - began,
        _peak_mb() - memory,
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


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


async def test_bad_answers_to_the_first_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await roll_out(tmp_path, monkeypatch, tricks(READS, "GET folders") + tricks(HARMLESS, "GET folders"))
    print(_shown(told))
    assert_clear(told)
    for name, row in told.by_trick.items():
        assert row.outcome is (Outcome.CHANGED if name in HARMLESS else Outcome.FAILED), (name, row.reason)


@pytest.mark.parametrize("at", ["POST folders", "POST imports", "PUT connections/ID", "PUT recipes/ID/start"])
async def test_bad_answers_to_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    told = await roll_out(tmp_path, monkeypatch, tricks(WRITES, at))
    print(_shown(told))
    assert_clear(told)
    for name, row in told.by_trick.items():
        assert row.outcome in {Outcome.CHANGED, *TROUBLED}, (name, row.outcome)
        if name.startswith("not done") or name.startswith("refused"):
            assert row.outcome in TROUBLED, (name, row.reason)


async def test_bad_answers_to_polls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await roll_out(tmp_path, monkeypatch, tricks(POLLS, "GET imports/ID"))
    print(_shown(told))
    assert_clear(told)
    for name, row in told.by_trick.items():
        assert row.outcome in TROUBLED, (name, row.outcome)


@pytest.mark.slow
@pytest.mark.parametrize(
    "at", ["GET recipes", "GET recipes/ID", "GET connections", "GET imports/ID", "POST imports", "PUT connections/ID"]
)
async def test_bad_answers_everywhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    told = await roll_out(tmp_path, monkeypatch, tricks(READS, at))
    print(_shown(told))
    assert_clear(told)


def _shown(told: Told) -> str:
    rows = [f"{name[:32]:32} {row.outcome:10} {(row.reason or '')[:160]}" for name, row in told.by_trick.items()]
    return "\n".join([*rows, f"{told.took_s:.1f} s, {told.grew_mb:.0f} MB"])
