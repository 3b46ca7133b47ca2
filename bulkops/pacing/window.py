"""One window of one quota: slots that are taken when a request leaves and free again T after its reply (C1)."""

from __future__ import annotations

import heapq
import math
from typing import Final

GUARD_S: Final = 0.001
GUARD_SHARE: Final = 1e-4
"""Added to T: a timer may fire early, and two machines' clocks may differ by 100 parts in a million."""


def window_length_s(window_s: float) -> float:
    """How long after its reply a request's slot is free again."""
    return window_s * (1 + GUARD_SHARE) + GUARD_S


class Window:
    """At most `limit` slots at any time. Times are the event loop's, seconds.

    The server counts a request at some moment between its leaving and its reply. A slot is taken before the one and
    given back T after the other, so any two requests that the server counts less than T apart hold slots at the same
    time: no window of length T, wherever it starts, sees more than `limit`. Assumes that both clocks run at the
    same rate (to within the guard).
    """

    __slots__ = ("_frees", "documented_s", "in_flight", "length_s", "limit")

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit = limit
        self.documented_s = window_s
        self.length_s = window_length_s(window_s)
        self.in_flight = 0
        self._frees: list[float] = []

    def used(self, now: float) -> int:
        """Slots taken: in flight, or ended less than T ago."""
        while self._frees and self._frees[0] <= now:
            heapq.heappop(self._frees)
        return self.in_flight + len(self._frees)

    def taken_s(self, now: float) -> list[float]:
        """In how many seconds each taken slot comes free, ascending; of those in flight, if they were answered now."""
        self.used(now)
        return sorted([*(at - now for at in self._frees), *[self.length_s] * self.in_flight])

    def take(self) -> None:
        self.in_flight += 1

    def give_back(self, counted_by: float) -> None:
        """End a request that the server has counted at `counted_by` at the latest: its slot is free T later."""
        self.in_flight -= 1
        heapq.heappush(self._frees, counted_by + self.length_s)

    def give_back_unused(self) -> None:
        """End a request that never left."""
        self.in_flight -= 1

    def occupy(self, counted_at: float) -> None:
        """A slot for a request of an earlier process."""
        heapq.heappush(self._frees, counted_at + self.length_s)

    def free_at(self, allowed: int, now: float) -> float:
        """`now` if fewer than `allowed` slots are taken; else when the next one comes free, or infinity while all are
        in flight. After a narrowing several must come free, and the answer is only a time to ask again."""
        if self.used(now) < allowed:
            return now
        return self._frees[0] if self._frees else math.inf
