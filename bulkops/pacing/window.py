"""One window of one quota: slots that are taken when a request leaves and free again T after its reply (C1)."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
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
    same rate (to within the guard). Slots of processes that have ended count the same; they are *inherited*.
    """

    __slots__ = ("_frees", "_inherited", "documented_s", "in_flight", "length_s", "limit")

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit = limit
        self.documented_s = window_s
        self.length_s = window_length_s(window_s)
        self.in_flight = 0
        self._frees: list[float] = []
        self._inherited: list[float] = []

    def own(self, now: float) -> int:
        """Slots that requests of this process hold: in flight, or ended less than T ago."""
        _drop(self._frees, now)
        return self.in_flight + len(self._frees)

    def inherited(self, now: float) -> int:
        """Slots that requests of earlier processes hold."""
        _drop(self._inherited, now)
        return len(self._inherited)

    def used(self, now: float) -> int:
        """Slots taken, own and inherited."""
        own = self.own(now)
        return own + self.inherited(now) if self._inherited else own

    def taken_s(self, now: float) -> list[float]:
        """In how many seconds each taken slot comes free, ascending; of those in flight, if they were answered now."""
        self.used(now)
        frees = (at - now for at in (*self._frees, *self._inherited))
        return sorted([*frees, *[self.length_s] * self.in_flight])

    def grants_within(self, allowed: int, now: float, within_s: float) -> int:
        """Requests that can leave from `now` to `within_s` later, if each is answered at once. O(slots taken)."""
        turns, rest_s = divmod(within_s, self.length_s)
        free = allowed - self.used(now)
        free += sum(at <= now + rest_s for at in (*self._frees, *self._inherited))
        return max(0, min(allowed, free)) + int(turns) * allowed

    def take(self) -> None:
        self.in_flight += 1

    def give_back(self, counted_by: float) -> None:
        """End a request that the server has counted at `counted_by` at the latest: its slot is free T later."""
        self.in_flight -= 1
        heapq.heappush(self._frees, counted_by + self.length_s)

    def give_back_unused(self) -> None:
        """End a request that never left."""
        self.in_flight -= 1

    def inherit(self, counted_by: Iterable[float]) -> None:
        """Hold slots for these requests of earlier processes, in place of those inherited before."""
        self._inherited = sorted(at + self.length_s for at in counted_by)

    def free_at(self, allowed: int, now: float, *, is_opening: bool = False) -> float:
        """`now` if a request may leave; else when the next slot comes free, or infinity while all are in flight.

        `allowed` (at most `limit`) bounds all slots; while the quota is opening only the own ones: what others hold is
        no reason to open later. After a narrowing several must come free: the answer is a time to ask again.
        """
        frees = self._frees
        while frees and frees[0] <= now:
            heapq.heappop(frees)
        own = self.in_flight + len(frees)
        if not self._inherited:
            if own < allowed:
                return now
            return frees[0] if frees else math.inf
        inherited = self.inherited(now)
        total = own + inherited
        if total < self.limit and (own if is_opening else total) < allowed:
            return now
        heads = frees[:1]
        if not (is_opening and own >= allowed):
            heads += self._inherited[:1]
        return min(heads, default=math.inf)


def _drop(frees: list[float], now: float) -> None:
    while frees and frees[0] <= now:
        heapq.heappop(frees)
