"""An SQLite file as the store of a journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import attrs

from bulkops.clock import Clock, Instant
from bulkops.errors import JournalError
from bulkops.journal.base import Rows
from bulkops.journal.sqlite import writes
from bulkops.journal.sqlite.committer import SqliteCommitter
from bulkops.journal.sqlite.errors import describe, unreadable_row
from bulkops.journal.sqlite.locks import Locks
from bulkops.journal.sqlite.processes import Processes
from bulkops.journal.sqlite.schema import FILE_NAME, open_for_reading, open_for_writing
from bulkops.journal.store import Store


def open_store(directory: Path, *, read_only: bool, clock: Clock) -> Store:
    """Open the journal in a directory; both are made when missing, unless `read_only`. Blocks.

    Raises: JournalError; JournalCorrupt.
    """
    directory = directory.absolute()
    path = directory / FILE_NAME
    with ExitStack() as stack:
        writing = None if read_only else stack.enter_context(closing(open_for_writing(directory)))
        locks = Locks(directory)
        reading = open_for_reading(directory)
        stack.pop_all()  # all is well: the connections stay open
    return Store(
        name=str(path),
        clock=clock,
        reading=SqliteReading(reading, path, clock),
        committing=None if writing is None else SqliteCommitter(writing, path, Processes(clock)),
        writes=writes,
        locks=lambda reader, writer: locks,
        connect=lambda: closing(open_for_writing(directory)),
    )


@attrs.frozen
class SqliteReading:
    connection: sqlite3.Connection
    path: Path
    clock: Clock

    def execute(self, statement: str, values: Sequence[object] = (), /) -> Rows:
        return self.connection.execute(statement, values)

    def now(self) -> Instant:
        return self.clock.now()

    def described(self, error: Exception) -> JournalError | None:
        if isinstance(error, sqlite3.Error):
            return describe(error, self.path)
        return unreadable_row(error, self.path) if isinstance(error, ValueError) else None

    def close(self) -> None:
        self.connection.close()
