"""Waiting that ends early: at a deadline, or for everybody at once when nothing more may be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class GaveUpWaiting(Exception):
    """The deadline came, or `Waiting.end` was called."""


class Waiting:
    """Everything of one session that waits before it sends: for a quota, a retry's turn, the end of a backoff."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Timeout] = set()

    async def wait(self, awaitable: Awaitable[T], *, until: float | None) -> T:
        """What `awaitable` gives. `until`: loop time. Raises: GaveUpWaiting; the awaitable was cancelled then."""
        patience = asyncio.timeout_at(until)
        try:
            async with patience:
                self._waiters.add(patience)
                try:
                    return await awaitable
                finally:
                    self._waiters.discard(patience)
        except TimeoutError:
            if not patience.expired():
                raise
        raise GaveUpWaiting

    def end(self) -> None:
        """Wake everyone who waits now."""
        now = asyncio.get_running_loop().time()
        for patience in list(self._waiters):
            if not patience.expired():
                patience.reschedule(now)


class Door:
    """The first request of a session goes alone: a bad token costs one request, not one per worker.

    Closed until a reply has come; while it is closed one request at a time may try.
    """

    def __init__(self) -> None:
        self.is_open = False
        self._is_tried = False
        self._moved = asyncio.Event()

    def enter(self) -> bool:
        """Whether one may send now; the first to ask at a closed door is the one who tries it."""
        if self.is_open:
            return True
        if self._is_tried:
            return False
        self._is_tried = True
        return True

    async def approach(self) -> None:
        """Wait while another's request is out and the door still closed."""
        while self._is_tried and not self.is_open:
            await self._moved.wait()

    def tried(self, *, answered: bool) -> None:
        """A request that went alone is over. Not answered: the next one tries."""
        if self.is_open:
            return
        self.is_open = answered
        self._is_tried = False
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
