"""One quota: its windows, who waits for it, and in which order they leave (contracts C1 and C2)."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from bulkops.pacing.adaptation import Adaptation
from bulkops.pacing.window import Window
from bulkops.settings import Limit

if TYPE_CHECKING:
    from bulkops.pacing.pacer import Slot

Priority: TypeAlias = tuple[int, int]
"""Who goes first: (-progress, seq), lower first: the account that is furthest along, then inventory order."""

UNLIMITED: Final = 1_000_000_000
_IDLE_KEYS: Final = 1024


@attrs.frozen(kw_only=True)
class QuotaStatistics:
    """`allowed` of `limit` in `window_s` (the quota's narrowest shared window); `waited_s`: summed over requests."""

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


@attrs.define(eq=False)
class Waiter:
    """`order`: priority, then arrival."""

    order: tuple[Priority, int]
    key: str | None
    future: asyncio.Future[Slot]
    since: float

    def __lt__(self, other: Waiter) -> bool:
        return self.order < other.order


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
        self.wider = [Window(limit.requests, limit.window_s) for limit in shared[1:]]
        self.adaptation = Adaptation(
            limit=narrow.requests, window_s=self.narrow.length_s, base_s=base_s, cap_s=cap_s, rng=rng
        )
        if not shared:
            self.adaptation.allowed = UNLIMITED
        self.requests = self.refused = self.lost = 0
        self.waited_s = 0.0
        self._refused_until: list[float] = []
        self._keyed_limits = [limit for limit in limits if limit.key is not None]
        self._keyed: dict[str | None, list[Window]] = {}
        self._ready: list[Waiter] = []
        self._parked: dict[str | None, list[Waiter]] = {}
        self._parked_until: list[tuple[float, str]] = []
        self._gone = 0

    # -- waiting ------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        return len(self._ready) + sum(map(len, self._parked.values())) - self._gone

    def enqueue(self, waiter: Waiter) -> None:
        heapq.heappush(self._ready, waiter)

    def forget(self) -> None:
        """A waiter was cancelled: it is dropped when it comes up, or now if too many like it are about."""
        self._gone += 1
        if self._gone > 64 and self._gone > len(self._ready) // 2:
            self._ready = [waiter for waiter in self._ready if not waiter.future.done()]
            heapq.heapify(self._ready)
            for key, parked in list(self._parked.items()):
                self._parked[key] = [waiter for waiter in parked if not waiter.future.done()]
                heapq.heapify(self._parked[key])
            self._gone = 0

    def best(self, now: float) -> Waiter | None:
        """The waiter that may leave now, or None. Waiters whose own key is used up step aside for others."""
        if self._parked_until:
            self._unpark(now)
        while self._ready:
            waiter = self._ready[0]
            if waiter.future.done():
                heapq.heappop(self._ready)
                self._gone -= 1
                continue
            if self.shared_free_at(now) > now:
                return None
            if self._key_free_at(waiter.key, now) <= now:
                return waiter
            self._park(heapq.heappop(self._ready), now)
        return None

    def next_at(self, now: float) -> float:
        """When `best` may have another answer, if nothing ends before; infinity when nobody waits."""
        parked_at = self._parked_until[0][0] if self._parked_until else math.inf
        return min(self.shared_free_at(now), parked_at) if self._ready else parked_at

    def shared_free_at(self, now: float) -> float:
        """When gate, spacing and shared windows let the next request leave."""
        at = max(self.adaptation.may_leave_at(now), self.narrow.free_at(self.adaptation.allowed, now))
        for window in self.wider:
            at = max(at, window.free_at(window.limit, now))
        return at

    def _key_free_at(self, key: str | None, now: float) -> float:
        windows = self._keyed.get(key, ())
        return max((window.free_at(window.limit, now) for window in windows), default=now)

    def _park(self, waiter: Waiter, now: float) -> None:
        heapq.heappush(self._parked.setdefault(waiter.key, []), waiter)
        self._plan_unpark(waiter.key, now)

    def _plan_unpark(self, key: str | None, now: float) -> None:
        at = self._key_free_at(key, now)
        if at < math.inf:  # else a request of this key is in flight, and its end plans again
            heapq.heappush(self._parked_until, (at, key or ""))

    def _unpark(self, now: float) -> None:
        """Bring back as many waiters of a key as it has slots."""
        while self._parked_until and self._parked_until[0][0] <= now:
            _, key = heapq.heappop(self._parked_until)
            parked = self._parked.get(key, [])
            free = min((window.limit - window.used(now) for window in self._keyed.get(key, ())), default=len(parked))
            for _ in range(min(free, len(parked))):
                heapq.heappush(self._ready, heapq.heappop(parked))
            if parked:
                self._plan_unpark(key, now)
            else:
                self._parked.pop(key, None)

    # -- leaving and ending -------------------------------------------------------------------------------------

    def is_free(self, key: str | None, now: float) -> bool:
        """Whether a request could leave now without overtaking anybody."""
        return (
            not self._ready
            and self.shared_free_at(now) <= now
            and (not self._keyed_limits or self._key_free_at(key, now) <= now)
        )

    def remove(self, waiter: Waiter) -> None:
        """Take the best waiter out: it leaves."""
        if heapq.heappop(self._ready) is not waiter:
            raise AssertionError("only the waiter that `best` named may leave")

    def take(self, key: str | None, now: float) -> tuple[int, tuple[Window, ...]]:
        """A request leaves: its number, and the windows it takes a slot in."""
        self.requests += 1
        windows = (self.narrow, *self.wider, *self._windows_of(key))
        for window in windows:
            window.take()
        return self.adaptation.granted(now, self.narrow.used(now)), windows

    def _windows_of(self, key: str | None) -> list[Window]:
        if not self._keyed_limits:
            return []
        if key not in self._keyed:
            if len(self._keyed) >= _IDLE_KEYS and len(self._keyed) % _IDLE_KEYS == 0:
                self._drop_idle_keys()
            self._keyed[key] = [Window(limit.requests, limit.window_s) for limit in self._keyed_limits]
        return self._keyed[key]

    def _drop_idle_keys(self) -> None:
        now = asyncio.get_running_loop().time()
        self._keyed = {
            key: ws for key, ws in self._keyed.items() if key in self._parked or any(w.used(now) for w in ws)
        }

    def note_refusal(self, free_at: float) -> None:
        """A slot held by a refused request says nothing about what the server accepts."""
        self.refused += 1
        heapq.heappush(self._refused_until, free_at)

    def accepted_in_window(self, now: float) -> int:
        """Requests in the narrow window that were not refused."""
        while self._refused_until and self._refused_until[0] <= now:
            heapq.heappop(self._refused_until)
        return self.narrow.used(now) - len(self._refused_until)

    def ended(self, key: str | None, now: float) -> None:
        """A request of `key` ended: parked waiters of the key may now know their time."""
        if self._parked.get(key):
            self._plan_unpark(key, now)

    def preload(self, key: str | None, age_s: float, now: float, longer_than_s: float) -> None:
        """A request of an earlier process: it holds a slot in every window longer than `longer_than_s`."""
        for window in (self.narrow, *self.wider, *(self._windows_of(key) if key is not None else ())):
            free_at = now - age_s + window.length_s
            if window.length_s > longer_than_s and free_at > now:
                window.occupy(free_at)

    @property
    def longest_shared_s(self) -> float:
        return max(window.length_s for window in (self.narrow, *self.wider))

    def statistics(self, now: float) -> QuotaStatistics:
        return QuotaStatistics(
            requests=self.requests,
            refused=self.refused,
            lost=self.lost,
            waited_s=self.waited_s,
            allowed=self.adaptation.allowed,
            limit=self.narrow.limit,
            window_s=self.narrow.length_s,
            used=self.narrow.used(now),
            waiting=self.waiting,
            in_flight=self.narrow.in_flight,
            closed_for_s=max(0.0, self.adaptation.closed_until - now),
        )
