"""When the steps of a run began, told without their data."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkops.journal import InventoryRow, Journal, Moment, RunRecord, StepState

pytestmark = pytest.mark.anyio

RUN = "20260102-101530-k3f"


class Clock:
    """Time as the test sets it; the wall clock may be set apart."""

    def __init__(self) -> None:
        self.boot_s = 50.0
        self.wall_s = 1_000.0

    def now(self) -> Moment:
        return Moment("boot", self.boot_s, self.wall_s)

    def pass_s(self, seconds: float) -> None:
        self.boot_s += seconds
        self.wall_s += seconds


async def begin(journal: Journal, run_id: str = RUN) -> None:
    record = RunRecord(
        run_id=run_id,
        created_at=1_000.0,
        title="tidy",
        operation={"name": "tidy"},
        host="https://www.workato.com",
        inventory_hash="0" * 64,
        inventory_count=2,
        policy={},
        tuning={},
    )
    await journal.create_run(record, [InventoryRow(seq=seq, account=f"E{seq}") for seq in range(2)])


async def test_by_account_then_by_time_with_the_wall_clock_of_their_life(tmp_path: Path) -> None:
    clock = Clock()
    async with Journal.open(tmp_path, clock=clock) as journal:
        await begin(journal)
        await begin(journal, "another")
        journal.start_beating(RUN, "https://www.workato.com")
        for seq, step, wait_s in ((1, "z first", 2.0), (1, "a second", 3.0), (0, "only", 4.0)):
            clock.pass_s(wait_s)
            await journal.begin_step(RUN, seq, step, {"secret": "not told"})
        await journal.end_step(RUN, 1, "z first", StepState.DONE, {"id": 1}, changed=True)
        await journal.end_step(RUN, 1, "a second", StepState.FAILED)
        await journal.begin_step("another", 0, "elsewhere")
        journal.stop_beating()
        await journal.flush()
        marks = await journal.step_marks(RUN)
    assert [(mark.seq, mark.step, mark.state, mark.changed) for mark in marks] == [
        (0, "only", StepState.INTENT, False),
        (1, "z first", StepState.DONE, True),
        (1, "a second", StepState.FAILED, False),
    ]
    assert [mark.began_at for mark in marks] == pytest.approx([1_009.0, 1_002.0, 1_005.0])
    assert "not told" not in repr(marks)


async def test_a_run_without_steps(tmp_path: Path) -> None:
    async with Journal.open(tmp_path) as journal:
        await begin(journal)
        assert await journal.step_marks(RUN) == []
