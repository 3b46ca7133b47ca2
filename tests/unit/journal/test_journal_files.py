"""Files of runs: stored by their sha256, deleted when no run names them."""

from __future__ import annotations

import hashlib
import os

import pytest

from bulkops.errors import JournalCorrupt, JournalError
from bulkops.journal import InventoryRow, Journal, StepState
from bulkops.journal.files import UNUSED_S
from tests.unit.journal.conftest import Make, StepClock, tamper

RUN = "20261122-101530-k3f"
CONTENT = os.urandom(9_000_000) + b"\0\xff"
"""More than is read at once."""
DIGEST = hashlib.sha256(CONTENT).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()


async def create(journal: Journal, record: Make, inventory: list[InventoryRow], digest: str) -> None:
    operation = {"name": "chain", "parameters": {"operations": [{"sha256": digest}]}, "digest": "d1"}
    await journal.create_run(record(RUN, operation=operation), inventory)


@pytest.mark.usefixtures("nothing_blocks")
async def test_a_file_is_found_by_its_digest(place: str, clock: StepClock) -> None:
    async with Journal.open(place, clock=clock) as journal:
        assert await journal.files.get(DIGEST) is None
        for _ in range(2):
            await journal.files.put(DIGEST, CONTENT)
        assert await journal.files.get(DIGEST) == CONTENT
    async with Journal.open(place, read_only=True) as journal:
        assert await journal.files.get(DIGEST) == CONTENT
        with pytest.raises(JournalError, match="is open for reading only"):
            await journal.files.put(OTHER, b"other")


async def test_a_file_of_another_content_is_refused(place: str, clock: StepClock) -> None:
    async with Journal.open(place, clock=clock) as journal:
        await journal.files.put(DIGEST, CONTENT)
        tamper(place, f"UPDATE files SET digest = '{OTHER}'")
        with pytest.raises(JournalCorrupt, match=f"file {OTHER} in the journal has another sha256"):
            await journal.files.get(OTHER)


async def test_files_are_deleted_a_week_after_the_last_run_that_names_them(
    place: str, clock: StepClock, record: Make, inventory: list[InventoryRow]
) -> None:
    async with Journal.open(place, clock=clock) as journal:
        await journal.files.put(DIGEST, CONTENT)
        await journal.files.put(OTHER, b"other")
        await create(journal, record, inventory, DIGEST)
        assert await journal.files.of_run(RUN) == [DIGEST]
        clock.pass_s(UNUSED_S - 1)
        assert await journal.files.delete_unused() == 0, "a saved plan may name it"
        clock.pass_s(2)
        assert await journal.files.delete_unused() == 1
        assert await journal.files.get(OTHER) is None
        await journal.delete_run(RUN)
        await journal.files.put(DIGEST, CONTENT)
        assert await journal.files.delete_unused() == 0, "stored just now, for a run that begins"
        clock.pass_s(UNUSED_S + 1)
        assert await journal.files.delete_unused() == 1


async def test_a_file_that_a_step_names_stays(
    place: str, clock: StepClock, record: Make, inventory: list[InventoryRow]
) -> None:
    """As a copy from an account of its own for each: what it exported is known to the step alone."""
    async with Journal.open(place, clock=clock) as journal:
        await journal.files.put(DIGEST, CONTENT)
        await create(journal, record, inventory, OTHER)
        journal.start_account(RUN, 0)
        journal.end_step(RUN, 0, "export", StepState.DONE, {"sha256": DIGEST}, changed=False)
        await journal.flush()
        assert await journal.files.of_run(RUN) == [DIGEST]
        clock.pass_s(UNUSED_S + 1)
        assert await journal.files.delete_unused() == 0
