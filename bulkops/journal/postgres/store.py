"""A PostgreSQL database as the store of a journal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import Final

from bulkops.clock import Clock
from bulkops.journal.postgres import writes
from bulkops.journal.postgres.committer import PostgresCommitter, this_place
from bulkops.journal.postgres.locks import PostgresLocks
from bulkops.journal.postgres.reading import ONLY_READING, PostgresReading, Translated
from bulkops.journal.postgres.schema import SCRIPTS
from bulkops.journal.postgres.shared_runs import SharedRuns
from bulkops.journal.reader import Reader
from bulkops.journal.store import Store
from bulkops.journal.writer import Writer
from bulkops.postgres import DatabaseUrl, connect, connect_again, migrate

PART: Final = "journal"


def open_store(database: DatabaseUrl, *, read_only: bool, clock: Clock) -> Store:
    """Open the journal in a database; its tables are made when missing. Blocks. Raises: JournalError."""
    place = this_place(clock)
    with ExitStack() as stack:
        with closing(connect(database)) as connection:
            migrate(connection, database, PART, SCRIPTS)
        reading = stack.enter_context(closing(connect(database, settings=ONLY_READING)))
        writing = None if read_only else stack.enter_context(closing(connect(database)))
        stack.pop_all()  # all is well: the connections stay open

    def locks(reader: Reader, writer: Writer | None) -> PostgresLocks:
        return PostgresLocks(reader, writer, place, database.place)

    return Store(
        name=database.place,
        clock=clock,
        reading=PostgresReading(reading, database),
        committing=None if writing is None else PostgresCommitter(writing, database, clock, place=place),
        writes=writes,
        locks=locks,
        shared_runs=lambda reader, writer: SharedRuns(reader, writer, locks(reader, writer), clock),
        connect=partial(_another, database),
    )


@contextmanager
def _another(database: DatabaseUrl) -> Iterator[Translated]:
    with closing(connect_again(database, part="journal")) as connection:
        yield Translated(connection)
