"""Durable steps a second: 100 workers on the journal's group commit, synchronous FULL.

Beside it the ceiling of one writer thread that has nothing to wait for, with a commit for each 1,000 writes; and a
commit each, whose figure depends on the disk. How long a step takes is told in commits, which any step has to wait for.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.kit.harness import RESULTS, Row, arguments, publish, ratio, rounds, wall_s
from bulkops.executor import fan_out
from bulkops.journal import AnyLocation, InventoryRow, Journal, RunRecord, StepState

CEILING_BAR: Final = 0.7
P99_BAR: Final = 3.0
EACH_BAR: Final = 10.0
BATCH: Final = 1_000
WORKERS: Final = 100
DATA: Final = {"package": "crm.zip", "recipes": [[41354, 3, "2026-01-02T10:15:30+00:00", False]] * 5}


async def group_commit(place: AnyLocation, steps: int, in_commits: list[float]) -> None:
    """A step is two writes, its intent and its result, as `Context.step` makes them: the next intent waits for the
    result before it.

    `in_commits` gets the time of the slowest step of a hundred, in mean times of a commit.
    """
    took_s: list[float] = []
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
    async with Journal.open(place) as journal:
        await journal.create_run(record, [InventoryRow(seq=seq, account=str(seq)) for seq in range(WORKERS)])

        async def step(number: int) -> None:
            seq, name = number % WORKERS, f"step {number}"
            await journal.begin_step(run_id, seq, name, DATA)
            journal.end_step(run_id, seq, name, StepState.DONE, {"id": number}, changed=True)

        began, before = time.monotonic(), journal.commits
        async for outcome in fan_out(step, range(steps), concurrency=WORKERS):
            outcome.unwrap()
            took_s.append(outcome.elapsed_s)
        commit_s = (time.monotonic() - began) / (journal.commits - before)
    in_commits.append(sorted(took_s)[int(0.99 * len(took_s))] / commit_s)


INTENT: Final = "INSERT INTO steps VALUES (?, ?, 'intent', ?, NULL)"
DONE: Final = "UPDATE steps SET state = 'done', result = ? WHERE seq = ? AND step = ?"


def opened(directory: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(directory / "each.db", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("DROP TABLE IF EXISTS steps")
    connection.execute("CREATE TABLE steps (seq, step, state, data, result, PRIMARY KEY (seq, step)) WITHOUT ROWID")
    return connection


def step_of(number: int) -> tuple[int, str]:
    return number % WORKERS, f"step {number}"


async def commit_each(directory: Path, steps: int) -> None:
    """The same rows by the same workers through one writer thread, as aiosqlite does it: each write its own commit."""
    loop = asyncio.get_running_loop()
    with closing(opened(directory)) as connection, ThreadPoolExecutor(1) as thread:

        async def step(number: int) -> None:
            for sql, values in (
                (INTENT, (*step_of(number), json.dumps(DATA))),
                (DONE, (str(number), *step_of(number))),
            ):
                await loop.run_in_executor(thread, connection.execute, sql, values)

        async for outcome in fan_out(step, range(steps), concurrency=WORKERS):
            outcome.unwrap()


async def ceiling(directory: Path, steps: int) -> None:
    """The same rows by one thread alone: nobody waits for them one by one."""
    await asyncio.to_thread(_write_all, directory, steps)


def _write_all(directory: Path, steps: int) -> None:
    with closing(opened(directory)) as connection:
        for start in range(0, steps, BATCH):
            numbers = range(start, min(start + BATCH, steps))
            for sql, rows in (
                (INTENT, ((*step_of(number), json.dumps(DATA)) for number in numbers)),
                (DONE, ((str(number), *step_of(number)) for number in numbers)),
            ):
                connection.execute("BEGIN")
                connection.executemany(sql, rows)
                connection.execute("COMMIT")


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    # long enough that opening the file does not count; fewer for the slow one, both as a rate
    many, few = (200, 20) if smoke else (5_000, 500)
    RESULTS.mkdir(exist_ok=True)
    in_commits: list[float] = []
    with tempfile.TemporaryDirectory(dir=RESULTS) as directory:  # on a disk: /tmp may be memory
        candidates = {
            "journal": partial(group_commit, Path(directory), many, in_commits),
            "ceiling": partial(ceiling, Path(directory), many),
            "a commit each": partial(commit_each, Path(directory), few),
        }
        figures = rounds(candidates, measure=wall_s, count=1 if smoke else 15)
    sizes = {"journal": many, "ceiling": many, "a commit each": few}
    seconds_per_step = {name: [one / sizes[name] for one in row] for name, row in figures.items()}
    rows = [
        Row(
            what="journal, synchronous FULL, 100 workers: steps/s / one writer thread, 1,000 writes a commit",
            measured=ratio(seconds_per_step, "ceiling", "journal"),
            bar=CEILING_BAR,
            better="above",
        ),
        Row(
            what="journal: 99 of 100 steps take at most, in times of a commit",
            measured=statistics.median(in_commits),
            bar=P99_BAR,
            better="below",
        ),
        Row(
            what="journal, synchronous FULL, 100 workers: steps/s / commit each",
            measured=ratio(seconds_per_step, "a commit each", "journal"),
            bar=EACH_BAR,
            better="above",
        ),
    ]
    steps_per_s = {name: [round(1 / one) for one in row] for name, row in seconds_per_step.items()}
    publish("journal_commits", rows, smoke=smoke, details={"steps_per_s": steps_per_s, "p99 in commits": in_commits})


if __name__ == "__main__":
    main()
