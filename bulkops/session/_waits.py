"""Waits that can end early: at a deadline, or all at once when nothing more may be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextvars import Context
from typing import Final, TypeVar

T = TypeVar("T")

_EARLY_S: Final = 1e-6
"""Seconds. A loop may fire a timer early, by its clock's resolution."""

_NOBODYS: Final = Context()
"""Context for timers: a cancelled timer stays in the loop for a while and keeps its context alive."""


class WaitCancelled(Exception):
    """The deadline came, or `PendingWaits.end` was called. Never leaves the session: it becomes an error in words."""


class DeadlineTimer:
    """Cancels its task at a time or on request, and distinguishes its own cancellation from others.

    What `asyncio.timeout` does, for the hot path: moving the time further away costs nothing, since the timer looks
    at the time only when it rings, and no timer is made when there is no time.

        patience = Patience(until)
        try:
            ...
        except asyncio.CancelledError:
            if not patience.was_lost():
                raise
        finally:
            patience.close()
    """

    __slots__ = ("_cancelling", "_loop", "_task", "_timer", "is_lost", "until")

    def __init__(self, until: float | None) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can wait")
        self._task = task
        self._cancelling = task.cancelling()
        self._loop = asyncio.get_running_loop()
        self.until = until
        self.is_lost = False
        self._timer = None if until is None else self._loop.call_at(until, self._ring, context=_NOBODYS)

    def extend(self, until: float) -> None:
        """Move the time; an earlier one needs a new timer."""
        if self._timer is not None and self.until is not None and until < self.until:
            self._timer.cancel()
            self._timer = self._loop.call_at(until, self._ring, context=_NOBODYS)
        self.until = until

    def lose(self) -> None:
        """Now. The task is cancelled where it waits."""
        if not self.is_lost:
            self.is_lost = True
            self._task.cancel()

    def _ring(self) -> None:
        if self.until is not None and self._loop.time() + _EARLY_S < self.until:
            self._timer = self._loop.call_at(self.until, self._ring, context=_NOBODYS)
        else:
            self.lose()

    def was_lost(self) -> bool:
        """Whether the current CancelledError is only from this timer."""
        if not self.is_lost:
            return False
        self.is_lost = False
        return self._task.uncancel() <= self._cancelling

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.is_lost:  # a callee swallowed the cancellation
            self.is_lost = False
            self._task.uncancel()


class PendingWaits:
    """All waits of one session before a request is sent: for a quota, a retry's turn, the end of a backoff."""

    def __init__(self) -> None:
        self._waiters: set[DeadlineTimer] = set()

    async def wait(self, awaitable: Awaitable[T], *, until: float | None) -> T:
        """What `awaitable` gives. `until`: loop time. Raises: GaveUpWaiting; the awaitable was cancelled then."""
        patience = DeadlineTimer(until)
        self._waiters.add(patience)
        try:
            return await awaitable
        except asyncio.CancelledError:
            if not patience.was_lost():
                raise
        finally:
            self._waiters.discard(patience)
            patience.close()
        raise WaitCancelled

    def extend(self, by_s: float) -> None:
        """Move all deadlines by the outage that the host has announced."""
        for patience in self._waiters:
            if patience.until is not None:
                patience.extend(patience.until + by_s)

    def end(self) -> None:
        """End all current waits."""
        for patience in list(self._waiters):
            patience.lose()
