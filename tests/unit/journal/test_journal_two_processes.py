"""Processes that share a journal: who closes it leaves the log of those who have it open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anyio

from bulkops.journal import InventoryRow, Journal
from tests.unit.journal.conftest import Make

_WRITE_AND_CLOSE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("CREATE TABLE other (x)")
connection.close()
print(connection)
"""
"""What another process does that ends: the last one to close a journal takes its log away."""


async def test_a_process_that_closes_it_leaves_the_log_of_one_that_has_it_open(directory: Path, record: Make) -> None:
    log = directory / "journal.sqlite3-wal"
    async with Journal.open(directory) as journal:
        await journal.create_run(record("r-1"), [InventoryRow(seq=seq, account=str(seq)) for seq in range(3)])
        async with Journal.open(directory, read_only=True) as another:  # in one process, as `undo` and `watch` have it
            assert len(await another.accounts("r-1")) == 3
        before = log.stat().st_ino
        command = [sys.executable, "-c", _WRITE_AND_CLOSE, str(directory / "journal.sqlite3")]
        await anyio.to_thread.run_sync(lambda: subprocess.run(command, check=True, capture_output=True, timeout=30))
        assert log.exists(), "the other process took itself for the last one: locks were dropped"
        assert log.stat().st_ino == before
        await journal.create_run(record("r-2"), [InventoryRow(seq=0, account="1")])
    async with Journal.open(directory, read_only=True) as journal:
        assert len(await journal.accounts("r-2")) == 1
