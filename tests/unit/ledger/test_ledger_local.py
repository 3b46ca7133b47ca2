"""A lease beside the event loop: grouped commits, cancellations, failures, real processes that are killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest

import bulkops
from bulkops.clock import MARGIN_S
from bulkops.errors import JournalError, RunLocked
from bulkops.ledger import Credential, LeaseTerms, LocalLedger
from bulkops.ledger.local import LocalLease
from bulkops.ledger.schema import FILE_NAME, open_ledger
from bulkops.pacing import Full, Pacer
from bulkops.rate_limit import Limit
from tests.unit.ledger.conftest import HOST, StepClock

ROOT = Path(bulkops.__file__).parents[1]
LIMITS = (Limit(3, 3600.0),)
TERMS = LeaseTerms(credential=Credential(HOST), label="r1", holder="h1", share=True, server_timeout_s=40.0)


@asynccontextmanager
async def leased(directory: Path, clock: StepClock) -> AsyncIterator[LocalLease]:
    async with LocalLedger(directory, clock=clock).join(TERMS) as lease:
        assert isinstance(lease, LocalLease)
        yield lease


def rows(directory: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        return connection.execute("SELECT key, counted_boot_s FROM slots ORDER BY key").fetchall()


async def test_a_slot_is_on_the_disk_before_its_request_leaves(tmp_path: Path, clock: StepClock) -> None:
    async with leased(tmp_path, clock) as lease:
        settle = await lease.take("q", "a", LIMITS)
        assert not isinstance(settle, Full)
        assert rows(tmp_path) == [("a", None)]
        settle(-2.0)
        await lease.renew(part=0.0, used=0.0)
        assert rows(tmp_path) == [("a", clock.boot_s - 2.0)]
        never_left = await lease.take("q", "b", LIMITS)
        assert not isinstance(never_left, Full)
        never_left(None)
        await lease.end([])
        assert rows(tmp_path) == [("a", clock.boot_s - 2.0)]


async def test_requests_that_ask_together_share_a_commit(tmp_path: Path, clock: StepClock) -> None:
    async with leased(tmp_path, clock) as lease:
        commits = []
        lease._transactions._connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
        answers = await asyncio.gather(*(lease.take("q", str(n), (Limit(900, 60.0),)) for n in range(500)))
        assert not any(isinstance(answer, Full) for answer in answers)
        assert len(commits) <= 2


@pytest.mark.parametrize("turns", range(6))
async def test_who_is_cancelled_while_asking_holds_no_slot(tmp_path: Path, clock: StepClock, turns: Any) -> None:
    async with leased(tmp_path, clock) as lease:
        asking = asyncio.create_task(lease.take("q", "a", LIMITS))
        for _ in range(turns):
            await asyncio.sleep(0.001 if turns > 3 else 0)
        if not asking.done():
            asking.cancel()
            await asyncio.wait([asking])
            await lease.end([])
            assert rows(tmp_path) == []


class CancellingThread(ThreadPoolExecutor):
    """A thread that cancels the task that gives it its n-th job."""

    def __init__(self, at: int) -> None:
        super().__init__(1)
        self.left = at

    def submit(self, *job: Any, **given: Any) -> Any:
        self.left -= 1
        task = asyncio.current_task()
        if self.left == 0 and task is not None:
            task.cancel()
        return super().submit(*job, **given)


@pytest.mark.parametrize("at", [1, 2, 3, 4], ids=["begin", "renew", "end", "close"])
async def test_who_is_cancelled_leaves_no_task_and_no_lock(tmp_path: Path, clock: StepClock, at: int) -> None:
    async def work() -> None:
        async with LocalLedger(tmp_path, clock=clock, executor=thread).lease(
            TERMS.credential, Pacer({}, rng=Random(1)), label="r1", share=False
        ):
            await asyncio.sleep(0)  # the task that renews the lease has begun

    before = asyncio.all_tasks()
    with CancellingThread(at) as thread:
        task = asyncio.create_task(work())
        await asyncio.wait([task])
        assert task.cancelled()
        assert asyncio.all_tasks() == before
    async with LocalLedger(tmp_path, clock=clock).lease(
        TERMS.credential, Pacer({}, rng=Random(1)), label="r2", share=False
    ):
        pass


async def test_only_a_young_heartbeat_is_fresh(tmp_path: Path, clock: StepClock) -> None:
    async with leased(tmp_path, clock) as lease:
        assert not lease.is_fresh
        await lease.renew(part=0.0, used=0.0)
        await lease.until_fresh()
        clock.pass_s(MARGIN_S)
        assert lease.is_fresh
        clock.pass_s(0.1)
        await lease.take("q", None, LIMITS)
        assert not lease.is_fresh
        waiting = asyncio.create_task(lease.until_fresh())
        await lease.renew(part=0.0, used=0.0)
        await waiting
        await lease.end([])
        assert not lease.is_fresh


async def test_a_ledger_that_fails_is_told_to_everyone(tmp_path: Path, clock: StepClock) -> None:
    async with leased(tmp_path, clock) as lease:
        await lease.renew(part=0.0, used=0.0)
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
            other.execute("DROP TABLE slots")
        asking = [asyncio.create_task(lease.take("q", None, LIMITS)) for _ in range(3)]
        await asyncio.wait(asking)
        errors = [task.exception() for task in asking]
        assert all(isinstance(error, JournalError) and "no such table" in str(error) for error in errors)
        assert len({id(error) for error in errors}) == 3
        assert not lease.is_fresh
        with pytest.raises(JournalError, match="no such table"):
            await lease.until_fresh()
        with pytest.raises(JournalError, match="no such table"):
            await lease.renew(part=0.0, used=0.0)


async def test_it_is_kept_in_the_users_state_directory(
    tmp_path: Path, clock: StepClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with LocalLedger(clock=clock).join(TERMS):
        assert (tmp_path / "bulkops" / FILE_NAME).exists()
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/none")
    with pytest.raises(JournalError, match="cannot create the state directory"):
        async with LocalLedger().join(TERMS):
            pass


HOLDER = """
import asyncio, sys, time
from pathlib import Path
from random import Random
from bulkops.ledger import Credential, LeaseTerms, LocalLedger
from bulkops.rate_limit import Limit
async def main():
    ledger = LocalLedger(Path(sys.argv[1]))
    credential = Credential("https://www.workato.com")
    terms = LeaseTerms(credential=credential, label="r1", holder="h1", share=False, server_timeout_s=40.0)
    async with ledger.join(terms) as lease:
        await lease.renew(part=0.0, used=0.0)
        await lease.take("q", None, (Limit(3, 3600.0),))
        print("at work", flush=True)
        time.sleep(60)
asyncio.run(main())
"""


async def test_a_killed_process_holds_what_it_sent_and_nothing_else(tmp_path: Path) -> None:
    child = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs on this loop
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    terms = attrs.evolve(TERMS, label="r2", holder="h2", share=False)
    try:
        assert child.stdout.readline() == b"at work\n"
        with pytest.raises(RunLocked, match=f"run r1 is already using this credential in process {child.pid}"):
            async with LocalLedger(tmp_path).join(terms):
                pass
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        async with LocalLedger(tmp_path).join(terms) as lease:
            allotment = await lease.renew(part=0.0, used=0.0)
            assert 0 < allotment.killed_in_s <= 40 + MARGIN_S
            answers = [await lease.take("q", None, LIMITS) for _ in range(3)]
            assert [isinstance(answer, Full) for answer in answers] == [False, False, True]
    finally:
        child.kill()
        child.wait(10)
        child.stdout.close()


def test_many_may_open_a_new_ledger_at_the_same_moment(tmp_path: Path) -> None:
    for attempt in range(5):
        directory, together = tmp_path / str(attempt), threading.Barrier(8)
        directory.mkdir()

        def open_one(directory: Path = directory, together: threading.Barrier = together) -> None:
            together.wait()
            open_ledger(directory).close()

        with ThreadPoolExecutor(8) as pool:
            for opened in [pool.submit(open_one) for _ in range(8)]:
                opened.result()
