"""`WakeableSleep`: a sleep that can be ended early."""

from __future__ import annotations

import asyncio
import math
from typing import Final

SHORTEST_SLEEP_S: Final = 0.0005
"""Seconds. A timer that fires early must not make its sleeper spin."""


class WakeableSleep:
    """For one sleeper. `planned_at`: the loop time at which it wakes by itself."""

    __slots__ = ("_waker", "planned_at")

    def __init__(self) -> None:
        self._waker: asyncio.Future[None] | None = None
        self.planned_at = math.inf

    @property
    def is_asleep(self) -> bool:
        """Whether its sleeper sleeps on: nothing has woken it."""
        return self._waker is not None and not self._waker.done()

    async def sleep_until(self, at: float) -> None:
        """Until `at`, or until `wake`. A timer may be early: read the clock again after it."""
        loop = asyncio.get_running_loop()
        self.planned_at = at
        self._waker = loop.create_future()
        timer = loop.call_at(max(at, loop.time() + SHORTEST_SLEEP_S), self.wake) if at < math.inf else None
        try:
            await self._waker
        finally:
            self._waker = None
            if timer is not None:
                timer.cancel()

    def wake(self) -> None:
        """End the sleep."""
        if self._waker is not None and not self._waker.done():
            self._waker.set_result(None)
