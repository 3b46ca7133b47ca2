"""kill -9 and a full disk, on real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bulkops
from bulkops.journal import InventoryRow, Journal, StepState
from bulkops.outcome import Outcome
from tests.unit.journal.conftest import Make

ROOT = Path(bulkops.__file__).parents[1]
RUN = "20261122-101530-k3f"

WORKERS = """
import asyncio, itertools, os, sys
from bulkops.journal import Journal, StepState
RUN = sys.argv[2]
async def worker(journal, seq):
    journal.start_account(RUN, seq)
    for number in itertools.count():
        await journal.begin_step(RUN, seq, str(number), number)
        os.write(1, f"{seq} {number} intent\\n".encode())
        if number:
            os.write(1, f"{seq} {number - 1} done\\n".encode())
        journal.end_step(RUN, seq, str(number), StepState.DONE, number, changed=True)
async def main():
    async with Journal.open(sys.argv[1]) as journal:
        async with journal.lock_run(RUN):
            journal.start_beating(RUN)
            await asyncio.gather(*(worker(journal, seq) for seq in range(20)))
asyncio.run(main())
"""

KILLED_AT_ONCE = """
import asyncio, os, signal, sys
from bulkops.journal import Journal, StepState
async def main():
    async with Journal.open(sys.argv[1]) as journal:
        for number in "01":
            await journal.begin_step(sys.argv[2], 0, number)
            journal.end_step(sys.argv[2], 0, number, StepState.DONE, number)
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""

SMALL_DISK = """
import asyncio, resource, sys
from bulkops.errors import JournalError
from bulkops.journal import Journal
async def main():
    async with Journal.open(sys.argv[1]) as journal:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        for number in range(1000):
            try:
                await asyncio.wait_for(journal.begin_step("r", 0, str(number), "x" * 5000), 10)
            except JournalError as error:
                print(number, error)
                break
        try:
            journal.add_event("r", "x")
        except JournalError as error:
            print("later:", error)
try:
    asyncio.run(main())
except JournalError as error:
    print("at the end:", error)
"""


def _child(script: Any, *args: Any) -> Any:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("lines", [50, 1500])
async def test_what_was_reported_durable_survives_kill(place: str, record: Make, lines: int) -> None:
    async with Journal.open(place) as journal:
        await journal.create_run(record(), [InventoryRow(seq=seq, account=str(seq)) for seq in range(21)])
    with _child(WORKERS, place, RUN) as child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        told += child.stdout.readlines()
    async with Journal.open(place) as journal:
        assert not await journal.is_locked(RUN)
        found = {seq: await journal.steps(RUN, seq) for seq in range(20)}
        for line in told:
            seq, number, state = line.split()
            step = found[int(seq)][number]
            assert step.state is StepState.DONE or state == "intent"
            assert step.data == int(number)
        counts = await journal.counts(RUN)
        assert counts[Outcome.UNKNOWN] + counts[Outcome.CANCELLED] == await journal.in_flight(RUN) == 20
        assert counts[Outcome.NOT_ATTEMPTED] == 1
        assert (await journal.get_run(RUN)).pid == child.pid


async def test_a_process_that_is_killed_before_a_result_is_on_the_disk_leaves_an_intent(
    directory: Path, record: Make
) -> None:
    async with Journal.open(directory) as journal:
        await journal.create_run(record(), [InventoryRow(seq=0, account="0")])
    _child(KILLED_AT_ONCE, directory, RUN).communicate()
    async with Journal.open(directory) as journal:
        steps = await journal.steps(RUN, 0)
        assert {name: step.state for name, step in steps.items()} == {"0": StepState.DONE, "1": StepState.INTENT}


async def test_a_full_disk_ends_in_words_and_keeps_what_was_durable(directory: Path, record: Make) -> None:
    async with Journal.open(directory) as journal:
        await journal.create_run(record("r"), [InventoryRow(seq=0, account="0")])
    with _child(SMALL_DISK, directory) as child:
        assert child.stdout is not None
        failed, later, end = child.stdout.read().splitlines()
    written = int(failed.split()[0])
    assert written > 5
    for line in [failed, later, end]:
        assert "journal.sqlite3" in line
        assert "bulkops resume" in line
    async with Journal.open(directory, read_only=True) as journal:
        assert len(await journal.steps("r", 0)) == written
