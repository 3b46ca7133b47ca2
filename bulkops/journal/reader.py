"""`Reader`: a thread for queries, so that the event loop never waits for the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

import anyio

from bulkops.journal.base import Reading

P = ParamSpec("P")
T = TypeVar("T")


class Reader:
    """Owns a reading connection and its thread."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="bulkops-journal-reader")

    async def ask(self, query: Callable[Concatenate[Reading, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The query's answer; it sees every write that was durable before. Raises: JournalError."""
        call = partial(query, self._reading, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._answer, call)

    def _answer(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except Exception as error:
            failure = self._reading.described(error)
            if failure is None:
                raise
            raise failure from error

    async def close(self) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._end)

    def _end(self) -> None:
        self._pool.shutdown()
        self._reading.close()
