"""A lease in PostgreSQL beside the event loop: real time, a real database, connections that break."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import psycopg
import psycopg.conninfo
import pytest

from bulkops.clock import MARGIN_S, SystemClock
from bulkops.errors import JournalError, RunLocked
from bulkops.ledger import Credential
from bulkops.ledger.postgres import PostgresLease, PostgresLedger, make_tables
from bulkops.ledger.postgres.database import LedgerDatabase
from bulkops.pacing import Pacer, window_length_s
from bulkops.postgres import DatabaseUrl
from bulkops.rate_limit import Limit
from tests.postgres import own_server
from tests.unit.ledger.machines import ERAS, Fleet
from tests.unit.pacing.vendor import pumping

QUOTAS = {
    "q": (Limit(1000, 60.0),),
    "small": (Limit(3, 60.0),),
    "keyed": (Limit(100, 60.0), Limit(1, 3600.0, "workspace")),
}


class ShiftedClock(SystemClock):
    """A machine on which time can jump."""

    shift_s = 0.0

    def boot_time_s(self) -> float:
        return super().boot_time_s() + self.shift_s


@pytest.fixture
def host() -> str:
    return f"http://127.0.0.1:{next(ERAS)}"


@asynccontextmanager
async def leased(
    database: DatabaseUrl, host: str, label: str = "r1", *, clock: SystemClock | None = None, **changes: Any
) -> AsyncIterator[tuple[Pacer, PostgresLease]]:
    pacer = Pacer(QUOTAS, max_rate=None, server_timeout_s=40.0, rng=Random(1))
    ledger = PostgresLedger(database, clock=clock)
    async with (
        pumping(pacer),
        ledger.lease(Credential(host, "1"), pacer, label=label, share=changes.get("share", True)) as lease,
    ):
        assert isinstance(lease, PostgresLease)
        yield pacer, lease


async def sql(database: DatabaseUrl, statement: str, *values: Any) -> Any:
    def execute() -> Any:
        with psycopg.connect(
            database.conninfo.reveal(), autocommit=True, options=f"-c search_path={database.schema}"
        ) as admin:
            cursor = admin.execute(statement, values)
            return cursor.fetchall() if cursor.description else None

    return await asyncio.to_thread(execute)


async def count_free(database: DatabaseUrl, host: str, quota: str) -> int:
    [(count,)] = await sql(
        database,
        """SELECT count(*) FROM ledger_slots JOIN ledger_windows USING (window_id) JOIN ledger_quotas USING (quota_id)
           WHERE host = %s AND quota = %s AND NOT held AND free_at < extract(epoch FROM clock_timestamp())""",
        host,
        quota,
    )
    return int(count)


async def test_an_orderly_end_leaves_exact_slots(ledger_database: DatabaseUrl, host: str) -> None:
    async with leased(ledger_database, host) as (pacer, lease):
        slot = await pacer.slot("small")
        assert lease.is_fresh
        slot.replied()
    assert await count_free(ledger_database, host, "small") == 2
    assert not await sql(ledger_database, "SELECT 1 FROM ledger_processes WHERE host = %s", host)
    async with leased(ledger_database, host) as (pacer, _):
        for _ in range(2):
            (await pacer.slot("small")).replied()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pacer.slot("small"), 0.1)


async def test_a_slot_is_free_one_window_after_its_request_is_counted(ledger_database: DatabaseUrl, host: str) -> None:
    async with leased(ledger_database, host) as (pacer, _):
        replied = await pacer.slot("small")
        replied.replied()
        lost = await pacer.slot("small")
        await asyncio.sleep(0.3)
        lost.lost()
    found = await sql(
        ledger_database,
        """SELECT free_at - extract(epoch FROM clock_timestamp()) FROM ledger_slots
           JOIN ledger_windows USING (window_id) JOIN ledger_quotas USING (quota_id)
           WHERE host = %s AND free_at > 0 ORDER BY free_at""",
        host,
    )
    ages_s = [window_length_s(60.0) - float(free_in_s) for (free_in_s,) in found]
    assert 0.3 <= ages_s[0] <= 2.0, "since its response, however late it was given back"
    assert -40.0 <= ages_s[1] <= -38.0, "the server may count it until its timeout"


async def test_another_run_is_refused(ledger_database: DatabaseUrl, host: str) -> None:
    async with leased(ledger_database, host):
        with pytest.raises(RunLocked, match="run r1 is already using this credential in process"):
            async with leased(ledger_database, host, "r2", share=False):
                pass
    async with leased(ledger_database, host, "r2", share=False):
        pass


async def test_a_burst_needs_few_statements(ledger_database: DatabaseUrl, host: str) -> None:
    async with leased(ledger_database, host) as (pacer, lease):
        before = lease.statements

        async def send() -> None:
            slot = await pacer.slot("q")
            await asyncio.sleep(0.001)
            slot.replied()

        async with asyncio.TaskGroup() as group:
            for _ in range(200):
                group.create_task(send())
        assert lease.statements - before <= 30


async def test_requests_one_after_the_other_need_few_statements(ledger_database: DatabaseUrl, host: str) -> None:
    async with leased(ledger_database, host) as (pacer, lease):
        before = lease.statements
        for _ in range(100):
            slot = await pacer.slot("q")
            await asyncio.sleep(0.005)
            slot.replied()
        assert lease.statements - before <= 25


async def test_a_key_with_a_full_window_steps_aside(ledger_database: DatabaseUrl, host: str) -> None:
    async with leased(ledger_database, host) as (pacer, _), leased(ledger_database, host) as (other, _):
        (await pacer.slot("keyed", key="a\udcff")).replied()
        blocked = asyncio.create_task(other.slot("keyed", key="a\udcff"))
        (await asyncio.wait_for(other.slot("keyed", key="b"), 5)).replied()
        assert not blocked.done()
        blocked.cancel()
        await asyncio.wait([blocked])
    assert await count_free(ledger_database, host, "keyed") == 98


async def test_one_that_is_cancelled_while_it_is_put_on_record_holds_nothing(
    ledger_database: DatabaseUrl, host: str
) -> None:
    async with leased(ledger_database, host) as (pacer, _):
        (await pacer.slot("keyed", key="a")).replied()
        for delay_s in (0.0, 0.001, 0.002, 0.004):
            waiting = asyncio.create_task(pacer.slot("keyed", key=f"b{delay_s}"))
            await asyncio.sleep(delay_s)
            waiting.cancel()
            await asyncio.wait([waiting])
            if not waiting.cancelled():
                waiting.result().unused()
    records = await sql(ledger_database, "SELECT key FROM ledger_records WHERE host = %s", host)
    assert records == [("a",)]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
async def test_one_that_is_cancelled_at_the_end_holds_nothing(
    ledger_database: DatabaseUrl, host: str, turns: int
) -> None:
    async with leased(ledger_database, host) as (pacer, _):
        (await pacer.slot("keyed", key="a")).replied()
        waiting = asyncio.create_task(pacer.slot("keyed", key="b"))
        for _turn in range(turns):
            await asyncio.sleep(0)
        waiting.cancel()
    assert waiting.cancelled()
    assert await sql(ledger_database, "SELECT key FROM ledger_records WHERE host = %s", host) == [("a",)]


async def test_a_machine_that_stood_still_sends_nothing_until_it_has_begun_anew(
    ledger_database: DatabaseUrl, host: str
) -> None:
    clock = ShiftedClock()
    async with leased(ledger_database, host, clock=clock) as (pacer, lease):
        held = await pacer.slot("small")
        assert held.may_leave
        clock.shift_s += MARGIN_S + 1.0
        assert not lease.is_fresh
        # others have declared it dead meanwhile, as `ledger_watch` does
        await sql(
            ledger_database,
            "SELECT ledger_bury(p, %s) FROM ledger_processes p WHERE host = %s",
            MARGIN_S,
            host,
        )
        await asyncio.wait_for(lease.until_fresh(), 5)
        [(process_id,)] = await sql(ledger_database, "SELECT process_id FROM ledger_processes WHERE host = %s", host)
        assert process_id == lease._database.process_id
        assert not held.may_leave, "it was still connecting, and the slot is not its own any more"
        held.unused()
        for _ in range(2):
            (await asyncio.wait_for(pacer.slot("small"), 5)).replied()
        with pytest.raises(TimeoutError):  # what it held counts as that of a dead process
            await asyncio.wait_for(pacer.slot("small"), 0.2)


async def test_a_process_whose_event_loop_is_blocked_is_alive(ledger_database: DatabaseUrl, host: str) -> None:
    async with leased(ledger_database, host) as (_, lease):
        time.sleep(2.5)  # noqa: ASYNC251 - what is tested
        assert lease.is_fresh
        [(age_s,)] = await sql(
            ledger_database,
            "SELECT extract(epoch FROM clock_timestamp()) - beat_at FROM ledger_processes WHERE host = %s",
            host,
        )
        assert age_s < 2.0


def test_a_beat_is_as_old_as_its_message(fleet: Fleet) -> None:
    """The database may have dated it at any moment since it was sent."""
    machine = fleet.begin()
    sent_at = fleet.clock.boot_s
    with psycopg.connect(fleet.url.conninfo.reveal()) as admin:
        admin.execute(
            "SELECT 1 FROM bulkops.ledger_processes WHERE process_id = %s FOR UPDATE", (machine.database.process_id,)
        )
        sending = threading.Thread(target=machine.exchange)
        sending.start()
        time.sleep(0.05)
        fleet.clock.pass_s(3.0)
    sending.join()
    assert machine.database.beat_boot_s == sent_at


async def test_a_role_that_may_only_use_the_ledger(postgres: str, postgres_role: str) -> None:
    user = DatabaseUrl.parse(postgres_role)
    with pytest.raises(JournalError, match="has no ledger tables of version 1, and this role may not create them"):
        async with leased(user, "http://h"):
            pass
    await asyncio.to_thread(make_tables, DatabaseUrl.parse(postgres))
    name = user.place.partition("@")[0]
    for right in ("USAGE ON SCHEMA bulkops", "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bulkops"):
        await sql(DatabaseUrl.parse(postgres), f"GRANT {right} TO {name}")
    async with leased(user, "http://h") as (pacer, _):
        (await pacer.slot("keyed", key="a")).replied()


async def test_a_restart_of_the_database_is_waited_out() -> None:
    with own_server() as server:
        database = DatabaseUrl.parse(server.url)
        async with leased(database, "http://h") as (pacer, lease):
            (await pacer.slot("q")).replied()
            server.stop()
            waiting = asyncio.create_task(pacer.slot("small"))
            await asyncio.sleep(0.3)
            assert not waiting.done()
            await asyncio.to_thread(server.start)
            (await asyncio.wait_for(waiting, 10)).replied()
            assert lease.is_fresh
        assert await count_free(database, "http://h", "small") == 2


async def test_the_end_of_a_lease_waits_for_no_database() -> None:
    with own_server() as server:
        async with asyncio.timeout(20), leased(DatabaseUrl.parse(server.url), "http://h") as (pacer, _):
            (await pacer.slot("q")).replied()
            server.stop()
            await asyncio.sleep(1.5)  # the next heartbeat finds it gone


async def test_without_a_connection_there_is_no_lease_at_once(postgres: str, postgres_role: str) -> None:
    """A run that waits for one in a thread could not be interrupted."""
    role = psycopg.conninfo.conninfo_to_dict(postgres_role)["user"]
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"ALTER ROLE {role} CONNECTION LIMIT 0".encode())
    started = time.monotonic()
    with pytest.raises(JournalError, match="too many connections"):
        async with leased(DatabaseUrl.parse(postgres_role), "http://127.0.0.1:1"):
            raise AssertionError
    assert time.monotonic() - started < 45.0


async def test_a_ledger_that_fails_says_so_to_those_who_wait(ledger_database: DatabaseUrl, host: str) -> None:
    """Its tables are gone, which no waiting mends."""
    url = DatabaseUrl.parse(f"{ledger_database.conninfo.reveal()}&schema=doomed")
    async with leased(url, host) as (_, lease):
        await sql(url, "DROP SCHEMA doomed CASCADE")
        await asyncio.sleep(1.5)  # one heartbeat later
        with pytest.raises(JournalError, match="ledger_exchange"):
            await asyncio.wait_for(lease.until_fresh(), 10)
        with pytest.raises(JournalError, match="ledger_exchange"):
            await lease.take("keyed", "a", QUOTAS["keyed"])


async def test_a_mistake_in_the_task_that_keeps_a_lease_ends_the_waiting_too(
    ledger_database: DatabaseUrl, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object, **__: object) -> None:
        raise AttributeError("a mistake")

    told = []

    async def wait_in_vain() -> None:
        async with leased(ledger_database, host) as (_, lease):
            monkeypatch.setattr(LedgerDatabase, "exchange", mistaken)
            for waiting in (lease.take("keyed", "a", QUOTAS["keyed"]), lease.until_fresh()):
                try:
                    async with asyncio.timeout(10):
                        await waiting
                except (JournalError, TimeoutError) as error:
                    told.append(str(error).partition(";")[0])

    with pytest.raises(AttributeError, match="a mistake"):
        await wait_in_vain()
    assert told == 2 * ["the ledger has failed: AttributeError: a mistake"]


async def test_a_refusal_closes_the_quota_for_all_machines(ledger_database: DatabaseUrl, host: str) -> None:
    async with leased(ledger_database, host) as (one, _), leased(ledger_database, host) as (other, _):
        (await other.slot("q")).replied()
        slot = await one.slot("q")
        slot.refused(1.5)
        longest_s = 0.0
        async with asyncio.timeout(5):
            while longest_s < 0.5:
                slot = await other.slot("q")
                slot.replied()
                longest_s = max(longest_s, slot.waited_s)
                await asyncio.sleep(0.01)
