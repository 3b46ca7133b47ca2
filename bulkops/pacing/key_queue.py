"""Queues of waiting requests, one per key, in order of departure (contract C2)."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from bulkops.pacing.window import Window
from bulkops.rate_limit import Limit

if TYPE_CHECKING:
    from bulkops.pacing.slot import Slot

Priority: TypeAlias = tuple[int, int]
"""Priority (-progress, seq), lower first: the account that is furthest along, then inventory order."""

LAST_PLACE: Final = 2**62
"""Place of a request that does not wait yet: behind all that do."""

_FEW: Final = 64
_FEW_LINES: Final = 1024


class Waiter(NamedTuple):
    """A request that waits. Waiters compare by priority, then by arrival, then by how often they were put off; no two
    are equal. A flat tuple, because comparing is most of the cost of a large heap.
    """

    progress: int
    seq: int
    arrival: int
    times_put_off: int
    future: asyncio.Future[Slot]
    key: str | None
    since: float

    @property
    def place(self) -> int:
        """The priority as one number, for a database: it compares among all processes of a run."""
        return (self.progress << 32) + self.seq


class KeyQueue:
    """The waiters of one key, and the windows in which the vendor counts that key apart (perhaps none)."""

    __slots__ = ("_heap", "blocked", "not_before", "offers", "waiting", "windows")

    def __init__(self, limits: Sequence[Limit]) -> None:
        self.windows = [Window(limit.requests, limit.window_s) for limit in limits]
        self.offers: list[Waiter] = []
        """Its entries in the queue's heap of heads, best last: never later than the head, unless blocked."""
        self.blocked = False
        """The key is used up: the line is not offered before this time."""
        self.not_before = -math.inf
        """Other processes hold all slots of the key until then."""
        self.waiting = 0
        self._heap: list[Waiter] = []

    def push(self, waiter: Waiter) -> None:
        heapq.heappush(self._heap, waiter)
        self.waiting += 1

    def head(self) -> Waiter | None:
        """The first waiter that is not cancelled."""
        while self._heap:
            waiter = self._heap[0]
            if not waiter.future.done():
                return waiter
            heapq.heappop(self._heap)  # cancelled
        return None

    def __iter__(self) -> Iterator[Waiter]:
        """The waiters that are not cancelled, in no order."""
        return (waiter for waiter in self._heap if not waiter.future.done())

    def pop(self) -> None:
        """The head leaves."""
        heapq.heappop(self._heap)
        self.waiting -= 1

    def forget(self) -> None:
        """A waiter was cancelled: drop it when it reaches the head, or now if there are many."""
        self.waiting -= 1
        if len(self._heap) > _FEW + 2 * self.waiting:
            self._heap = [waiter for waiter in self._heap if not waiter.future.done()]
            heapq.heapify(self._heap)

    def free_at(self, now: float) -> float:
        return max(now, self.not_before, *(window.free_at(window.limit, now) for window in self.windows))

    def is_idle(self, now: float) -> bool:
        return not self.waiting and not any(window.used(now) for window in self.windows)


class Queue:
    """The waiters of one quota: one line for each key the vendor counts apart, else one line for all.

    A line whose key is used up steps aside for the others. Each operation costs O(log n).
    """

    def __init__(self, limits: Sequence[Limit]) -> None:
        """`limits`: those that count per key."""
        self.waiting = 0
        self._limits = limits
        self._only = None if limits else KeyQueue(())
        self._lines: dict[str | None, KeyQueue] = {}
        self._heads: list[tuple[Waiter, KeyQueue]] = []
        self._blocked: list[tuple[float, int, KeyQueue]] = []
        self._lookings = 0
        self._sweep_at = _FEW_LINES

    def line(self, key: str | None, now: float) -> KeyQueue:
        if self._only is not None:
            return self._only
        line = self._lines.get(key)
        if line is None:
            if len(self._lines) >= self._sweep_at:
                self._lines = {key: line for key, line in self._lines.items() if not line.is_idle(now)}
                self._sweep_at = max(_FEW_LINES, 2 * len(self._lines))
            line = self._lines[key] = KeyQueue(self._limits)
        return line

    def push(self, waiter: Waiter, now: float) -> bool:
        """Returns: whether it may be the time for a head. A single line has its time already."""
        line = self._only or self.line(waiter.key, now)
        line.push(waiter)
        self.waiting += 1
        if self._only is None:
            self._offer(line)
            return True
        return self.waiting == 1

    def forget(self, waiter: Waiter, now: float) -> None:
        """A waiter was cancelled."""
        self.line(waiter.key, now).forget()
        self.waiting -= 1

    def head(self, now: float) -> Waiter | None:
        """The first of those whose key has room."""
        if self._only is not None:
            return self._only.head()
        while self._blocked and self._blocked[0][0] <= now:
            line = heapq.heappop(self._blocked)[2]
            line.blocked = False
            self._offer(line)
        while self._heads:
            offered, line = self._heads[0]
            waiter = line.head()
            if waiter is not None and not line.blocked:
                free_at = line.free_at(now)
                if free_at > now:
                    line.blocked = True
                    self._look_again(line, free_at)
                elif waiter is offered:
                    return waiter
            heapq.heappop(self._heads)
            line.offers.pop()
            self._offer(line)
        return None

    def places(self, behind: int, count: int) -> list[int]:
        """Places of `count` waiters behind the first ones, ascending, whether or not their keys have room. Each that is
        missing has `LAST_PLACE`.
        """
        lines = self._lines.values() if self._only is None else (self._only,)
        first = heapq.nsmallest(behind + count, itertools.chain.from_iterable(lines))
        places = [waiter.place for waiter in first[behind:]]
        return places + [LAST_PLACE] * (count - len(places))

    def pop(self, waiter: Waiter, now: float) -> None:
        """The waiter that `head` named leaves."""
        (self._only or self.line(waiter.key, now)).pop()
        self.waiting -= 1

    def ended(self, key: str | None, now: float) -> None:
        """A request of `key` ended: a line that waited for it may now know its time."""
        line = self.line(key, now)
        if line.blocked:
            self._look_again(line, line.free_at(now))

    def may_leave(self, key: str | None, now: float) -> bool:
        """Whether a new waiter would overtake no other and its key has room."""
        if self._only is not None:
            return not self.waiting
        line = self.line(key, now)
        return self.next_at(now) > now and not line.waiting and line.free_at(now) <= now

    def next_at(self, now: float) -> float:
        """When `head` may change, if no request ends before: now if there is a head, infinity without waiters."""
        if self._heads or (self._only is not None and self._only.head() is not None):
            return now
        return self._blocked[0][0] if self._blocked else math.inf

    def _offer(self, line: KeyQueue) -> None:
        head = line.head()
        if head is not None and not line.blocked and not (line.offers and line.offers[-1] <= head):
            line.offers.append(head)
            heapq.heappush(self._heads, (head, line))

    def _look_again(self, line: KeyQueue, at: float) -> None:
        if at < math.inf:  # else a request of this key is in flight, and its end tells
            self._lookings += 1
            heapq.heappush(self._blocked, (at, self._lookings, line))
