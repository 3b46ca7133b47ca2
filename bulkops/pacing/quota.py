"""One quota: its windows, who waits for it, and what its answers teach (contracts C1, C2, C3)."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from random import Random
from typing import Final

import attrs

from bulkops.pacing.adaptation import Adaptation, Change
from bulkops.pacing.standing import QuotaStanding
from bulkops.pacing.trial import Usage
from bulkops.pacing.waiting import Queue, Waiter
from bulkops.pacing.window import Window
from bulkops.settings import Limit

UNLIMITED: Final = 1_000_000_000

HELD_WINDOW_S: Final = 120.0
"""After a restart, shared windows up to this long are waited out; longer ones, and those of keys, are preloaded."""


@attrs.frozen(kw_only=True)
class QuotaStatistics:
    """`allowed` of `limit` in `window_s` (the quota's shortest shared window); `waited_s`: summed over requests.

    `limit` is UNLIMITED (10**9) for a quota without a shared window.
    """

    requests: int
    refused: int
    lost: int
    waited_s: float
    allowed: int
    limit: int
    window_s: float
    used: int
    waiting: int
    in_flight: int
    closed_for_s: float


class Quota:
    """A quota's windows: shared ones for all, and one apart for each key where the vendor counts so.

    The adaptation widens and narrows the shared window that is shortest; every other window keeps its documented
    limit (a key's window is met too rarely to learn from).
    """

    def __init__(self, name: str, limits: Sequence[Limit], *, base_s: float, cap_s: float, rng: Random) -> None:
        shared = sorted((limit for limit in limits if limit.key is None), key=lambda limit: limit.window_s)
        narrow = shared[0] if shared else Limit(UNLIMITED, 1.0)
        self.name = name
        self.narrow = Window(narrow.requests, narrow.window_s)
        self.adaptation = Adaptation(
            limit=narrow.requests, window_s=self.narrow.length_s, base_s=base_s, cap_s=cap_s, rng=rng
        )
        if not shared:
            self.adaptation.allowed = UNLIMITED
        self.requests = self.refused = self.lost = 0
        self.waited_s = 0.0
        self.held_s = max((limit.window_s for limit in shared if limit.window_s <= HELD_WINDOW_S), default=0.0)
        """How long after an earlier process no request may leave: its longest window that is not preloaded."""
        self._wider = [Window(limit.requests, limit.window_s) for limit in shared[1:]]
        self._shared = (self.narrow, *self._wider)
        self._queue = Queue([limit for limit in limits if limit.key is not None])
        self.is_remembered = any(limit.key is not None or limit.window_s > HELD_WINDOW_S for limit in limits)
        """Whether a later process must be told of each request: it has a window that is preloaded."""
        self._refused_until: list[float] = []

    def relimit(self, limits: Sequence[Limit]) -> None:
        """The same quota with other numbers, for all but the windows of keys: what is taken stays taken."""
        shared = sorted((limit for limit in limits if limit.key is None), key=lambda limit: limit.window_s)
        for window, limit in zip(self._shared, shared, strict=False):  # without a limit the narrow one has no twin
            window.limit = limit.requests
        if shared:
            self.adaptation.relimit(self.narrow.limit)

    # -- waiting ------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        return self._queue.waiting

    def enqueue(self, waiter: Waiter, now: float) -> None:
        self._queue.push(waiter, now)

    def forget(self, waiter: Waiter, now: float) -> None:
        """A waiter was cancelled."""
        self._queue.forget(waiter, now)

    def best(self, now: float) -> Waiter | None:
        """The waiter that may leave now, or None."""
        return self._queue.head(now) if self._shared_free_at(now) <= now else None

    def next_at(self, now: float) -> float:
        """When `best` may have another answer, if nothing ends before; infinity when nobody waits."""
        return max(self._shared_free_at(now), self._queue.next_at(now))

    def may_leave(self, key: str | None, now: float) -> bool:
        """Whether a newcomer could leave now without overtaking anybody."""
        return self._queue.may_leave(key, now) and self._shared_free_at(now) <= now

    def _shared_free_at(self, now: float) -> float:
        """When gate, spacing and shared windows may let the next request leave."""
        at = max(self.adaptation.may_leave_at(now), self.narrow.free_at(self.adaptation.allowed, now))
        for window in self._wider:
            at = max(at, window.free_at(window.limit, now))
        return at

    # -- leaving and ending -------------------------------------------------------------------------------------

    def leave(self, waiter: Waiter, now: float) -> None:
        """The waiter that `best` named waits no longer."""
        self._queue.pop(waiter, now)

    def take(self, key: str | None, now: float) -> tuple[Window, ...]:
        """A request leaves. Returns: the windows it takes a slot in."""
        self.requests += 1
        windows = self._windows(key, now)
        for window in windows:
            window.take()
        self.adaptation.granted(now, self.narrow.used(now))
        return windows

    def ended(self, key: str | None, now: float) -> None:
        """A request of `key` ended and has given its slots back."""
        self._queue.ended(key, now)

    def was_answered(self, granted_at: float, now: float) -> Change | None:
        return self.adaptation.accepted(granted_at, now)

    def was_lost(self) -> Change | None:
        self.lost += 1
        return self.adaptation.ended()

    def was_unused(self) -> Change | None:
        self.requests -= 1
        return self.adaptation.ended()

    def was_refused(self, granted_at: float, now: float, retry_after_s: float | None) -> list[Change]:
        """Its slot is taken all the same, but says nothing about what the server accepts."""
        self.refused += 1
        heapq.heappush(self._refused_until, now + self.narrow.length_s)
        return self.adaptation.refused(granted_at, now, self._usage(now), retry_after_s=retry_after_s)

    def preload(self, key: str | None, age_s: float, now: float) -> None:
        """A request of an earlier process: it holds a slot in every window that is not waited out."""
        for window in self._windows(key, now):
            if window.documented_s > HELD_WINDOW_S or window not in self._shared:
                window.occupy(now - age_s)

    def statistics(self, now: float) -> QuotaStatistics:
        return QuotaStatistics(
            requests=self.requests,
            refused=self.refused,
            lost=self.lost,
            waited_s=self.waited_s,
            allowed=self.adaptation.allowed,
            limit=self.narrow.limit,
            window_s=self.narrow.documented_s,
            used=self.narrow.used(now),
            waiting=self.waiting,
            in_flight=self.narrow.in_flight,
            closed_for_s=max(0.0, self.adaptation.closed_until - now),
        )

    def standing(self, now: float) -> QuotaStanding:
        return QuotaStanding(
            limits=[(window.limit, window.documented_s) for window in self._shared],
            allowed=self.adaptation.allowed,
            opening=self.adaptation.is_opening,
            taken_s=[window.taken_s(now) for window in self._shared],
            closed_for_s=max(0.0, self.adaptation.closed_until - now),
        )

    def _windows(self, key: str | None, now: float) -> tuple[Window, ...]:
        own = self._queue.line(key, now).windows
        return (*self._shared, *own) if own else self._shared

    def _usage(self, now: float) -> Usage:
        while self._refused_until and self._refused_until[0] <= now:
            heapq.heappop(self._refused_until)
        used, refused = self.narrow.used(now), len(self._refused_until)
        return Usage(used, refused, used - refused - self.narrow.in_flight)
