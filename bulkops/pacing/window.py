"""One window of one quota: slots are taken when a request leaves, and free again T after its response (C1)."""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from typing import Final

GUARD_S: Final = 0.001
GUARD_SHARE: Final = 1e-4
"""Added to T: a timer may fire early, and two machines' clocks may differ by 100 parts in a million."""


def window_length_s(window_s: float) -> float:
    """How long after its reply a request's slot is free again."""
    return window_s * (1 + GUARD_SHARE) + GUARD_S


class Window:
    """At most `limit` slots at any time. Times are the event loop's, seconds.

    The server counts a request at some moment between its departure and its response. A slot is taken before the
    departure and freed T after the response. So any two requests that the server counts less than T apart hold slots at
    the same time: no window of length T, wherever it starts, sees more than `limit`. Assumes that both clocks run at
    the same rate (to within the guard). Slots of processes that have ended count the same; they are *inherited*.
    """

    __slots__ = ("_frees", "_inherited", "documented_s", "in_flight", "length_s", "limit")

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit = limit
        self.documented_s = window_s
        self.length_s = window_length_s(window_s)
        self.in_flight = 0
        self._frees = _Moments()
        self._inherited = _Moments()

    def own(self, now: float) -> int:
        """Slots that requests of this process hold: in flight, or ended less than T ago."""
        return self.in_flight + self._frees.after(now)

    def inherited(self, now: float) -> int:
        """Slots that requests of earlier processes hold."""
        return self._inherited.after(now)

    def used(self, now: float) -> int:
        """Slots taken, own and inherited."""
        return self.in_flight + self._frees.after(now) + self._inherited.after(now)

    def taken_s(self, now: float) -> list[float]:
        """In how many seconds each taken slot comes free, ascending; of those in flight, if they were answered now."""
        frees = [at - now for moments in (self._frees, self._inherited) for at in moments.list_after(now)]
        return sorted([*frees, *[self.length_s] * self.in_flight])

    def grants_within(self, allowed: int, now: float, within_s: float) -> int:
        """Requests that can leave from `now` to `within_s` later, if each is answered at once."""
        turns, rest_s = divmod(within_s, self.length_s)
        free = allowed - self.in_flight - self._frees.after(now + rest_s) - self._inherited.after(now + rest_s)
        return max(0, min(allowed, free)) + int(turns) * allowed

    def give_back(self, counted_by: float) -> None:
        """End a request that the server has counted at `counted_by` at the latest: its slot is free T later."""
        self.in_flight -= 1
        self._frees.add(counted_by + self.length_s)

    def give_back_unused(self) -> None:
        """End a request that never left."""
        self.in_flight -= 1

    def hold(self, free_at: Sequence[float]) -> None:
        """Hold own slots that come free at these times, ascending, in place of those held before."""
        self._frees = _Moments(list(free_at))

    def inherit(self, counted_by: Iterable[float]) -> None:
        """Hold slots for these requests of earlier processes, in place of those inherited before."""
        self._inherited = _Moments(sorted(at + self.length_s for at in counted_by))

    def free_at(self, allowed: int, now: float, *, is_opening: bool = False) -> float:
        """`now` if a request may leave; else when the next slot comes free, or infinity while all are in flight.

        `allowed` (at most `limit`) bounds all slots; while the quota is opening only the own ones: slots of others do
        not delay the opening. After a narrowing several must come free, so the result is a time to ask again.
        """
        own = self.in_flight + self._frees.drop(now)
        total = own + self._inherited.drop(now)
        if (own if is_opening else total) < allowed and total < self.limit:
            return now
        if is_opening and own >= allowed:
            return self._frees.first
        return min(self._frees.first, self._inherited.first)


class _Moments:
    """Moments in ascending order."""

    __slots__ = ("_all", "_dropped")

    def __init__(self, ascending: list[float] | None = None) -> None:
        self._all = ascending or []
        self._dropped = 0

    def add(self, moment: float) -> None:
        if self._all and moment < self._all[-1]:
            insort(self._all, moment, lo=self._dropped)
        else:
            self._all.append(moment)  # as nearly always: requests end in the order of time

    def after(self, now: float) -> int:
        """How many come after `now`."""
        moments = self._all
        if not moments or moments[self._dropped] > now:  # as after a `drop`, and asked with every grant
            return len(moments) - self._dropped
        return len(moments) - bisect_right(moments, now, lo=self._dropped)

    def list_after(self, now: float) -> list[float]:
        return self._all[bisect_right(self._all, now, lo=self._dropped) :]

    def drop(self, now: float) -> int:
        """Forget those up to `now`. Returns: how many are left."""
        moments = self._all
        if moments and moments[self._dropped] <= now:
            self._dropped = bisect_right(moments, now, lo=self._dropped)
            if self._dropped * 2 > len(moments):  # each is moved once at most, however many there are
                del moments[: self._dropped]
                self._dropped = 0
        return len(moments) - self._dropped

    @property
    def first(self) -> float:
        return self._all[self._dropped] if self._all else math.inf
