"""The parts that a database brings to a `Journal`: queries, commits, and locks of runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import attrs

from bulkops.clock import Instant
from bulkops.errors import JournalError, RunLocked
from bulkops.journal.records import AccountResult, InventoryRow, RunRecord, RunState, StepState

if TYPE_CHECKING:
    from bulkops.journal.copying import RunCopy

Write: TypeAlias = Any
"""One write, as the `Writes` of a database make it and its `Committing` takes it."""


class Rows(Protocol):
    """The answer to a statement, by DB-API 2.0."""

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Queried(Protocol):
    """A connection that answers queries."""

    def execute(self, statement: str, values: Sequence[object] = ..., /) -> Rows:
        """Rows of a query in the SQL that all databases share, with question marks for values."""
        ...


class Reading(Queried, Protocol):
    """A connection that only reads, used by one thread at a time."""

    def now(self) -> Instant:
        """The instant to which the ages of intents refer."""
        ...

    def described(self, error: Exception) -> JournalError | None:
        """An error of the database or of a row in words; None for any other error."""
        ...

    def close(self) -> None: ...


def not_in_journal(what: str) -> JournalError:
    return JournalError(f"{what} is not in the journal", remedy="`bulkops runs` lists the runs")


class CommitFailed(Exception):
    """A transaction failed. `spoils`: nothing more can be written, because of the database, not of one write."""

    def __init__(self, failure: JournalError, *, spoils: bool) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.spoils = spoils


class Committing(Protocol):
    """A connection that writes, used by the writer's thread.

    `current_process`: id of this process's record, or None. `signed_boot_s`: boot-clock time of its newest durable
    heartbeat.
    """

    @property
    def current_process(self) -> int | None: ...

    @property
    def signed_boot_s(self) -> float: ...

    def commit(self, batch: Sequence[Write], *, beats: bool) -> None:
        """All writes in one durable transaction, with a heartbeat if `beats`. Raises: CommitFailed."""
        ...

    def tidy(self) -> None:
        """Work that no caller waits for, after those of a commit were woken. Raises nothing."""
        ...

    def ended(self) -> JournalError:
        """The error for callers after the writer has ended."""
        ...

    def close(self) -> None: ...


class Writes(Protocol):
    """One function per kind of row. Values are copied and encoded at once, except for an inventory, which may be long.

    `now`, `boot_s`: when the row was written, by this machine's clock.
    """

    def create_run(self, record: RunRecord, inventory: Sequence[InventoryRow]) -> Write: ...
    def set_state(self, run_id: str, state: RunState, reason: str | None, now: Instant) -> Write: ...
    def set_policy(self, run_id: str, policy: Mapping[str, Any], tuning: Mapping[str, Any]) -> Write: ...
    def set_operation(self, run_id: str, operation: Mapping[str, Any]) -> Write: ...
    def delete_run(self, run_id: str) -> Write: ...
    def start_account(self, run_id: str, seq: int, now: Instant) -> Write: ...
    def end_account(self, run_id: str, seq: int, ending: AccountResult, now: Instant) -> Write: ...
    def begin_step(self, run_id: str, seq: int, step: str, data: object, boot_s: float) -> Write: ...
    def end_step(
        self, run_id: str, seq: int, step: str, state: StepState, result: object, *, changed: bool, boot_s: float
    ) -> Write: ...
    def put_fact(self, tenant: str, account: str, kind: str, key: str, value: object) -> Write: ...
    def add_event(self, run_id: str, kind: str, data: object, now: Instant) -> Write: ...
    def begin_process(self, run_id: str) -> Write: ...
    def end_process(self) -> Write: ...
    def add_copy(self, copy: RunCopy) -> Write: ...
    def nothing(self) -> Write: ...


class Locks(Protocol):
    """The locks of a journal's runs (one process per run), and exclusive sections of operations."""

    def run(self, run_id: str) -> AbstractAsyncContextManager[None]:
        """Hold the run's lock. Raises: RunLocked naming run and process; JournalError."""
        ...

    def exclusive(self, name: str, *, within_s: float) -> AbstractAsyncContextManager[bool]:
        """Wait for a section that one task at a time may be in; yields whether it was entered in time."""
        ...

    async def worker(self, run_id: str) -> Worker | None:
        """The process that holds the run's lock. Does not take the lock."""
        ...

    async def held_runs(self) -> list[str]:
        """Ids of the runs that a process works on or waits to, in the order of their ids."""
        ...


@attrs.frozen
class Worker:
    """A process that works on a run. `pid`: None if unknown; `host`: its machine, None for this one."""

    pid: int | None
    host: str | None = None

    @property
    def words(self) -> str:
        """ "process 4711", or "process 4711 on HOST" when it is on another machine."""
        process = "another process" if self.pid is None else f"process {self.pid}"
        return process if self.host is None else f"{process} on {self.host}"


def workers_have(run_id: str, flag: str) -> RunLocked:
    """The error of a process that wants a run of the workers. `flag`: as of `Location`."""
    return RunLocked(
        f"run {run_id} is in progress on workers",
        run_id=run_id,
        pid=None,
        remedy=f"wait until it ends: `bulkops watch {run_id}{flag}`, or stop it: `bulkops stop {run_id}{flag}`",
    )
