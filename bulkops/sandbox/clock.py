"""The sandbox's clock: seconds since it started, vendor durations made shorter, times as the vendor writes them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Final

_PACIFIC: Final = timezone(timedelta(hours=-7))
"""Samples in the vendor's pages carry this offset, or `Z` (vendor facts, section 4)."""


class Clock:
    """Reads the event loop's clock, so that virtual time works. Made inside a running loop.

    Args:
        scale: how many vendor seconds pass in one real second.
    """

    def __init__(self, scale: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._wall = time.time()
        self._scale = scale

    def now(self) -> float:
        """Real seconds since the sandbox started or was reset."""
        return self._loop.time() - self._began

    def scaled(self, vendor_s: float) -> float:
        """Real seconds for a duration of the vendor's."""
        return vendor_s / self._scale

    def stamp(self, at: float | None = None) -> str:
        """A time of this clock, now unless given, in ISO 8601 with milliseconds and an offset."""
        moment = datetime.fromtimestamp(self._wall + (self.now() if at is None else at), _PACIFIC)
        return moment.isoformat(timespec="milliseconds")

    def call_after(self, delay_s: float, fn: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `fn` in `delay_s` real seconds; the caller owns the handle and cancels it."""
        return self._loop.call_later(delay_s, fn)
