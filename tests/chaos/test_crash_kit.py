"""SIGKILL at every commit and every boundary of a request; the ledger compared with a run that nobody disturbed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bulkops.testing import CrashResult
from tests.chaos.crash import crashing
from tests.chaos.tally import Trials

EFFECTS = "folders.create|imports.create"
"""What must not be sent twice blindly."""

LATE: dict[str, Any] = {"mode": "late"}

SEED = 20261122


def said(trials: Trials, result: CrashResult) -> None:
    """Count the kit's trials in the table, then let the test fail for what is wrong."""
    bad = {fault.partition(": ")[0] for fault in result.faults}
    trials.seed = SEED
    trials.add(
        len(result.trials),
        survived=len(result.trials) - len(bad),
        twice=sum(len(trial.twice) for trial in result.trials),
        lost=sum(trial.lost for trial in result.trials),
    )
    assert result.faults == []


@pytest.mark.fault("SIGKILL at every journal write and request boundary")
def test_a_slice_of_the_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        killed = bench.run(every=60)
        assert len(killed.trials) >= 3
        said(trials, killed)

        late = bench.run(only="folders.create", per_trial=1, **LATE)
        assert [trial.killed for trial in late.trials] == [["late: managed_users.folders.create"]]
        said(trials, late)

        trap: dict[str, Any] = {"only": "folders.create", "per_trial": 1, "prepare": f"{TRAPS}:probe_without_waiting"}
        for hold_s in (1.5, 15.0, 60.0):  # a busy machine may begin again only after a request that is not late enough
            hasty = bench.run(**trap, **LATE, hold_s=hold_s)
            if hasty.faults:
                break
        assert any("twice: " in fault and "folder.created" in fault for fault in hasty.faults), "the kit sees nothing"


@pytest.mark.slow
@pytest.mark.fault("SIGKILL at every journal write and request boundary")
def test_around_each_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials) -> None:
    """What `make mutations` has notice most mistakes."""
    with crashing(tmp_path, monkeypatch) as bench:
        result = bench.run(only=EFFECTS, per_trial=1)
        assert (result.measured.ended, result.measured.starts) == ("done", 1)
        said(trials, result)
        said(trials, bench.run(only=EFFECTS, per_trial=1, **LATE))


@pytest.mark.chaos
@pytest.mark.timeout(400)
@pytest.mark.fault("SIGKILL at every journal write and request boundary")
def test_every_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        result = bench.run()
        assert len(result.trials) >= 200
        said(trials, result)
        names = {trial.killed[0] for trial in result.trials}
        # Points are counted, and their order differs from run to run: a kind that was missed is tried by name.
        for missed in sorted({f"when {call} has left" for call in WRITES} - names):
            more = bench.run(only=f"^{re.escape(missed)}$")
            assert more.trials
            said(trials, more)
        assert {"before the commit of steps", "after the commit of steps", "after the commit of runs"} <= names


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.fault("a killed request still runs on the server")
def test_every_change_that_arrives_after_its_sender_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials
) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        result = bench.run(**LATE)
        assert len(result.trials) == 3 * 7  # a folder, an import, two connections, three starts an account
        said(trials, result)


@pytest.mark.timeout(300)
@pytest.mark.fault("power loss: un-synced tail gone, torn WAL")
@pytest.mark.parametrize("every", [pytest.param(4, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.chaos)])
def test_the_power_fails_in_every_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials, every: int
) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        result = bench.run(mode="torn", every=every)
        assert len(result.trials) >= 25 / every  # 39 here; how many rows share a commit is a matter of timing
        if every == 1:  # however they are grouped: no kind of row that a run must write is left out
            where = {label.rpartition(" of ")[2] for trial in result.trials for label in trial.killed}
            assert where >= {"events", "runs", "steps"}  # facts may share a commit with the rows before them
        said(trials, result)


@pytest.mark.chaos
@pytest.mark.timeout(300)
@pytest.mark.fault("three deaths in a row")
def test_three_deaths_in_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        result = bench.run(every=4, kills=3, seed=SEED)
        assert result.kills > 2 * len(result.trials)
        said(trials, result)


@pytest.mark.timeout(300)
@pytest.mark.fault("the wall clock steps back an hour")
@pytest.mark.parametrize(
    "per_trial", [pytest.param(1, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.chaos)]
)
def test_the_wall_clock_steps_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials, per_trial: int
) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        trap: dict[str, Any] = {"only": EFFECTS, "per_trial": per_trial, "prepare": f"{TRAPS}:an_hour_back"}
        said(trials, bench.run(**trap))
        said(trials, bench.run(**trap, **LATE))


TRAPS = "tests.chaos.traps"
WRITES = (
    "managed_users.folders.create",
    "managed_users.imports.create",
    "managed_users.connections.update",
    "managed_users.recipes.start",
)
