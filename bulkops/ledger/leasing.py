"""What the leases of all ledgers share: a thread for the database, and the wait for a fresh heartbeat."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, Protocol, TypeVar

import anyio

from bulkops.errors import JournalError

LOOK_EVERY_S: Final = 0.05
"""Seconds between two looks at a lock or a heartbeat."""


class Closable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)


@asynccontextmanager
async def begun_in_thread(
    executor: Executor | None, make: Callable[[], T], begin: Callable[[T], object]
) -> AsyncIterator[tuple[T, Executor]]:
    """A database, made and begun in the thread in which it is used, and that thread. It is closed at the end.

    `executor`: the thread; None: one of its own.
    """
    thread = executor or ThreadPoolExecutor(1, thread_name_prefix="bulkops-ledger")

    def begun() -> T:
        made = make()
        try:
            begin(made)
        except BaseException:
            made.close()
            raise
        return made

    beginning = thread.submit(begun)

    def close_begun() -> None:
        if not beginning.cancelled() and beginning.exception() is None:
            beginning.result().close()

    try:
        try:
            with anyio.CancelScope(shield=True):  # the opened connection must reach its owner
                opened = await asyncio.wrap_future(beginning)
        except asyncio.CancelledError:  # which a scope does not keep off: the thread goes on all the same
            thread.submit(close_begun)
            raise
        try:
            yield opened, thread
        finally:
            with anyio.CancelScope(shield=True):  # and the other shield for a cancellation that no scope keeps off
                await asyncio.shield(asyncio.wrap_future(thread.submit(opened.close)))
    finally:
        if thread is not executor:
            thread.shutdown()


class BeatingLease(ABC):
    """A lease that ends all sending after its first failure, `_broken`."""

    _broken: JournalError | None

    @property
    @abstractmethod
    def is_fresh(self) -> bool:
        """See `Lease.is_fresh`."""

    async def until_fresh(self) -> None:
        """See `Lease.until_fresh`."""
        while not self.is_fresh:
            self._check()
            await asyncio.sleep(LOOK_EVERY_S)

    def _check(self) -> None:
        if self._broken is not None:
            raise again(self._broken)


def again(error: JournalError) -> JournalError:
    """The same error for another caller: one exception raised in many places collects all their frames."""
    fresh = JournalError(error.message, remedy=error.remedy)
    fresh.__cause__ = error.__cause__
    return fresh
