"""Queries to PostgreSQL, in the SQL of `journal/queries.py`."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import attrs
import psycopg

from bulkops.clock import Instant
from bulkops.errors import JournalCorrupt, JournalError
from bulkops.journal.base import Rows
from bulkops.journal.postgres.writes import storable
from bulkops.postgres import DatabaseUrl, connect_again, describe, is_outage

ONLY_READING: Final = {"default_transaction_read_only": "on"}


@attrs.frozen
class Translated:
    """Answers queries in the SQL that all databases share."""

    connection: psycopg.Connection[Any]

    def execute(self, statement: str, values: Sequence[object] = (), /) -> Rows:
        given = [storable(value) if isinstance(value, str) else value for value in values]
        return self.connection.execute(_translated(statement), given)


class PostgresReading:
    """Owns the reading connection. A query that meets an outage is asked again when the database is back."""

    def __init__(self, connection: psycopg.Connection[Any], database: DatabaseUrl) -> None:
        self._database = database
        self._connection = connection

    def execute(self, statement: str, values: Sequence[object] = (), /) -> Rows:
        while True:
            try:
                return Translated(self._connection).execute(statement, values)
            except psycopg.Error as error:
                if not is_outage(error):
                    raise
                with contextlib.suppress(psycopg.Error):
                    self._connection.close()
                self._connection = connect_again(self._database, part="journal", settings=ONLY_READING)

    def now(self) -> Instant:
        clock, now_s = self.execute("SELECT id, now_s() FROM store").fetchone()
        return Instant(clock, now_s, now_s)

    def described(self, error: Exception) -> JournalError | None:
        if isinstance(error, psycopg.Error):
            return describe(error, self._database)
        if isinstance(error, ValueError):
            return JournalCorrupt(
                f"the journal {self._database.place} has an unreadable row: {error}",
                remedy="restore the database from a backup",
            )
        return None

    def close(self) -> None:
        self._connection.close()


@lru_cache
def _translated(statement: str) -> bytes:
    """With the marks of psycopg for values."""
    return statement.replace("?", "%s").encode()
