"""Group commit, failures of the disk, and a thread that outlives neither its owner nor leaves anyone waiting."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from bulkops.errors import JournalCorrupt, JournalError
from bulkops.journal import AccountResult, InventoryRow, Journal, RunState, StepState
from bulkops.journal.sqlite.committer import SqliteCommitter
from bulkops.journal.sqlite.processes import Processes
from bulkops.journal.sqlite.schema import open_for_writing
from bulkops.journal.writer import Writer
from bulkops.outcome import Outcome
from tests.unit.journal.conftest import Make, StepClock

RUN = "20261122-101530-k3f"
HOST = "http://127.0.0.1:8080"


def _note(text: Any) -> Any:
    """A job that leaves a trace."""
    return lambda connection, lives: connection.execute(
        "INSERT INTO events (run_id, at, kind, data) VALUES ('r', 0, ?, 'null')", (text,)
    )


def _fail(error: Any) -> Any:
    def job(connection: Any, processes: Any) -> None:
        raise error

    return job


def writer_of(connection: Any, directory: Path, clock: StepClock, **options: Any) -> Writer:
    path = directory / "journal.sqlite3"
    return Writer(SqliteCommitter(connection, path, Processes(clock)), str(path), **options)


@pytest.fixture
def connection(directory: Path) -> Iterator[Any]:
    opened = open_for_writing(directory)
    yield opened
    opened.close()


@pytest.fixture
async def make_writer(directory: Path, connection: Any, clock: StepClock) -> AsyncIterator[Any]:
    """Closed again whatever becomes of the test: the thread must not outlive its connection."""
    made = []

    def make(**options: Any) -> Any:
        made.append(writer_of(connection, directory, clock, **options))
        return made[-1]

    yield make
    for writer in made:
        await writer.close()


def _notes(directory: Path) -> Any:
    connection = sqlite3.connect(directory / "journal.sqlite3")
    try:
        return [kind for (kind,) in connection.execute("SELECT kind FROM events ORDER BY event_id")]
    finally:
        connection.close()


async def test_a_hundred_workers_share_commits(place: str, record: Make, nothing_blocks: Any) -> None:
    rows = [InventoryRow(seq=seq, account=str(seq)) for seq in range(100)]
    async with Journal.open(place) as journal:
        await journal.create_run(record(), rows)
        before = journal.commits

        async def work(seq: Any) -> None:
            journal.start_account(RUN, seq)
            for number in range(10):
                await journal.begin_step(RUN, seq, f"s{number}", {"n": number})
                journal.end_step(RUN, seq, f"s{number}", StepState.DONE, number, changed=True)
            await journal.end_account(RUN, seq, AccountResult(outcome=Outcome.CHANGED))

        await asyncio.gather(*(journal.begin_step(RUN, seq, "first", None) for seq in range(100)))
        assert journal.commits - before <= 4
        before = journal.commits
        await asyncio.gather(*map(work, range(100)))
        assert journal.commits - before <= 2100 / 10
        assert (await journal.counts(RUN))[Outcome.CHANGED] == 100
        assert [len(await journal.steps(RUN, seq)) for seq in range(100)] == [11] * 100


async def test_no_commit_of_many_steps_copies_the_log(directory: Path, record: Make) -> None:
    """It is copied after the waiters were woken, before it has the 1,000 pages at which SQLite does it in a commit."""
    async with Journal.open(directory) as journal:
        await journal.create_run(record(), [InventoryRow(seq=seq, account=str(seq)) for seq in range(100)])
        for step in range(100):
            await asyncio.gather(*(journal.begin_step(RUN, seq, f"s{step}", "x" * 100) for seq in range(100)))
        log = (directory / "journal.sqlite3-wal").stat().st_size
    assert log < 900 * 4096


async def test_the_log_does_not_grow_under_steady_writes_while_readers_come_and_go(
    directory: Path, connection: Any, make_writer: Any
) -> None:
    pages, page_bytes = 50, 4096
    connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
    writer, written_bytes = make_writer(), 0
    async with Journal.open(directory, read_only=True) as reader:
        while written_bytes < 10 * pages * page_bytes:
            note = "x" * page_bytes
            await writer.durable(_note(note))
            written_bytes += len(note)
            await reader.list_runs()
    assert (directory / "journal.sqlite3-wal").stat().st_size < 2 * pages * page_bytes


async def test_writes_of_many_steps_in_one_commit_are_as_those_of_one_each(place: str, record: Make) -> None:
    """More than one statement holds, steps again after they failed, and ends that keep what their intents said."""
    steps = [f"s{number}" for number in range(120)]
    rows = [InventoryRow(seq=seq, account=str(seq)) for seq in range(2)]
    async with Journal.open(place) as journal:
        await journal.create_run(record(), rows)

        async def write(seq: int, after_each: Callable[[], Awaitable[None]]) -> None:
            for tries in (1, 2):
                for step in steps:
                    begun = journal.begin_step(RUN, seq, step, {"try": tries})
                    await after_each()
                for step in steps if tries == 1 else steps[:60]:
                    state, result = (StepState.FAILED, "no") if tries == 1 else (StepState.DONE, "yes")
                    journal.end_step(RUN, seq, step, state, result, changed=tries == 2)
                    await after_each()
            await begun

        async def at_once() -> None:
            pass

        before = journal.commits
        await write(0, at_once)
        await journal.flush()
        assert journal.commits - before < 10
        await write(1, journal.flush)
        one, other = [await journal.steps(RUN, seq) for seq in (0, 1)]
        assert {step: (row.state, row.data, row.result, row.changed) for step, row in one.items()} == {
            step: (row.state, row.data, row.result, row.changed) for step, row in other.items()
        }
        assert (one["s0"].state, one["s0"].data, one["s0"].result) == (StepState.DONE, {"try": 2}, "yes")
        assert (one["s60"].state, one["s60"].data, one["s60"].result) == (StepState.INTENT, {"try": 2}, None)


async def test_a_commit_is_on_the_disk_when_it_returns(connection: Any) -> None:
    """What no test can see without pulling the plug."""
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_what_was_queued_is_written_in_order_before_the_durable_write(
    place: str, record: Make, nothing_blocks: Any
) -> None:
    async with Journal.open(place) as journal:
        await journal.create_run(record(), [])
        for number in range(50):
            journal.add_event(RUN, str(number))
        await journal.set_state(RUN, RunState.RUNNING)
        async with Journal.open(place, read_only=True) as reader:
            assert [event.kind for event in await reader.events(RUN)] == [str(number) for number in range(50)]


async def test_closing_writes_what_is_queued(place: str, record: Make) -> None:
    async with Journal.open(place) as journal:
        await journal.create_run(record(), [])
        journal.add_event(RUN, "last words")
    async with Journal.open(place, read_only=True) as journal:
        assert [event.kind for event in await journal.events(RUN)] == ["last words"]
        assert journal.commits == 0
    assert not [thread for thread in threading.enumerate() if "journal" in thread.name]


async def test_reading_while_another_writes_sees_what_is_committed(
    place: str, record: Make, inventory: list[InventoryRow], nothing_blocks: Any
) -> None:
    async with Journal.open(place) as writer, Journal.open(place, read_only=True) as reader:
        await writer.create_run(record(), inventory)

        async def write() -> None:
            for number in range(100):
                await writer.begin_step(RUN, 0, str(number), None)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            seen = 0
            while seen < 100:
                count = len(await reader.steps(RUN, 0))
                assert count >= seen
                seen = count


async def test_a_cancelled_caller_leaves_the_write_to_happen(
    place: str, record: Make, inventory: list[InventoryRow]
) -> None:
    async with Journal.open(place) as journal:
        await journal.create_run(record(), inventory)
        task = asyncio.ensure_future(journal.begin_step(RUN, 0, "import", None))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await journal.flush()
        assert "import" in await journal.steps(RUN, 0)


async def test_one_bad_write_fails_alone(directory: Path, make_writer: Any) -> None:
    writer = make_writer()
    gate = threading.Event()
    writer.queue(lambda connection, lives: gate.wait())  # so that the rest queues up into one batch
    results = asyncio.gather(
        writer.durable(_note("a")),
        writer.durable(_fail(JournalError("nobody knows this run"))),
        writer.durable(_fail(sqlite3.IntegrityError("UNIQUE"))),
        writer.durable(_note("b")),
        return_exceptions=True,
    )
    await asyncio.sleep(0)
    gate.set()
    first, refused, twice, last = await results
    assert first is last is None
    assert "nobody knows" in str(refused)
    assert isinstance(twice, JournalError)
    await writer.durable(_note("c"))
    await writer.close()
    assert _notes(directory) == ["a", "b", "c"]


async def test_a_life_begun_in_a_failed_transaction_is_begun_again(connection: Any, make_writer: Any) -> None:
    writer = make_writer()
    gate = threading.Event()
    writer.queue(lambda connection, lives: gate.wait())
    begun = asyncio.gather(
        writer.durable(lambda connection, lives: lives.ensure(connection)),
        writer.durable(_fail(JournalError("no"))),
        return_exceptions=True,
    )
    await asyncio.sleep(0)
    gate.set()
    await begun
    assert connection.execute("SELECT process_id FROM processes").fetchall() == [(writer.current_process,)]
    await writer.close()


async def _queue_a_write_that_fails(place: str, run: Any, rows: Any) -> None:
    async with Journal.open(place) as journal:
        await journal.create_run(run, rows)
        journal.start_account(RUN, 7)
        with pytest.raises(JournalError, match=f"account 7 of run {RUN} is not in the journal"):
            await journal.begin_step(RUN, 0, "import", None)
        for _ in range(2):
            with pytest.raises(JournalError, match="account 7"):
                journal.add_event(RUN, "x")
        assert await journal.steps(RUN, 0) == {}


async def test_a_queued_write_that_failed_fails_what_comes_after_and_the_end(
    place: str, record: Make, inventory: list[InventoryRow]
) -> None:
    with pytest.raises(JournalError, match="account 7"):
        await _queue_a_write_that_fails(place, record(), inventory)


async def test_a_full_disk_is_said_in_words_to_all_who_wait_and_who_come_later(
    directory: Path, connection: Any, make_writer: Any
) -> None:
    connection.execute("PRAGMA max_page_count = 30").fetchone()
    writer = make_writer()
    await writer.durable(_note("small"))
    big = "x" * 200_000
    results = await asyncio.gather(*(writer.durable(_note(big)) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [JournalError] * 3
    assert len(set(map(id, results))) == 3
    for failure in results:
        assert "journal.sqlite3 cannot grow: the disk is full" in str(failure)
        assert "bulkops resume" in str(failure)
    with pytest.raises(JournalError, match="the disk is full"):
        await writer.durable(_note("later"))
    await writer.close()
    assert _notes(directory) == ["small"]


async def test_a_sign_of_life_that_cannot_be_written_stops_everything(connection: Any, make_writer: Any) -> None:
    writer = make_writer(beat_s=0.01)
    await writer.durable(lambda connection, lives: lives.ensure(connection))
    connection.execute("CREATE TRIGGER no_beat BEFORE UPDATE ON processes BEGIN SELECT RAISE(FAIL, 'no'); END")

    async def write_on() -> None:
        while True:
            await writer.durable(_note("x"))

    with pytest.raises(JournalError, match="rejects this value: no"), anyio.fail_after(60):
        await write_on()
    await writer.close()


async def test_a_busy_journal_is_said_in_words(directory: Path, connection: Any, make_writer: Any) -> None:
    connection.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(directory / "journal.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writer = make_writer()
    with pytest.raises(JournalError, match="kept busy by another process"):
        await writer.durable(_note("x"))
    other.close()
    await writer.close()


async def test_a_fault_of_ours_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch, make_writer: Any) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    writer = make_writer()
    gate = threading.Event()
    writer.queue(lambda connection, lives: gate.wait())
    waiting = [asyncio.ensure_future(writer.durable(job)) for job in (_fail(RuntimeError("bug")), _note("x"))]
    await asyncio.sleep(0)
    gate.set()
    for future in waiting:
        with pytest.raises(JournalError, match="has ended"), anyio.fail_after(60):
            await future
    with pytest.raises(JournalError, match="has ended"):
        writer.queue(_note("y"))
    await writer.close()
    assert [type(hook.exc_value) for hook in seen] == [RuntimeError]


async def test_a_closed_writer_takes_nothing(make_writer: Any) -> None:
    writer = make_writer()
    gate = threading.Event()
    writer.queue(lambda connection, lives: gate.wait())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(writer.close)
        await asyncio.sleep(0)
        with pytest.raises(JournalError, match="is closed"):
            writer.queue(_note("x"))
        gate.set()


def test_a_loop_that_was_closed_leaves_the_thread_to_end(directory: Path, connection: Any, clock: StepClock) -> None:
    loop = asyncio.new_event_loop()

    async def begin() -> Any:
        writer = writer_of(connection, directory, clock)
        gate = threading.Event()
        writer.queue(lambda connection, lives: gate.wait())
        task = asyncio.ensure_future(writer.durable(_note("x")))
        await asyncio.sleep(0)
        task.cancel()
        return writer, gate

    writer, gate = loop.run_until_complete(begin())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    gate.set()
    asyncio.run(writer.close())
    assert _notes(directory) == ["x"]


async def test_signs_of_life_go_on_while_the_event_loop_stands_still(
    directory: Path, clock: StepClock, make_writer: Any
) -> None:
    writer = make_writer(beat_s=0.01)
    await writer.durable(lambda connection, processes: processes.begin(connection, RUN))
    other = sqlite3.connect(directory / "journal.sqlite3", isolation_level=None)
    for _ in range(3):
        clock.pass_s(1)
        deadline = time.monotonic() + 60
        while other.execute("SELECT beat_boot_s FROM processes").fetchone() != (clock.boot_s,):
            assert time.monotonic() < deadline
            time.sleep(0.005)  # noqa: ASYNC251 - the loop is to stand still
    other.close()
    await writer.close()


async def test_after_a_slow_commit_a_sign_of_life_goes_before_the_waiters(
    directory: Path, connection: Any, clock: StepClock, make_writer: Any
) -> None:
    def slow_disk(statement: Any) -> None:
        if statement == "COMMIT":
            time.sleep(0.03)
            clock.pass_s(50)

    connection.set_trace_callback(slow_disk)
    writer = make_writer(beat_s=0.02)
    began = clock.boot_s
    await writer.durable(lambda connection, lives: lives.ensure(connection))
    assert writer.commits >= 2
    other = sqlite3.connect(directory / "journal.sqlite3")
    assert other.execute("SELECT beat_boot_s FROM processes").fetchone() >= (began + 50,)
    other.close()


async def test_the_first_sign_of_life_is_written_at_once(place: str, record: Make) -> None:
    async with Journal.open(place) as journal:
        await journal.create_run(record(), [])
        journal.start_beating(RUN)
        await journal.flush()
        async with Journal.open(place, read_only=True) as other:
            run = await other.get_run(RUN)
            assert run.last_beat_at == pytest.approx(time.time(), abs=60)


async def test_damage_that_is_met_while_reading_is_said_in_words(directory: Path, record: Make) -> None:
    async with Journal.open(directory) as journal:
        await journal.create_run(record(), [])
    file = directory / "journal.sqlite3"
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    file.write_bytes(data)
    async with Journal.open(directory, read_only=True) as journal:
        with pytest.raises(JournalCorrupt, match=r"journal.sqlite3 is damaged: .*; move the file away"):
            await journal.list_runs()


async def test_to_begin_a_run_is_a_heartbeat(connection: Any, clock: StepClock) -> None:
    """Also where an intent has begun the record before."""
    processes = Processes(clock)
    for _ in range(2):
        processes.ensure(connection)
        clock.pass_s(5)
        processes.begin(connection, RUN)
        assert processes.signed_boot_s == clock.boot_s
        beat = "SELECT beat_boot_s FROM processes WHERE process_id = ?"
        assert connection.execute(beat, (processes.current,)).fetchone() == (clock.boot_s,)
    connection.rollback()
