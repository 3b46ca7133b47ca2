"""SIGKILL at every commit and every boundary of a request; the ledger compared with a run that nobody disturbed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.crash import crashing

EFFECTS = "folders.create|imports.create"
"""What must not be sent twice blindly."""

LATE = {"mode": "late"}


def test_a_slice_of_the_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        killed = bench.run(every=35)
        assert len(killed.trials) >= 6
        assert killed.faults == []

        late = bench.run(only="folders.create", per_trial=1, **LATE)
        assert [trial.killed for trial in late.trials] == [["late: managed_users.folders.create"]]
        assert late.faults == []

        hasty = bench.run(only="folders.create", per_trial=1, prepare=f"{MUTATIONS}:probe_without_waiting", **LATE)
        assert any("twice: " in fault and "folder.created" in fault for fault in hasty.faults), "the kit sees nothing"


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        result = bench.run()
        assert len(result.trials) >= 200
        assert result.faults == []
        names = {trial.killed[0] for trial in result.trials}
        assert {f"when {call} has left" for call in WRITES} <= names
        assert {"before the commit of steps", "after the commit of steps", "after the commit of runs"} <= names


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_change_that_arrives_after_its_sender_died(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        result = bench.run(**LATE)
        assert len(result.trials) == 3 * 7  # a folder, an import, two connections, three starts an account
        assert result.faults == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_three_deaths_in_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        result = bench.run(every=4, kills=3, seed=20261122)
        assert result.kills > 2 * len(result.trials)
        assert result.faults == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_wall_clock_steps_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        assert bench.run(only=EFFECTS, prepare=f"{MUTATIONS}:an_hour_back").faults == []
        assert bench.run(only=EFFECTS, prepare=f"{MUTATIONS}:an_hour_back", **LATE).faults == []


MUTATIONS = "tests.chaos.mutations"
WRITES = (
    "managed_users.folders.create",
    "managed_users.imports.create",
    "managed_users.connections.update",
    "managed_users.recipes.start",
)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("mutation", "options"),
    [
        ("drop_the_intent", {"only": EFFECTS}),
        ("skip_the_probe", {"only": EFFECTS}),
        ("probe_without_waiting", {"only": "folders.create", **LATE}),
        ("ignore_what_the_probe_found", {"only": EFFECTS}),
        ("take_an_intent_for_done", {"only": EFFECTS}),
        ("take_an_open_account_for_done", {"only": EFFECTS}),
    ],
)
def test_the_kit_notices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mutation: str, options: dict[str, object]
) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        result = bench.run(per_trial=1, prepare=f"{MUTATIONS}:{mutation}", **options)
        assert (result.measured.ended, result.measured.starts) == ("done", 1), "seen before anything was killed"
        assert result.faults
