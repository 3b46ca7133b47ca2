"""`Reader`: a thread for queries, so that the event loop never waits for the disk."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import anyio

from bulkops.journal.sqlite_errors import describe, unreadable_row

P = ParamSpec("P")
T = TypeVar("T")


class Reader:
    """Owns a reading connection and its thread."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="bulkops-journal-reader")

    async def ask(self, query: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The query's answer; it sees every write that was durable before. Raises: JournalError."""
        call = partial(query, self._connection, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._answer, call)

    def _answer(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except sqlite3.Error as error:
            raise describe(error, self._path) from error
        except ValueError as error:
            raise unreadable_row(error, self._path) from error

    async def close(self) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._end)

    def _end(self) -> None:
        self._pool.shutdown()
        self._connection.close()
