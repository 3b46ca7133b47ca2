"""`Journal`: the record of runs. Everything in it survives `kill -9`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import anyio

from bulkops.asyncio_only import require_asyncio
from bulkops.clock import MARGIN_S, Clock, SystemClock
from bulkops.errors import JournalError, RunLocked
from bulkops.journal.base import Worker, workers_have
from bulkops.journal.copying import RunCopy, read_copy
from bulkops.journal.files import Files
from bulkops.journal.location import AnyLocation, Location
from bulkops.journal.reader import Reader
from bulkops.journal.recorded_runs import RecordedRuns
from bulkops.journal.records import (
    AccountResult,
    InventoryRow,
    RunRecord,
    RunState,
    StepState,
)
from bulkops.journal.store import Store
from bulkops.journal.writer import Writer

if TYPE_CHECKING:
    from bulkops.journal.postgres.shared_runs import SharedRuns

_LOOK_EVERY_S: Final = 0.05


class Journal(RecordedRuns):
    """The record of runs in one place, opened by `Journal.open`: a directory with an SQLite file, or a PostgreSQL
    database.

    Methods that are awaited and write are durable when they return; the others that write are queued in order and
    are durable with the next awaited one. `files`: packages of its runs. Every method raises JournalError, in words,
    when the database fails; a queued write that failed makes all later ones fail. Nothing here blocks the event loop.
    Give it no secrets.
    """

    def __init__(self, *, location: Location, store: Store, reader: Reader, writer: Writer | None) -> None:
        super().__init__(store.name, reader, writer)
        self._location = location
        self._clock = store.clock
        self._writes = store.writes
        self._locks = store.locks(reader, writer)
        self.files = Files(store, reader)
        self._shared_runs = None if store.shared_runs is None else store.shared_runs(reader, writer)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, location: AnyLocation, *, read_only: bool = False, clock: Clock | None = None
    ) -> AsyncIterator[Journal]:
        """The journal in a directory or a database; both are made ready when they are not, a directory only without
        `read_only`.

        `read_only` works beside a process that writes and in a directory that cannot be written. Raises: JournalError
        if it is missing or cannot be opened; JournalCorrupt if the file is not a journal.
        """
        require_asyncio()
        place = Location.of(location)
        async with AsyncExitStack() as stack:
            with anyio.CancelScope(shield=True):  # the opened connection must reach its owner
                store = await anyio.to_thread.run_sync(_opened, place, read_only, clock)
                writer = None
                if store.committing is not None:
                    writer = Writer(store.committing, store.name)
                    stack.push_async_callback(writer.close, store.writes.end_process())
                reader = Reader(store.reading)
                stack.push_async_callback(reader.close)  # first: the last to close tidies up, and only a writer can
            journal = cls(location=place, store=store, reader=reader, writer=writer)
            yield journal
            if writer is not None:
                await journal.flush()

    @property
    def location(self) -> Location:
        """Where it is."""
        return self._location

    @property
    def commits(self) -> int:
        """Transactions of this process so far: far fewer than durable writes when many wait together."""
        return 0 if self._writer is None else self._writer.commits

    # Runs

    async def create_run(self, record: RunRecord, inventory: Sequence[InventoryRow]) -> None:
        """A new run and a row for each account, `not_attempted`, in one transaction.

        Do not change `inventory` meanwhile. `pid` and `last_beat_at` of the record come from `start_beating`.
        """
        await self._writing.durable(self._writes.create_run(record, inventory))

    async def set_state(self, run_id: str, state: RunState, reason: str | None = None) -> None:
        """Durable. Any state but RUNNING also notes the time as `ended_at`."""
        await self._writing.durable(self._writes.set_state(run_id, state, reason, self._clock.now()))

    async def set_policy(self, run_id: str, policy: Mapping[str, Any], tuning: Mapping[str, Any]) -> None:
        """Durable. A later `resume` inherits them."""
        await self._writing.durable(self._writes.set_policy(run_id, policy, tuning))

    async def set_operation(self, run_id: str, operation: Mapping[str, Any]) -> None:
        """Durable. The operation was changed in mid-run, and that was accepted."""
        await self._writing.durable(self._writes.set_operation(run_id, operation))

    async def delete_run(self, run_id: str) -> None:
        """Durable. The run with its accounts, steps and events; what is known of accounts beyond it stays."""
        await self._writing.durable(self._writes.delete_run(run_id))

    async def copy_of(self, run_id: str) -> RunCopy:
        """All rows of a run on which no process works, for `add_copy` of another journal. Raises: RunLocked."""
        for _ in range(2):
            await self.refuse_in_progress(run_id, remedy="copy it when it has ended")
            found = await self._reader.ask(read_copy, run_id)
        return found

    async def refuse_in_progress(self, run_id: str, *, remedy: str) -> None:
        """Raises: RunLocked when a process works on the run; with another remedy than this one for a run on workers."""
        worker = await self.worker(run_id)
        if worker is not None:
            if self.has_shared_runs and await self.shared_runs.is_handed_over(run_id):
                raise workers_have(run_id, self._location.flag)
            died = "" if worker.host is None else "; if it was killed, try again in a few seconds"
            raise RunLocked(
                f"run {run_id} is in progress in {worker.words}", run_id=run_id, pid=worker.pid, remedy=remedy + died
            )

    async def add_copy(self, copy: RunCopy) -> None:
        """Durable. A run of another journal, whole or not at all; what is known of an account stays.

        Raises: JournalError when this journal has the run already."""
        await self._writing.durable(self._writes.add_copy(copy))

    # Accounts

    def start_account(self, run_id: str, seq: int) -> None:
        """Queued. Clears an earlier ending; on the disk before any intent of the account."""
        self._writing.queue(self._writes.start_account(run_id, seq, self._clock.now()))

    async def end_account(self, run_id: str, seq: int, ending: AccountResult) -> None:
        """Durable. Call it when nothing of the account is in flight any more: open intents are dated by it."""
        await self._writing.durable(self._writes.end_account(run_id, seq, ending, self._clock.now()))

    # Steps and facts

    def begin_step(self, run_id: str, seq: int, step: str, data: object = None) -> Awaitable[None]:
        """Durable: the intent, before its request is sent. Starts the process's heartbeats if necessary."""
        return self._writing.durable(self._writes.begin_step(run_id, seq, step, data, self._clock.boot_time_s()))

    def end_step(
        self, run_id: str, seq: int, step: str, state: StepState, result: object = None, *, changed: bool = False
    ) -> None:
        """Queued: the step's result. On the disk before the next intent, and before the account's outcome."""
        self._writing.queue(
            self._writes.end_step(run_id, seq, step, state, result, changed=changed, boot_s=self._clock.boot_time_s())
        )

    async def put_fact(self, tenant: str, account: str, kind: str, key: str, value: object) -> None:
        """Durable. JSON data about an account that outlives the run."""
        await self._writing.durable(self._writes.put_fact(tenant, account, kind, key, value))

    # Heartbeats

    def start_beating(self, run_id: str) -> None:
        """Queued. From now on a heartbeat each second, also while the event loop is blocked."""
        self._writing.queue(self._writes.begin_process(run_id))

    def stop_beating(self) -> None:
        """Queued. The last heartbeat: this process sends nothing any more. Closing the journal does the same."""
        self._writing.queue(self._writes.end_process())

    @property
    def is_fresh(self) -> bool:
        """Whether a request may leave now: a later process dates those of a killed one by its last heartbeat."""
        return self._clock.boot_time_s() <= self._writing.signed_boot_s + MARGIN_S

    async def until_fresh(self) -> None:
        """Wait for a recent heartbeat. Raises: JournalError if none can be written."""
        while not self.is_fresh:
            self._writing.check()
            await anyio.sleep(_LOOK_EVERY_S)

    # Events

    def add_event(self, run_id: str, kind: str, data: object = None) -> None:
        """Queued."""
        self._writing.queue(self._writes.add_event(run_id, kind, data, self._clock.now()))

    async def flush(self) -> None:
        """Return when all that was queued is on the disk. Raises: JournalError when some of it could not be."""
        await self._writing.durable(self._writes.nothing())

    # Locks

    def lock_run(self, run_id: str) -> AbstractAsyncContextManager[None]:
        """Take the run's lock. Raises: RunLocked naming run and process."""
        return self._locks.run(run_id)

    def exclusive(self, name: str, *, within_s: float) -> AbstractAsyncContextManager[bool]:
        """Wait for a section of this name; yields whether it was entered in time. It keeps out every other task: of all
        processes with this database, or of this user on this machine when the journal is a directory.
        """
        return self._locks.exclusive(name, within_s=within_s)

    async def is_locked(self, run_id: str) -> bool:
        """Whether a process works on the run. Does not take the lock."""
        return await self._locks.worker(run_id) is not None

    async def worker(self, run_id: str) -> Worker | None:
        """The process that works on the run, or waits until it may."""
        return await self._locks.worker(run_id)

    async def queued_runs(self) -> list[str]:
        """Ids of the runs that are not in the journal yet: their processes wait until the credential is free."""
        held = await self._locks.held_runs()
        known = {record.run_id for record in await self.list_runs()}
        return [run_id for run_id in held if run_id not in known]

    # Workers

    @property
    def has_shared_runs(self) -> bool:
        """Whether workers of several machines can use the journal."""
        return self._shared_runs is not None

    @property
    def shared_runs(self) -> SharedRuns:
        """Runs that workers share. Raises: JournalError when the journal is a directory."""
        if self._shared_runs is None:
            raise JournalError(
                f"the journal {self._name} is a file of this machine, and workers need one in PostgreSQL",
                remedy="give --journal postgresql://...",
            )
        return self._shared_runs

    @property
    def _writing(self) -> Writer:
        if self._writer is None:
            raise JournalError(f"the journal {self._name} is open for reading only", remedy="open it for writing")
        return self._writer


def _opened(location: Location, read_only: bool, clock: Clock | None) -> Store:
    return location.open_store(read_only=read_only, clock=clock or SystemClock())
