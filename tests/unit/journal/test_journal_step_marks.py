"""When the steps of a run began, told without their data."""

from __future__ import annotations

from typing import Any

import pytest

from bulkops.journal import InventoryRow, Journal, StepState
from tests.records import RUN, run_record


async def begin(journal: Journal, run_id: str = RUN) -> None:
    record = run_record(run_id, inventory_count=2)
    await journal.create_run(record, [InventoryRow(seq=seq, account=f"E{seq}") for seq in range(2)])


async def test_by_account_then_by_time_with_the_wall_clock_of_their_life(place: str, clock: Any) -> None:
    began = clock.wall_s
    async with Journal.open(place, clock=clock) as journal:
        await begin(journal)
        await begin(journal, "another")
        journal.start_beating(RUN)
        for seq, step, wait_s in ((1, "z first", 2.0), (1, "a second", 3.0), (0, "only", 4.0)):
            clock.pass_s(wait_s)
            await journal.begin_step(RUN, seq, step, {"secret": "not told"})
        journal.end_step(RUN, 1, "z first", StepState.DONE, {"id": 1}, changed=True)
        journal.end_step(RUN, 1, "a second", StepState.FAILED)
        await journal.begin_step("another", 0, "elsewhere")
        journal.stop_beating()
        await journal.flush()
        marks = await journal.step_marks(RUN)
    assert [(mark.seq, mark.step, mark.state, mark.changed) for mark in marks] == [
        (0, "only", StepState.INTENT, False),
        (1, "z first", StepState.DONE, True),
        (1, "a second", StepState.FAILED, False),
    ]
    assert [mark.began_at - began for mark in marks] == pytest.approx([9.0, 2.0, 5.0])
    assert "not told" not in repr(marks)


async def test_a_run_without_steps(place: str) -> None:
    async with Journal.open(place) as journal:
        await begin(journal)
        assert await journal.step_marks(RUN) == []
