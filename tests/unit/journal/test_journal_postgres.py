"""What only a database can do to a journal: fence, leases, claims, outages, privileges."""

from __future__ import annotations

import sys
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import psycopg
import pytest

from bulkops.clock import MARGIN_S, SystemClock
from bulkops.errors import ConfigError, JournalError, RunLocked
from bulkops.journal import AccountResult, InventoryRow, Journal, Location, StepState
from bulkops.journal.base import CommitFailed
from bulkops.journal.postgres import writes
from bulkops.journal.postgres.committer import PostgresCommitter
from bulkops.journal.postgres.schema import LEASE_S
from bulkops.outcome import Outcome
from bulkops.postgres import DatabaseUrl, connect
from tests.postgres import own_server
from tests.unit.journal.conftest import Make, StepClock, tamper

RUN = "20261122-101530-k3f"
of_a_database = pytest.mark.parametrize("place", ["postgresql"], indirect=True)
ELSEWHERE = "UPDATE processes SET host = 'worker-7', place = 'elsewhere', pid = 4711"


@asynccontextmanager
async def fenced(opening: AbstractAsyncContextManager[Journal]) -> AsyncIterator[Journal]:
    """A journal that cannot write its last words."""
    opened = await opening.__aenter__()
    try:
        yield opened
    finally:
        with suppress(JournalError):
            await opening.__aexit__(None, None, None)


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    with connect(DatabaseUrl.parse(url)) as connection:
        return connection.execute(statement.encode()).fetchall()


@of_a_database
async def test_a_process_that_was_declared_dead_writes_nothing_any_more(
    place: str, record: Make, inventory: list[InventoryRow]
) -> None:
    async def goes_on() -> None:
        async with Journal.open(place) as journal:
            await journal.create_run(record(), inventory)
            journal.start_beating(RUN)
            await journal.begin_step(RUN, 0, "before")
            tamper(place, "UPDATE processes SET dead = true")
            with pytest.raises(JournalError, match="no contact with the journal for too long"):
                await journal.begin_step(RUN, 0, "after")
            with pytest.raises(JournalError, match="may have been replaced; see `bulkops runs`"):
                journal.add_event(RUN, "x")

    with pytest.raises(JournalError, match="may have been replaced"):
        await goes_on()
    async with Journal.open(place, read_only=True) as journal:
        assert list(await journal.steps(RUN, 0)) == ["before"]


@of_a_database
async def test_a_run_of_a_dead_machine_is_free_after_a_lease(place: str, clock: StepClock, record: Make) -> None:
    async with fenced(Journal.open(place, clock=clock)) as dead, Journal.open(place, clock=clock) as successor:
        await dead.create_run(record(), [])
        lock = dead.lock_run(RUN)
        await lock.__aenter__()
        tamper(place, ELSEWHERE)
        clock.pass_s(LEASE_S - 1)
        assert await successor.is_locked(RUN)
        worker = await successor.worker(RUN)
        assert worker is not None
        assert worker.words == "process 4711 on worker-7"
        with pytest.raises(RunLocked, match=f"in process 4711 on worker-7; .* killed, wait {LEASE_S} s") as caught:
            await successor.lock_run(RUN).__aenter__()
        assert (caught.value.run_id, caught.value.pid) == (RUN, 4711)
        clock.pass_s(1.1)
        assert not await successor.is_locked(RUN)
        async with successor.lock_run(RUN):
            with pytest.raises(JournalError, match="may have been replaced"):
                await dead.begin_step(RUN, 0, "too late")
            assert await successor.steps(RUN, 0) == {}


@of_a_database
async def test_nobody_is_dead_because_the_database_was_down(place: str, clock: StepClock, record: Make) -> None:
    async with Journal.open(place, clock=clock) as journal, Journal.open(place, clock=clock) as other:
        await journal.create_run(record(), [])
        async with journal.lock_run(RUN):
            tamper(place, ELSEWHERE)
            clock.pass_s(60)
            up_since = "SELECT wall_s - 5 FROM clock"
            tamper(
                place,
                f"CREATE OR REPLACE FUNCTION up_since_s() RETURNS double precision LANGUAGE sql AS $$ {up_since} $$",
            )
            assert await other.is_locked(RUN)


@of_a_database
async def test_a_queued_run_is_seen_and_its_lock_goes_along_to_its_process(place: str, record: Make) -> None:
    async with Journal.open(place) as journal, Journal.open(place, read_only=True) as looks:
        async with journal.lock_run(RUN):
            assert await looks.queued_runs() == [RUN]
            journal.start_beating("another")
            journal.start_beating(RUN)
            await journal.create_run(record(), [])
            assert await looks.queued_runs() == []
            assert await looks.is_locked(RUN)
        assert not await looks.is_locked(RUN)


@of_a_database
async def test_an_account_of_a_living_process_is_not_begun_by_another(
    place: str, record: Make, inventory: list[InventoryRow]
) -> None:
    async with fenced(Journal.open(place)) as first, fenced(Journal.open(place)) as second:
        await first.create_run(record(), inventory)
        first.start_account(RUN, 0)
        await first.begin_step(RUN, 0, "import")
        second.start_account(RUN, 1)
        await second.flush()
        await second.end_account(RUN, 1, AccountResult(outcome=Outcome.CHANGED))
        first.start_account(RUN, 1)
        await first.flush()
        assert rows(place, "SELECT count(DISTINCT process_id) FROM accounts WHERE process_id IS NOT NULL") == [(1,)]

        async def takes() -> None:
            async with Journal.open(place) as third:
                third.start_account(RUN, 0)

        with pytest.raises(JournalError, match=f"another process works on account 0 of run {RUN}"):
            await takes()
        tamper(place, "UPDATE processes SET dead = true")
        async with Journal.open(place) as fourth:
            fourth.start_account(RUN, 0)


async def test_a_commit_whose_answer_was_lost_happens_once(postgres: str, record: Make) -> None:
    """Also when it began a new record of the process."""
    async with Journal.open(postgres) as journal:
        await journal.create_run(record(), [])
        await journal.create_run(record("other"), [])
    url = DatabaseUrl.parse(postgres)
    with connect(url) as connection:
        committer = PostgresCommitter(connection, url, SystemClock())
        now = SystemClock().now()
        for batch in (
            [writes.add_event(RUN, "one", None, now), writes.begin_process(RUN)],
            [writes.begin_process("other"), writes.add_event(RUN, "two", None, now)],
        ):
            before = committer.current_process
            committer.commit(batch, beats=False)
            after = committer.current_process
            if before is not None:
                committer.current_process, committer._number = before, committer._number - 1
                committer.commit(batch, beats=False)
                assert committer.current_process == after != before
    assert rows(postgres, "SELECT kind FROM events ORDER BY event_id") == [("one",), ("two",)]


async def test_a_restart_of_the_database_is_waited_out(record: Make, inventory: list[InventoryRow]) -> None:
    with own_server() as server:
        async with Journal.open(server.url) as journal:
            await journal.create_run(record(), inventory)
            async with journal.lock_run(RUN):
                journal.start_beating(RUN)
                await journal.begin_step(RUN, 0, "before")
                server.stop()
                back = threading.Timer(0.3, server.start)
                back.start()
                await journal.begin_step(RUN, 0, "meanwhile")
                assert set(await journal.steps(RUN, 0)) == {"before", "meanwhile"}
                assert await journal.is_locked(RUN)
                back.join()
            journal.end_step(RUN, 0, "before", StepState.DONE)
            await journal.flush()


def test_an_outage_that_lasts_ends_the_journal_in_words(record: Make) -> None:
    with own_server() as server:
        url = DatabaseUrl.parse(server.url)
        Location.of(server.url).open_store(read_only=True, clock=SystemClock()).reading.close()
        committer = PostgresCommitter(connect(url), url, SystemClock(), patience_s=0.2)
        committer.commit([writes.create_run(record(), [])], beats=True)
        server.stop()
        with pytest.raises(CommitFailed) as caught:
            committer.commit([writes.set_policy(RUN, {}, {})], beats=True)
        committer.close()
    assert caught.value.spoils
    words = str(caught.value.failure)
    assert words.startswith("cannot use the database postgres@")
    assert words.endswith(
        "check that the server runs and that the URL is correct; then `bulkops resume` continues from the journal"
    )


async def test_a_role_that_may_only_use_the_journal(
    postgres: str, postgres_role: str, record: Make, inventory: list[InventoryRow]
) -> None:
    """With the privileges that docs/how-to/postgres-journal.md names, and no others."""
    async with Journal.open(postgres):
        pass
    role = DatabaseUrl.parse(postgres_role).place.partition("@")[0]
    with psycopg.connect(postgres, autocommit=True) as owner:
        for grant in (
            "USAGE ON SCHEMA bulkops",
            "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bulkops",
            "EXECUTE ON ALL FUNCTIONS IN SCHEMA bulkops",
        ):
            owner.execute(f"GRANT {grant} TO {role}".encode())
    async with Journal.open(postgres_role) as journal:
        await journal.create_run(record(), inventory)
        async with journal.lock_run(RUN):
            journal.start_account(RUN, 0)
            await journal.end_account(RUN, 0, AccountResult(outcome=Outcome.CHANGED))
            await journal.delete_run(RUN)


async def test_reading_only_cannot_write(postgres: str, record: Make) -> None:
    async with Journal.open(postgres, read_only=True) as journal:
        with pytest.raises(JournalError, match="is open for reading only"):
            await journal.create_run(record(), [])
        with pytest.raises(JournalError, match="is open for reading only"):
            await journal.lock_run(RUN).__aenter__()
        with pytest.raises(JournalError, match="read-only transaction"):
            await journal._reader.ask(lambda reading: reading.execute("DELETE FROM runs"))


@of_a_database
async def test_nothing_may_leave_while_the_database_does_not_answer(place: str, clock: StepClock, record: Make) -> None:
    """The heartbeat counts from before its commit was sent."""
    async with Journal.open(place, clock=clock) as journal:
        await journal.create_run(record(), [])
        assert journal.is_fresh
        with connect(DatabaseUrl.parse(place)) as other, other.transaction():
            other.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            other.execute("LOCK TABLE processes IN EXCLUSIVE MODE")
            journal.start_beating(RUN)
            clock.pass_s(MARGIN_S + 0.1)
            assert not journal.is_fresh
        await journal.until_fresh()
        assert journal.is_fresh


async def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"pip install 'bulkops\[postgres\]'"):
        await Journal.open("postgresql://db/fleet").__aenter__()


@pytest.mark.parametrize("mistake", [None, 5])
def test_a_location_is_a_path_or_a_url(mistake: Any) -> None:
    """`journal=os.environ.get(...)` made a directory `None`."""
    with pytest.raises(ConfigError, match=f"the journal must be a directory or a URL, not {mistake}; give a path"):
        Location.of(mistake)


def test_a_location_shows_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "postgresql://ann:hunter2pw@db:5432/fleet?schema=ops&sslmode=require"
    location = Location.of(text)
    assert str(location) == "ann@db:5432/fleet schema ops"
    assert location.flag == " --journal 'postgresql://ann@db:5432/fleet?schema=ops&sslmode=require'"
    assert "hunter2pw" not in repr(location) + location.absolute
    monkeypatch.setenv("BULKOPS_JOURNAL", text)
    assert Location.of(text).flag == ""
    assert Location.of("./.bulkops").flag == ""
