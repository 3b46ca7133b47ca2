"""Waits that can end early: at a deadline, or all at once when nothing more may be sent."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable
from contextvars import Context
from typing import Final, TypeVar

T = TypeVar("T")

_EARLY_S: Final = 1e-6
"""Seconds. A loop may fire a timer early, by its clock's resolution."""


class WaitCancelled(Exception):
    """The deadline came, or `PendingWaits.end` was called. Never leaves the session: it becomes an error in words."""


class Deadlines:
    """Time limits of many tasks, kept by one timer of the loop: almost none is reached, and a timer for each attempt
    took a twentieth of its CPU.

    `running`: those that are not closed.
    """

    def __init__(self) -> None:
        self.running: set[DeadlineTimer] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = math.inf
        self._context = Context()
        """Of the timer: a cancelled timer stays in the loop for a while and keeps its context alive. Not shared: only
        one thread at a time can be in a context."""

    def ring_by(self, until: float) -> None:
        """Look at the time limits then, or earlier."""
        if until < self._rings_at:
            if self._timer is not None:
                self._timer.cancel()
            self._rings_at = until
            self._timer = asyncio.get_running_loop().call_at(until, self._ring, context=self._context)

    def _ring(self) -> None:
        self._timer, self._rings_at = None, math.inf
        now = asyncio.get_running_loop().time() + _EARLY_S
        left = [deadline for deadline in self.running if not deadline.is_lost]
        for deadline in left:
            if deadline.until <= now:
                deadline.lose()
        self.ring_by(min((deadline.until for deadline in left if deadline.until > now), default=math.inf))


class DeadlineTimer:
    """Cancels its task at a time or on request, and distinguishes its own cancellation from others.

    What `asyncio.timeout` does, for the hot path: beginning, moving and closing it costs no timer of the loop.

        patience = DeadlineTimer(until, deadlines)
        try:
            ...
        except asyncio.CancelledError:
            if not patience.was_lost():
                raise
        finally:
            patience.close()
    """

    __slots__ = ("_among", "_cancelling", "_task", "is_lost", "until")

    def __init__(self, until: float, among: Deadlines) -> None:
        """`until`: loop time; infinity: only on request."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can wait")
        self._task = task
        self._cancelling = task.cancelling()
        self._among = among
        self.is_lost = False
        self.extend(until)
        among.running.add(self)

    def extend(self, until: float) -> None:
        """Move the time."""
        self.until = until
        self._among.ring_by(until)

    def lose(self) -> None:
        """Now. The task is cancelled where it waits."""
        if not self.is_lost:
            self.is_lost = True
            self._task.cancel()

    def was_lost(self) -> bool:
        """Whether the current CancelledError is only from this timer."""
        if not self.is_lost:
            return False
        self.is_lost = False
        return self._task.uncancel() <= self._cancelling

    def close(self) -> None:
        self._among.running.discard(self)
        if self.is_lost:  # a callee swallowed the cancellation
            self.is_lost = False
            self._task.uncancel()


class PendingWaits(Deadlines):
    """All waits of one session before a request is sent: for a quota, a retry's turn, the end of a backoff."""

    async def wait(self, awaitable: Awaitable[T], *, until: float | None) -> T:
        """What `awaitable` gives. `until`: loop time. Raises: GaveUpWaiting; the awaitable was cancelled then."""
        patience = DeadlineTimer(math.inf if until is None else until, self)
        try:
            return await awaitable
        except asyncio.CancelledError:
            if not patience.was_lost():
                raise
        finally:
            patience.close()
        raise WaitCancelled

    def extend(self, by_s: float) -> None:
        """Move all deadlines by the outage that the host has announced."""
        for patience in self.running:
            patience.extend(patience.until + by_s)

    def end(self) -> None:
        """End all current waits."""
        for patience in list(self.running):
            patience.lose()
