"""Commits to PostgreSQL: one call of the function `write` for a batch of writes."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import shlex
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import psycopg

from bulkops.clock import Clock
from bulkops.errors import JournalError, ProcessReplaced, RunLocked
from bulkops.journal.base import CommitFailed, Worker, not_in_journal, workers_have
from bulkops.journal.copying import RunCopy, check_whole, read_copy
from bulkops.journal.postgres import schema
from bulkops.journal.postgres.copies import add_copy
from bulkops.journal.postgres.reading import Translated
from bulkops.journal.postgres.writes import ADD_COPY, Data, account_data
from bulkops.postgres import OUTAGE_S, DatabaseUrl, connect_again, describe, is_outage

_GO_ON: Final = "`bulkops resume` continues from the journal"
_INVENTORY: Final = 15
"""Place of the inventory in a `create_run`."""


def this_place(clock: Clock) -> str:
    """The boot and the pid namespace of this process: where a pid is known means the same to two processes."""
    with contextlib.suppress(OSError):
        return f"{clock.now().boot_id} {os.readlink('/proc/self/ns/pid')}"
    return ""


class PostgresCommitter:
    """Owns the writing connection.

    An outage of the database is waited out for `patience_s`: meanwhile no heartbeat is fresh, so no request leaves.
    `place`: see `this_place`.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        database: DatabaseUrl,
        clock: Clock,
        *,
        place: str = "",
        patience_s: float = OUTAGE_S,
    ) -> None:
        self.signed_boot_s = -math.inf
        self.current_process: int | None = None
        self._connection = connection
        self._database = database
        self._clock = clock
        self._place = place
        self._patience_s = patience_s
        self._number = 0

    def commit(self, batch: Sequence[Data], *, beats: bool) -> None:
        writes = [write for write in batch if write]
        if not writes and (self.current_process is None or not beats):
            return
        if self.current_process is None and all(write[0] == "end_process" for write in writes):
            return
        self._number += 1
        lives = [write[0] for write in writes if write[0] in {"begin_process", "end_process"}]
        while True:
            try:
                self._write(writes)
                break
            except JournalError as failure:
                raise CommitFailed(failure, spoils=False) from None
            except psycopg.errors.DeadlockDetected:  # two runs that write what they know of the same accounts
                continue
            except psycopg.Error as error:
                if not is_outage(error):
                    raise self._failed(error, writes) from None
                self._reconnect()
        if lives[-1:] == ["end_process"]:
            self.current_process = None

    def tidy(self) -> None:
        pass  # the server does it

    def ended(self) -> JournalError:
        return JournalError(
            f"the journal {self._database.place} cannot be written any more: its writer has ended", remedy=_GO_ON
        )

    def close(self) -> None:
        self._connection.close()

    def _write(self, writes: Sequence[Data]) -> None:
        began = self._clock.boot_time_s()
        if self.current_process is None:
            self.current_process = self._call(
                "SELECT begin_process(NULL, %s, %s, %s)", platform.node(), self._place, os.getpid()
            )
        copies = [write[-1] for write in writes if write[0] == ADD_COPY]
        data = msgspec.json.encode([self._sent(write, began) for write in writes if write[0] != ADD_COPY]).decode()
        if copies:
            with self._connection.transaction():
                self._add_copies(copies)
                self._call_write(data)
        else:
            self._call_write(data)
        self.signed_boot_s = began

    def _call_write(self, data: str) -> None:
        self.current_process = self._call(
            "SELECT write(%s, %s, %s::text::jsonb)", self.current_process, self._number, data
        )

    def _add_copies(self, copies: Sequence[RunCopy]) -> None:
        """Unless this commit has happened, and only its answer was lost."""
        done = "SELECT count(*) FROM processes WHERE process_id = %s AND batch = %s"
        if not self._call(done, self.current_process, self._number):
            for copy in copies:
                add_copy(self._connection, copy)
                check_whole(read_copy(Translated(self._connection), copy.run_id), copy)

    def _call(self, statement: str, *values: object) -> int:
        row = self._connection.execute(statement, values).fetchone()
        return int(row[0])  # type: ignore[index]  # a function gives a row

    def _sent(self, write: Data, now: float) -> Data:
        kind, at, *values = write
        if kind == "create_run":
            values[_INVENTORY - 2] = [account_data(row) for row in values[_INVENTORY - 2]]
        return [kind, 0.0 if at is None else max(0.0, now - at), *values]

    def _reconnect(self) -> None:
        """Connect again; the commit may have happened, or not. Raises: CommitFailed."""
        with contextlib.suppress(psycopg.Error):
            self._connection.close()
        try:
            self._connection = connect_again(self._database, part="journal", patience_s=self._patience_s)
        except JournalError as failure:
            failure.remedy = f"{failure.remedy}; then {_GO_ON}"
            raise CommitFailed(failure, spoils=True) from None

    def _failed(self, error: psycopg.Error, writes: Sequence[Data]) -> CommitFailed:
        """The error in words."""
        text = error.diag.message_primary or ""
        match error.sqlstate:
            case schema.MISSING:
                failure = not_in_journal(text)
            case schema.CLAIMED:
                failure = JournalError(
                    f"another process works on {text}", remedy="wait until it ends, or stop it with Ctrl-C"
                )
            case schema.LOCKED:
                failure = _locked(text, error.diag.message_detail or "")
            case schema.HANDED_OVER:
                failure = workers_have(text, f" --journal {shlex.quote(self._database.without_password)}")
            case schema.DEAD:
                failure = ProcessReplaced(
                    "this process had no contact with the journal for too long, and may have been replaced",
                    remedy=f"see `bulkops runs`; {_GO_ON}",
                )
            case "23505" if writes and writes[0][0] == "create_run":
                failure = _twice(error, writes[0][2])
            case _:
                failure = describe(error, self._database)
        refused = error.sqlstate in schema.REFUSED or isinstance(error, psycopg.IntegrityError | psycopg.DataError)
        return CommitFailed(failure, spoils=not refused)


def _locked(run_id: str, holder: str) -> RunLocked:
    pid, _, host = holder.partition(" ")
    worker = Worker(int(pid), None if host == platform.node() else host)
    return RunLocked(
        f"run {run_id} is already in progress in {worker.words}",
        run_id=run_id,
        pid=worker.pid,
        remedy=f"wait until it ends, or stop it with Ctrl-C; if it was killed, wait {schema.LEASE_S} s",
    )


def _twice(error: psycopg.Error, run_id: str) -> JournalError:
    if error.diag.table_name == "runs":
        return JournalError(f"run {run_id} is already in the journal", remedy="use a new run id")
    return JournalError(
        f"the inventory of run {run_id} has a duplicate sequence number", remedy="number the accounts from 0"
    )
