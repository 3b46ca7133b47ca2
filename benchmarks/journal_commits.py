"""Durable steps a second: 100 workers on the journal's group commit, beside a commit each. Both synchronous FULL."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.kit.harness import RESULTS, Row, arguments, publish, ratio, rounds, wall_s
from bulkops.executor import fan_out
from bulkops.journal import InventoryRow, Journal, RunRecord, StepState

BAR: Final = 10.0
WORKERS: Final = 100
DATA: Final = {"package": "crm.zip", "recipes": [[41354, 3, "2026-01-02T10:15:30+00:00", False]] * 5}


async def group_commit(directory: Path, steps: int) -> None:
    """A step is two durable writes, its intent and its result, as `Context.step` makes them."""
    run_id = f"run-{time.monotonic_ns()}"
    record = RunRecord(
        run_id=run_id,
        created_at=time.time(),
        title="benchmark",
        operation={},
        host="https://www.workato.com",
        inventory_hash="",
        inventory_count=WORKERS,
        policy={},
        tuning={},
    )
    async with Journal.open(directory) as journal:
        await journal.create_run(record, [InventoryRow(seq=seq, account=str(seq)) for seq in range(WORKERS)])

        async def step(number: int) -> None:
            seq, name = number % WORKERS, f"step {number}"
            await journal.begin_step(run_id, seq, name, DATA)
            await journal.end_step(run_id, seq, name, StepState.DONE, {"id": number}, changed=True)

        async for outcome in fan_out(step, range(steps), concurrency=WORKERS):
            outcome.unwrap()


async def commit_each(directory: Path, steps: int) -> None:
    """The same rows by the same workers through one writer thread, as aiosqlite does it: each write its own commit."""
    loop = asyncio.get_running_loop()
    connection = sqlite3.connect(directory / "each.db", isolation_level=None, check_same_thread=False)
    with closing(connection), ThreadPoolExecutor(1) as thread:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("DROP TABLE IF EXISTS steps")
        connection.execute("CREATE TABLE steps (seq, step, state, data, result, PRIMARY KEY (seq, step)) WITHOUT ROWID")

        async def step(number: int) -> None:
            seq, name = number % WORKERS, f"step {number}"
            for sql, values in (
                ("INSERT INTO steps VALUES (?, ?, 'intent', ?, NULL)", (seq, name, json.dumps(DATA))),
                ("UPDATE steps SET state = 'done', result = ? WHERE seq = ? AND step = ?", (str(number), seq, name)),
            ):
                await loop.run_in_executor(thread, connection.execute, sql, values)

        async for outcome in fan_out(step, range(steps), concurrency=WORKERS):
            outcome.unwrap()


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    # long enough that opening the file does not count; fewer for the slow one, both as a rate
    many, few = (200, 20) if smoke else (5_000, 500)
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RESULTS) as directory:  # on a disk: /tmp may be memory
        candidates = {
            "journal": partial(group_commit, Path(directory), many),
            "a commit each": partial(commit_each, Path(directory), few),
        }
        figures = rounds(candidates, measure=wall_s, count=1 if smoke else 15)
    sizes = {"journal": many, "a commit each": few}
    seconds_per_step = {name: [one / sizes[name] for one in row] for name, row in figures.items()}
    row = Row(
        what="journal, synchronous FULL, 100 workers: steps/s / commit each",
        measured=ratio(seconds_per_step, "a commit each", "journal"),
        bar=BAR,
        better="above",
    )
    steps_per_s = {name: [round(1 / one) for one in row] for name, row in seconds_per_step.items()}
    publish("journal_commits", [row], smoke=smoke, details={"steps_per_s": steps_per_s})


if __name__ == "__main__":
    main()
