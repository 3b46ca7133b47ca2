"""One quota: its windows, its waiters, and its adaptation to responses (contracts C1, C2, C3)."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING

from bulkops.pacing.exploration import BURST, MOST_IN_FLIGHT, Exploration, Explored
from bulkops.pacing.key_queue import Queue, Waiter
from bulkops.pacing.limit_after_429 import AdaptiveLimit, Change
from bulkops.pacing.recorded_quota import HeldSlot, is_recorded
from bulkops.pacing.refusal_cause import WindowUsage
from bulkops.pacing.slots_in_hand import NOBODY, SharedQuota, SlotSource
from bulkops.pacing.snapshot import UNLIMITED
from bulkops.pacing.window import Window, window_length_s
from bulkops.rate_limit import Limit

if TYPE_CHECKING:
    from bulkops.pacing.slot import Slot


class Quota:
    """A quota's windows: shared ones, and one for each key if the vendor counts keys separately.

    The adaptation widens and narrows the shared window that is shortest; every other window keeps its documented
    limit (a key's window is met too rarely to learn from). `exploration`: of a limit that is only assumed.
    """

    def __init__(self, name: str, limits: Sequence[Limit], *, base_s: float, cap_s: float, rng: Random) -> None:
        shared = sorted((limit for limit in limits if limit.key is None), key=lambda limit: limit.window_s)
        shortest_window = shared[0] if shared else Limit(UNLIMITED, 1.0)
        self.name = name
        self.shortest_window = Window(shortest_window.requests, shortest_window.window_s)
        self.adaptation = AdaptiveLimit(
            limit=shortest_window.requests, window_s=self.shortest_window.length_s, base_s=base_s, cap_s=cap_s, rng=rng
        )
        if not shared:
            self.adaptation.allowed = UNLIMITED
        self.requests = self.refused = self.lost = 0
        self.waited_s = 0.0
        self._longer_windows = [Window(limit.requests, limit.window_s) for limit in shared[1:]]
        self.shared_windows = (self.shortest_window, *self._longer_windows)
        self.queue = Queue([limit for limit in limits if limit.key is not None])
        self._by_key = any(limit.key is not None for limit in limits)
        self.limits = tuple(limits)
        self.exploration: Exploration | None = None
        self.is_recorded = is_recorded(limits)
        self.is_divided = bool(limits) and not self.is_recorded
        self.needs_record = False
        """Whether each request is put on record before it leaves."""
        self.shared: SharedQuota | None = None
        """Its slots in hand, if processes take them from a common store."""
        self.not_before = -math.inf
        """Closed until then because of other processes, whatever the server says."""
        self.in_flight: set[Slot] = set()
        """Slots whose requests have not ended."""
        self._counted: deque[tuple[float, str | None]] = deque()
        """Of requests that ended and are on no record: when they were counted, and their key. Plain tuples: what is
        kept for a whole window must not cost the garbage collector anything."""
        self._longest_s = max((window_length_s(limit.window_s) for limit in limits), default=0.0)
        self._shortest_s = min((window_length_s(limit.window_s) for limit in limits), default=0.0)
        self._refused_until: list[float] = []

    # -- among processes ----------------------------------------------------------------------------------------

    @property
    def longest_s(self) -> float:
        """Length of its longest window; 0 when it has none."""
        return self._longest_s

    def relimit(self, limits: Sequence[Limit], *, part: float = 1.0) -> None:
        """The same quota with other numbers, for all but the windows of keys: what is taken stays taken.

        `part`: of the quota, that this process has.
        """
        if self.exploration is not None:
            self.exploration.part = part
            limits = self.exploration.over(limits, part)
        shared = sorted((limit for limit in limits if limit.key is None), key=lambda limit: limit.window_s)
        for window, limit in zip(
            self.shared_windows, shared, strict=False
        ):  # without a limit the shortest window has no twin
            window.limit = limit.requests
        if shared:
            self.adaptation.relimit(self.shortest_window.limit)

    def learn(self, explored: Explored, now: float) -> bool:
        """Other processes, or earlier ones, have found this. Returns: whether the limit has changed."""
        exploration = self.exploration
        if exploration is None or not exploration.learn(explored, now) or not exploration.is_begun:
            return False
        self._use_explored(exploration, now)
        return True

    def explore(self, now: float) -> bool:
        """Go beyond the assumed limit while requests wait, if it is time. Returns: whether the limit has changed."""
        exploration, adaptation = self.exploration, self.adaptation
        if exploration is None or now < exploration.due_at or not self.waiting:
            return False
        usage = self._usage(now)
        is_clean = adaptation.allowed >= adaptation.limit and not self.refused
        per_window = adaptation.limit / adaptation.sharers
        if not exploration.step(now, is_clean=is_clean, accepted=usage.answered, per_window=per_window):
            return False
        self._use_explored(exploration, now)
        return True

    def _use_explored(self, exploration: Exploration, now: float) -> None:
        self.limits = tuple(exploration.over(self.limits, exploration.part))
        self.shortest_window.limit = exploration.own
        self.adaptation.explore(exploration.own, now, burst=BURST)
        if self.shared is not None and exploration.refused:
            self.shared.return_all()  # they were taken while more was allowed

    def used_part(self, limits: Sequence[Limit], now: float) -> float:
        """The largest part of one of these shared limits that own requests hold."""
        if self.exploration is not None:
            limits = self.exploration.over(limits, 1.0)
        return max(
            (
                window.own(now) / limit.requests
                for window in self.shared_windows
                for limit in limits
                if limit.key is None and limit.window_s == window.documented_s
            ),
            default=0.0,
        )

    def inherit(self, counted_by: Sequence[float]) -> None:
        """Hold slots of the shared windows for requests of processes that have ended."""
        for window in self.shared_windows:
            window.inherit(counted_by)

    def shared_limits(self) -> list[Limit]:
        """Those for all keys together; the first is the one that adapts."""
        return [Limit(window.limit, window.documented_s) for window in self.shared_windows if window.limit < UNLIMITED]

    def take_from(self, source: SlotSource | None, held: Sequence[HeldSlot], *, most: float) -> None:
        """Take the slots of shared windows from this store, `most` within its horizon; None: from no store.

        `held`: by requests that left before.
        """
        self.shared = None
        self.hear(NOBODY, 1)
        if source is not None and self.limits:
            if self.shared_limits():
                self.shared = SharedQuota(most=most)
            source.share(self, held)

    def hear(self, others: WindowUsage, sharers: int) -> None:
        """Other processes have taken this of the quota's slots."""
        if self.shared is not None:
            self.shared.others = others
        self.adaptation.share_with(sharers)

    def leaving_within(self, now: float, within_s: float) -> int:
        """Waiters that could leave in this time, if they had slots."""
        if max(self.not_before, self.queue.next_at(now)) > now + within_s:
            return 0
        return int(min(self.queue.waiting, self.adaptation.departures_by(now + within_s)))

    def held(self, now: float, server_timeout_s: float) -> Iterator[HeldSlot]:
        """The slots of its own requests that some window still counts, without those on record."""
        self._forget(now)
        for counted_by, key in self._counted:
            if counted_by + self._longest_s > now:
                yield HeldSlot(self.name, key, counted_by - now, self._longest_s)
        for slot in self.in_flight:
            if not slot.is_on_record:
                yield HeldSlot(self.name, slot.key, server_timeout_s, self._longest_s)

    def put_off(self, key: str | None, until: float, now: float, *, is_key: bool) -> None:
        """Other processes hold all slots of the quota, or of the key, until then: ask again."""
        if is_key:
            self.queue.line(key, now).not_before = until
        else:
            self.not_before = max(self.not_before, until)

    def _forget(self, now: float) -> None:
        counted, past = self._counted, now - self._longest_s
        while counted and counted[0][0] <= past:
            counted.popleft()

    # -- waiting ------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        return self.queue.waiting

    def best(self, now: float) -> Waiter | None:
        """The waiter that may leave now, or None."""
        return self.queue.head(now) if self.free_at(now) <= now else None

    def next_at(self, now: float) -> float:
        """When `best` may change, if no request ends before; infinity without waiters."""
        at = max(self.free_at(now), self.queue.next_at(now))
        return at if self.exploration is None or not self.waiting else min(at, self.exploration.due_at)

    def frees_at(self, counted_by: float) -> float:
        """When a request that the server has counted by then may let another leave, at the earliest."""
        return counted_by if self.adaptation.is_spaced else counted_by + self._shortest_s

    def may_leave(self, key: str | None, now: float) -> bool:
        """Whether a new request could leave now without overtaking a waiter."""
        return self.queue.may_leave(key, now) and self.free_at(now) <= now

    def free_at(self, now: float) -> float:
        """When gate, spacing and shared windows may let the next request leave."""
        adaptation, exploration = self.adaptation, self.exploration
        if exploration is not None and exploration.is_growing:
            most = MOST_IN_FLIGHT * exploration.part / adaptation.sharers
            if self.shortest_window.in_flight >= max(1, int(most)):
                return math.inf
        at = self.shortest_window.free_at(adaptation.allowed, now, is_opening=adaptation.is_opening)
        at = max(at, self.not_before, adaptation.may_leave_at(now))
        for window in self._longer_windows:
            at = max(at, window.free_at(window.limit, now))
        return at if self.shared is None else max(at, self.shared.free_at())

    def grants_within(self, now: float, within_s: float) -> int:
        """Requests that can leave within `within_s` seconds. While a quota opens, its whole limit counts: that is soon.
        With several processes: this one's part, for a window (at most 60 s) more, to use slots that others leave."""
        within_s -= max(0.0, self.adaptation.closed_until - now, self.not_before - now)
        if within_s < 0:
            return 0
        allowed = self.shortest_window.limit if self.adaptation.is_opening else self.adaptation.allowed
        sharers = self.adaptation.sharers
        more_s = min(60.0, self.shortest_window.length_s) if sharers > 1 else 0.0
        least = self.shortest_window.grants_within(max(1, allowed // sharers), now, within_s + more_s)
        return min([least, *(window.grants_within(window.limit, now, within_s) for window in self._longer_windows)])

    def at_once(self, now: float) -> int:
        """Requests that can leave now without another look. None where each departure decides about the next one."""
        adaptation = self.adaptation
        is_simple = self.exploration is None and self.shared is None and not self._by_key
        if not is_simple or adaptation.is_opening or adaptation.is_spaced:
            return 0
        return self.grants_within(now, 0.0)

    # -- leaving and ending -------------------------------------------------------------------------------------

    def take(self, key: str | None, now: float) -> tuple[Window, ...]:
        """A request leaves. Returns: the windows it takes a slot in."""
        self.requests += 1
        if self.exploration is not None:
            self.exploration.granted()
        windows = (*self.shared_windows, *self.queue.line(key, now).windows) if self._by_key else self.shared_windows
        for window in windows:
            window.in_flight += 1
        adaptation, shortest = self.adaptation, self.shortest_window
        used = shortest.own(now) if adaptation.is_opening else shortest.used(now)
        adaptation.granted(now, used if self.shared is None else used + self.shared.others.used)
        return windows

    def ended(self, slot: Slot, counted_by: float | None, now: float) -> None:
        """The slot's request ended and has given its places back. `counted_by` None: it never left."""
        self.in_flight.discard(slot)
        if counted_by is not None and not slot.is_on_record:
            counted = self._counted
            counted.append((counted_by, slot.key))
            if counted[0][0] <= now - self._longest_s:
                self._forget(now)
        if self._by_key:
            self.queue.ended(slot.key, now)

    def was_answered(self, granted_at: float, now: float) -> Change | None:
        if self.exploration is not None:
            self.exploration.accepted(now)
        return self.adaptation.accepted(granted_at, now)

    def was_emptied(self, now: float) -> None:
        """The server says that nothing more fits: others use the quota too. The next request waits for its turn at an
        even pace. Longer would trust a header that no page of the vendor explains (vendor facts, section 6)."""
        shortest = self.shortest_window
        self.put_off(None, now + shortest.length_s / max(1, shortest.limit), now, is_key=False)

    def was_lost(self) -> Change | None:
        self.lost += 1
        return self.adaptation.ended()

    def was_unused(self) -> Change | None:
        self.requests -= 1
        return self.adaptation.ended()

    def was_refused(self, granted_at: float, now: float, retry_after_s: float | None) -> Sequence[Change]:
        """Its slot is taken all the same, but does not count as accepted by the server."""
        self.refused += 1
        heapq.heappush(self._refused_until, now + self.shortest_window.length_s)
        usage, exploration = self._usage(now), self.exploration
        changes = self.adaptation.refused(granted_at, now, usage, retry_after_s=retry_after_s)
        if exploration is not None:
            own = usage.answered - self._others.answered
            fraction = exploration.part if self.shared is None else own / max(1, usage.answered)
            if exploration.was_refused(granted_at, now, accepted=own, fraction=max(fraction, 0.01)):
                self._use_explored(exploration, now)
                changes.append("shrunk")
        return changes

    def closed_for_s(self, now: float) -> float:
        """Without better knowledge, another process returns its part of the quota after a window's length."""
        until = max(self.adaptation.closed_until, self.not_before)
        return max(0.0, until - now) if until < math.inf else self._longest_s

    def _usage(self, now: float) -> WindowUsage:
        while self._refused_until and self._refused_until[0] <= now:
            heapq.heappop(self._refused_until)
        used, refused, others = self.shortest_window.used(now), len(self._refused_until), self._others
        answered = used - refused - self.shortest_window.in_flight
        return WindowUsage(used + others.used, refused + others.refused, answered + others.answered)

    @property
    def _others(self) -> WindowUsage:
        return NOBODY if self.shared is None else self.shared.others
