"""`Producer`: items that need waiting, from an async iterator or at a start rate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from typing import Any, Final, Generic, TypeVar

Item = TypeVar("Item")

END: Final[Any] = object()
"""In place of an item, after the last one."""


class Producer(Generic[Item]):
    """Drives an iterator in one task and hands an item to each worker that asks.

    One task, because an async generator may hold timeouts and cancel scopes open across its yields, which
    only the task that opened them can leave.
    """

    def __init__(self, items: Iterable[Item] | AsyncIterable[Item], workers: int, rate: float | None) -> None:
        self._items = aiter(items) if isinstance(items, AsyncIterable) else _as_async(items)
        self._workers = workers
        self._interval_s = 0.0 if rate is None else 1 / rate
        self._due = 0.0
        self._clock = asyncio.get_running_loop().time
        self._asked = asyncio.Semaphore(0)
        self._handed: asyncio.Queue[Item] = asyncio.Queue()

    async def next(self) -> Item:
        """The next item, or END."""
        self._asked.release()
        return await self._handed.get()

    async def run(self) -> None:
        """Hand out everything, taking each item only when a worker asks for it."""
        try:
            await self._asked.acquire()
            async for item in self._items:
                await self._space_out()
                self._handed.put_nowait(item)
                await self._asked.acquire()
        finally:
            if isinstance(self._items, AsyncGenerator):
                await self._items.aclose()
        for _ in range(self._workers):
            self._handed.put_nowait(END)

    async def _space_out(self) -> None:
        """Wait until the next start is due. A start that is late by less than an interval leaves the schedule as it is,
        or the rate would sink. A stall moves it, or a burst would follow.
        """
        wait_s = self._due - self._clock()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        now = self._clock()
        self._due = (self._due if now < self._due + self._interval_s else now) + self._interval_s


async def _as_async(items: Iterable[Item]) -> AsyncIterator[Item]:
    for item in items:
        yield item
