"""A run that is copied from one journal into another is the same there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest

from bulkops.errors import JournalError, RunLocked
from bulkops.journal import AccountResult, InventoryRow, Journal, RunState, StepState
from bulkops.outcome import Outcome
from bulkops.postgres import is_database_url
from tests.unit.journal.conftest import DatabaseClock, Make, StepClock

RUN = "20261122-101530-k3f"
OTHER = "20261122-101530-k3g"


@pytest.fixture(params=["to sqlite", "to postgresql"])
def to(request: pytest.FixtureRequest, tmp_path: Path, second_postgres: str) -> str:
    return str(tmp_path / "copies") if request.param == "to sqlite" else second_postgres


@pytest.fixture
async def journal(place: str, clock: StepClock, record: Make) -> AsyncIterator[Journal]:
    """Two processes have worked on the run, the second one until it was killed; another run is beside it."""
    rows = [
        InventoryRow(seq=seq, account=f"E{seq}", params={"plan": "pro"}, name=f"Zoë {seq}\0" * (seq < 2))
        for seq in range(4)
    ]
    async with Journal.open(place, clock=clock) as opened:
        for run_id in (OTHER, RUN):
            await opened.create_run(record(run_id, workspace="17293", inventory_count=4), rows)
            opened.start_beating(run_id)
            await opened.begin_step(run_id, 0, "import", {"before": [1]})
            clock.pass_s(2.25)
            opened.end_step(run_id, 0, "import", StepState.DONE, {"id": 7}, changed=True)
            await opened.end_account(run_id, 0, AccountResult(outcome=Outcome.CHANGED, detail={"note": "x"}))
            opened.add_event(run_id, "wave", {"wave": 1})
            opened.start_beating(run_id)
            opened.start_account(run_id, 1)
            await opened.begin_step(run_id, 1, "import", None)
        await opened.put_fact("elsewhere", "E0", "import", "k", 1)
        await opened.set_state(RUN, RunState.INTERRUPTED, "killed")
        yield opened


async def test_a_copy_has_every_row(journal: Journal, to: str, clock: StepClock, record: Make) -> None:
    async with Journal.open(to, clock=clock) as other:
        await other.create_run(record("before", workspace="17293"), [InventoryRow(seq=0, account="E0", name="Known")])
        other.start_beating("before")
        await other.flush()
        await other.add_copy(await journal.copy_of(RUN))
        assert (await other.copy_of(RUN)).rows["steps"] == (await journal.copy_of(RUN)).rows["steps"]
        assert attrs.evolve(await other.get_run(RUN), pid=None) == attrs.evolve(await journal.get_run(RUN), pid=None)
        one, two = await journal.accounts(RUN), await other.accounts(RUN)
        assert [row.name for row in two] == ["Known", "Zoë 1\0", None, None], "what is known of an account stays"
        assert [attrs.evolve(row, name=None) for row in two] == [attrs.evolve(row, name=None) for row in one]
        assert two[1].outcome is Outcome.UNKNOWN
        assert await other.step_marks(RUN) == await journal.step_marks(RUN)
        assert await other.events(RUN) == await journal.events(RUN)
        assert await other.between_s(RUN) == await journal.between_s(RUN)
        assert await other.get_fact("elsewhere", "E0", "import", "k") is None
        assert [run.run_id for run in await other.list_runs()] == [RUN, "before"]
        other.start_account(RUN, 2)
        await other.flush()


async def test_an_open_intent_of_a_copy_is_not_older_than_it_is(journal: Journal, to: str, clock: StepClock) -> None:
    """The other journal has other clocks. Too young is safe: a probe waits longer."""
    journal.stop_beating()
    await journal.flush()
    if is_database_url(to):
        assert isinstance(clock, DatabaseClock)
        clock.drive(to)
    clock.pass_s(30)
    async with Journal.open(to, clock=clock) as other:
        await other.add_copy(await journal.copy_of(RUN))
        (age_s,) = [row.began_age_s for row in (await other.steps(RUN, 1)).values()]
        (true_s,) = [row.began_age_s for row in (await journal.steps(RUN, 1)).values()]
        assert 0 <= age_s <= true_s == 30.0


async def test_a_run_is_copied_once_and_not_while_it_is_on(journal: Journal, to: str, clock: StepClock) -> None:
    copy = await journal.copy_of(RUN)
    async with Journal.open(to, clock=clock) as other:
        await other.add_copy(copy)
        with pytest.raises(JournalError, match=f"run {RUN} is already in the journal; delete it there first"):
            await other.add_copy(copy)
        await other.delete_run(RUN)
        await other.add_copy(copy)
        async with other.lock_run(RUN):
            with pytest.raises(RunLocked, match="copy it when it has ended"):
                await other.copy_of(RUN)
        with pytest.raises(JournalError, match="run nope is not in the journal"):
            await other.copy_of("nope")


async def test_a_copy_that_loses_a_row_on_its_way_is_refused_whole(journal: Journal, to: str, clock: StepClock) -> None:
    copy = await journal.copy_of(RUN)
    copy.rows["accounts"].append(copy.rows["accounts"][-1])
    async with Journal.open(to, clock=clock) as other:
        with pytest.raises(JournalError):
            await other.add_copy(copy)
        assert await other.list_runs() == []
        await other.add_copy(await journal.copy_of(RUN))
