"""Claims, endings, requests and deaths of workers, in a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg
import pytest
from psycopg.types.json import Jsonb

from bulkops.clock import SystemClock
from bulkops.errors import JournalError, RunLocked
from bulkops.journal import AccountResult, InventoryRow, Journal, RunRecord, RunState
from bulkops.journal.postgres import writes
from bulkops.journal.postgres.schema import LEASE_S
from bulkops.journal.postgres.shared_runs import MOST_LOST, Stop
from bulkops.outcome import Outcome
from tests.patience import until
from tests.unit.journal.conftest import Make, StepClock, tamper

of_a_database = pytest.mark.parametrize("place", ["postgresql"], indirect=True)

RUN = "20261122-101530-k3f"
CHANGED = AccountResult(outcome=Outcome.CHANGED)
Begun = tuple[RunRecord, list[InventoryRow], dict[str, float]]


@pytest.fixture
def begun(record: Make, inventory: list[InventoryRow]) -> Begun:
    """A run, its accounts, and the request for it."""
    return record(), inventory, {"at": 0.0}


@asynccontextmanager
async def worker(place: str, clock: StepClock | None = None) -> AsyncIterator[Journal]:
    opening = Journal.open(place, clock=clock)
    opened = await opening.__aenter__()
    try:
        await opened.shared_runs.begin_worker({"concurrency": 2})
        yield opened
    finally:
        with suppress(JournalError):  # one that was declared dead cannot write its last words
            await opening.__aexit__(None, None, None)


@of_a_database
async def test_an_account_belongs_to_the_worker_that_claims_it(place: str, begun: Begun) -> None:
    async with worker(place) as one, worker(place) as other:
        await one.shared_runs.create(*begun)
        row = await one.shared_runs.claim(RUN, 0)
        assert row is not None
        assert (row.seq, row.outcome, row.started_at) == (0, Outcome.NOT_ATTEMPTED, None)
        assert await other.shared_runs.claim(RUN, 0) is None
        assert [free.seq for free in await other.shared_runs.free(RUN, [0, 1])] == [1]
        with pytest.raises(JournalError, match="another process works on account 0"):
            await other.shared_runs.end_account(RUN, 0, CHANGED)
        await one.shared_runs.release(RUN, 0)
        assert await other.shared_runs.claim(RUN, 0) is not None
        await other.shared_runs.end_account(RUN, 0, CHANGED)
        assert await one.shared_runs.claim(RUN, 0) is None, "it has ended"


@of_a_database
async def test_endings_are_numbered_in_their_order(place: str, begun: Begun) -> None:
    async with worker(place) as one:
        shared = one.shared_runs
        await shared.create(*begun)
        for seq in (2, 0):
            assert await shared.claim(RUN, seq) is not None
            await shared.end_account(RUN, seq, CHANGED)
        assert [(ended.seq, ended.number) for ended in await shared.ended(RUN)] == [(2, 1), (0, 2)]
        assert [ended.seq for ended in await shared.ended(RUN, after=1)] == [0]
        assert [row.seq for row in await shared.wanted(RUN)] == [1]


@of_a_database
async def test_an_ending_is_numbered_when_those_before_it_are_to_be_seen(place: str, begun: Begun) -> None:
    """Who has read up to a number never looks for a smaller one again."""
    async with worker(place) as one:
        shared = one.shared_runs
        await shared.create(*begun)
        assert await shared.claim(RUN, 1) is not None
        with psycopg.connect(place) as slow, psycopg.connect(place, autocommit=True) as looking:
            slow.execute("SET search_path TO bulkops")
            commit = [writes.claim_account(RUN, 0), writes.end_account(RUN, 0, CHANGED, SystemClock().now())]
            slow.execute("SELECT write(begin_process(NULL, '', '', 0), 1, %s)", (Jsonb(commit),))
            ends = asyncio.create_task(shared.end_account(RUN, 1, CHANGED))
            waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
            await until(lambda: ends.done() or looking.execute(waits).fetchone())
            assert await shared.ended(RUN) == []
        await ends
        assert [(ended.seq, ended.number) for ended in await shared.ended(RUN)] == [(0, 1), (1, 2)]


@of_a_database
async def test_an_account_that_is_given_back_has_not_ended(place: str, begun: Begun) -> None:
    async with worker(place) as one, worker(place) as other:
        await one.shared_runs.create(*begun)
        assert await one.shared_runs.claim(RUN, 0) is not None
        one.start_account(RUN, 0)
        await one.shared_runs.end_account(
            RUN, 0, AccountResult(outcome=Outcome.CANCELLED, reason="the worker stops"), gives_back=True
        )
        assert await one.shared_runs.ended(RUN) == []
        row = await other.shared_runs.claim(RUN, 0)
        assert row is not None
        assert row.outcome is Outcome.CANCELLED
        assert row.started_at is not None, "its steps are read again"


@of_a_database
async def test_nothing_is_claimed_of_a_run_that_is_stopping(place: str, begun: Begun) -> None:
    async with worker(place) as one:
        shared = one.shared_runs
        await shared.create(*begun)
        await shared.stop(RUN, "interrupted", "drain")
        await shared.stop(RUN, "too many failures", "halt")
        assert await shared.stop_of(RUN) == Stop(reason="interrupted", kind="drain")
        assert await shared.claim(RUN, 0) is None
        await shared.stop(RUN, "again", "abort")
        assert await shared.stop_of(RUN) == Stop(reason="interrupted", kind="abort")
        await one.set_state(RUN, RunState.INTERRUPTED, "interrupted")
        assert await shared.handed_over() == []
        await shared.hand_over(RUN, {"at": 1.0}, [1])
        assert await shared.claim(RUN, 0) is None, "it is not a part of the request"
        assert await shared.claim(RUN, 1) is not None


@of_a_database
async def test_accounts_of_a_dead_worker_are_free(place: str, clock: StepClock, begun: Begun) -> None:
    async with worker(place, clock) as dead, worker(place, clock) as other:
        await dead.shared_runs.create(*begun)
        for seq in (0, 1):
            assert await dead.shared_runs.claim(RUN, seq) is not None
        dead.start_account(RUN, 0)
        await dead.flush()
        for _ in range(LEASE_S + 1):
            clock.pass_s(1.0)
            await other.shared_runs.bury()
        free = await other.shared_runs.free(RUN, [0, 1])
        assert [(one.seq, one.claims_lost) for one in free] == [(0, 1), (1, 0)], "the second was not begun"
        with pytest.raises(JournalError, match="no contact"):
            await dead.shared_runs.claim(RUN, 2)
        assert [one.state for one in await other.shared_runs.workers()] == ["dead", "alive"]


@of_a_database
async def test_a_worker_that_stood_still_itself_declares_nobody_dead(
    place: str, clock: StepClock, begun: Begun
) -> None:
    async with worker(place, clock) as one, worker(place, clock) as other:
        await one.shared_runs.create(*begun)
        assert await one.shared_runs.claim(RUN, 0) is not None
        clock.pass_s(LEASE_S + 60)  # the database was away: every heartbeat is old
        await other.shared_runs.bury()
        assert await other.shared_runs.claim(RUN, 0) is None
        await one.shared_runs.end_account(RUN, 0, CHANGED)


@of_a_database
async def test_a_worker_that_stood_still_itself_takes_no_run_over(place: str, clock: StepClock, begun: Begun) -> None:
    async with worker(place, clock) as one, worker(place, clock) as other:
        shared = other.shared_runs

        async def is_coordinated() -> bool:
            (found,) = await shared.handed_over()
            return found.is_coordinated

        await shared.create(*begun)
        assert not await is_coordinated()
        async with one.shared_runs.coordinate(RUN):
            for _ in range(LEASE_S + 1):
                clock.pass_s(1.0)
                await shared.bury()
                await one.shared_runs.leave("another run")
            assert await is_coordinated()
            clock.pass_s(LEASE_S + 60)  # the database was away: every heartbeat is old
            assert await is_coordinated(), "its own heartbeat is old too"
            await shared.bury()
            assert await is_coordinated(), "its own heartbeats have only begun again"
            for _ in range(LEASE_S):
                clock.pass_s(1.0)
                await shared.leave("another run")
            assert not await is_coordinated(), "the other one has given no sign for a lease"


@of_a_database
async def test_no_worker_takes_what_has_killed_three(place: str, begun: Begun) -> None:
    async with worker(place) as one:
        await one.shared_runs.create(*begun)
        tamper(place, f"UPDATE accounts SET claims_lost = {MOST_LOST} WHERE seq = 0")
        assert await one.shared_runs.claim(RUN, 0) is None
        assert [free.claims_lost for free in await one.shared_runs.free(RUN, [0])] == [MOST_LOST]


async def check_remedy_on_workers(journal: Journal) -> None:
    """Ctrl-C would stop one worker, or nothing."""
    with pytest.raises(RunLocked, match=f"run {RUN} is in progress on workers") as caught:
        await journal.refuse_in_progress(RUN, remedy="stop it with Ctrl-C")
    flag = journal.location.flag
    assert flag.startswith(" --journal ")
    assert caught.value.remedy == (
        f"wait until it ends: `bulkops watch {RUN}{flag}`, or stop it: `bulkops stop {RUN}{flag}`"
    )


@of_a_database
async def test_a_run_that_workers_have_is_taken_back_only_without_them(place: str, begun: Begun) -> None:
    async with Journal.open(place) as submitter:
        async with worker(place) as one:
            await submitter.shared_runs.create(*begun)
            with pytest.raises(RunLocked, match="is in progress on workers"):
                async with submitter.lock_run(RUN):
                    raise AssertionError
            await check_remedy_on_workers(submitter)
            async with one.shared_runs.coordinate(RUN):
                assert await submitter.is_locked(RUN)
                await check_remedy_on_workers(submitter)
            assert await submitter.is_locked(RUN), "between two coordinators"
        assert not await submitter.is_locked(RUN)
        async with submitter.lock_run(RUN):
            assert await submitter.shared_runs.handed_over() == []
            assert await submitter.shared_runs.wanted(RUN) == []


@of_a_database
async def test_the_final_state_ends_the_request(place: str, begun: Begun) -> None:
    async with worker(place) as one:
        await one.shared_runs.create(*begun)
        await one.shared_runs.join(RUN, "it lacks a file")
        assert [row.problems for row in await one.shared_runs.workers()] == [{RUN: "it lacks a file"}]
        await one.set_state(RUN, RunState.PAUSED, "no worker can")
        assert await one.shared_runs.handed_over() == []
        assert [row.problems for row in await one.shared_runs.workers()] == [{}]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_directory_has_no_workers(place: str) -> None:
    async with Journal.open(place) as journal:
        assert not journal.has_shared_runs
        with pytest.raises(JournalError, match="workers need one in PostgreSQL"):
            _ = journal.shared_runs
