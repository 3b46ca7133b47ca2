"""`Alarm`: a sleep that can be ended early."""

from __future__ import annotations

import asyncio
import math
from typing import Final

SHORTEST_SLEEP_S: Final = 0.0005
"""Seconds. A timer that fires early must not make its sleeper spin."""


class Alarm:
    """For one sleeper. `planned_at`: the loop time at which it wakes by itself."""

    __slots__ = ("_bell", "planned_at")

    def __init__(self) -> None:
        self._bell: asyncio.Future[None] | None = None
        self.planned_at = math.inf

    @property
    def is_set(self) -> bool:
        """Whether its sleeper sleeps."""
        return self._bell is not None

    async def sleep_until(self, at: float) -> None:
        """Until `at`, or until it rings. A timer may be early: read the clock again after it."""
        loop = asyncio.get_running_loop()
        self.planned_at = at
        self._bell = loop.create_future()
        timer = loop.call_at(max(at, loop.time() + SHORTEST_SLEEP_S), self.ring) if at < math.inf else None
        try:
            await self._bell
        finally:
            self._bell = None
            if timer is not None:
                timer.cancel()

    def ring(self) -> None:
        """End the sleep."""
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)
