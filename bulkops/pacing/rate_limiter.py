"""Request rates: a limit on requests per second for the process, and even spacing within a quota."""

from __future__ import annotations

import math
from typing import Final

from aiolimiter import AsyncLimiter

_TICK_S: Final = 0.005
"""The event loop's timers are good to a few milliseconds: at high rates one wake-up must yield several tokens."""


class RateLimiter:
    """Spreads departures evenly. `rate_per_s` None: lets everything through.

    Up to 200 a second it spaces singly; above, it lets through the tokens of 5 ms at once, or the timers would bound
    the rate. It smooths and guarantees nothing: an AsyncLimiter lets its burst and a refill through the first period.
    The quotas guarantee.
    """

    def __init__(self, rate_per_s: float | None) -> None:
        self._limiter: AsyncLimiter | None = None
        if rate_per_s is not None:
            burst = max(1, int(rate_per_s * _TICK_S))
            self._limiter = AsyncLimiter(burst, burst / rate_per_s)

    @property
    def is_ready(self) -> bool:
        """Whether `draw` would return without waiting."""
        return self._limiter is None or self._limiter.has_capacity()

    def take(self) -> None:
        """Take a token without waiting. Requires `is_ready`."""
        if self._limiter is None:
            return
        try:
            self._limiter.acquire().send(None)  # it waits only when it has no capacity
        except StopIteration:
            return
        raise RuntimeError("no token available")

    async def draw(self) -> None:
        """Take a token, waiting for it if necessary; does not yield to other tasks if there is one."""
        if self._limiter is not None:
            await self._limiter.acquire()


class Gcra:
    """One departure each window_s / allowed seconds; what was not used is saved up, `burst` departures at most.

    A generic cell rate algorithm: `_due_at` runs ahead of the clock by one interval per departure, and may be ahead
    by `burst` intervals.
    """

    __slots__ = ("_due_at", "_interval_s", "_window_s", "burst")

    def __init__(self, window_s: float, allowed: int, *, burst: int, at: float) -> None:
        self._window_s = window_s
        self._interval_s = window_s / allowed
        self.burst = burst
        self.restart(at)

    def restart(self, at: float) -> None:
        """The server refuses until `at`: then one may leave, and nothing is saved up."""
        self._due_at = at + (self.burst - 1) * self._interval_s

    def credit(self, seconds: float) -> None:
        """The server answers again: save up what could have left in these seconds."""
        self._due_at -= seconds

    def spread(self, allowed: float) -> None:
        """Allow `allowed` departures per window from now on."""
        self._interval_s = self._window_s / allowed

    def next_at(self) -> float:
        return self._due_at - (self.burst - 1) * self._interval_s

    def departures_by(self, until: float) -> int:
        return max(0, math.floor((until - self.next_at()) / self._interval_s) + 1)

    def left(self, now: float) -> None:
        self._due_at = max(now, self._due_at) + self._interval_s
