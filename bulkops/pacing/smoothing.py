""" "Never more than R requests a second leave this process", over aiolimiter."""

from __future__ import annotations

from typing import Final

from aiolimiter import AsyncLimiter

_TICK_S: Final = 0.005
"""The event loop's timers are good to a few milliseconds: at high rates one wake-up must yield several tokens."""


class Smoother:
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
        """Take a token that is there: `is_ready` said so."""
        if self._limiter is None:
            return
        try:
            self._limiter.acquire().send(None)  # it waits only when it has no capacity
        except StopIteration:
            return
        raise RuntimeError("a token was taken that was not there")

    async def draw(self) -> None:
        """Take a token, waiting for it; does not give way to other tasks when one is there."""
        if self._limiter is not None:
            await self._limiter.acquire()
