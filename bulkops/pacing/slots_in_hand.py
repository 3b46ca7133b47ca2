"""`SharedQuota`: a quota whose slots several processes take, one by one, from a common store.

The pacer of each process decides which request leaves next; the store decides how many may leave, and when. In between
is a *hand*: slots that this process has taken from the store for requests that leave within half a second. A request
takes the first one in hand that is ready, and gives it back when the server has counted it.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from bulkops.pacing.recorded_quota import HeldSlot
from bulkops.pacing.refusal_cause import WindowUsage

if TYPE_CHECKING:
    from bulkops.pacing.quota import Quota

HORIZON_S: Final = 0.5
"""Seconds. Slots are taken so long before a request may leave with them: one trip to the store serves many."""

NOBODY: Final = WindowUsage(0, 0, 0)


@attrs.frozen
class SharedWidth:
    """What responses have taught one process about a quota, for all that share it.

    `burst`: size of the bursts when departures are spaced; 0: they are not spaced.
    """

    allowed: int
    is_opening: bool
    burst: int
    closed_for_s: float


@attrs.frozen
class Returned:
    """A slot on its way back. `counted_by`: loop time at which the server has counted its request at the latest; None:
    the request never left.
    """

    slot: Any
    counted_by: float | None
    refused: bool


@attrs.define(eq=False, kw_only=True)
class SharedQuota:
    """The hand of one quota, and what is known of the other processes. Times are the event loop's.

    `others`: slots that they hold, by the last exchange; `sharers`: processes that have lately wanted slots, this one
    included; `most`: slots that can leave within the horizon at all.
    """

    most: float = math.inf
    others: WindowUsage = NOBODY
    sharers: int = 1
    generation: int = 0
    """Slots of an earlier generation are void: the store has given them to others."""
    returned: list[Returned] = attrs.field(factory=list)
    _ready: list[tuple[float, int, Any]] = attrs.field(factory=list)
    _added: int = 0
    _left: deque[float] = attrs.field(factory=deque)

    def __len__(self) -> int:
        """Slots in hand."""
        return len(self._ready)

    def free_at(self) -> float:
        """When the first slot in hand may be used; infinity with an empty hand."""
        return self._ready[0][0] if self._ready else math.inf

    def add(self, slot: Any, ready_at: float) -> None:
        """The store has given a slot."""
        self._added += 1
        heapq.heappush(self._ready, (ready_at, self._added, slot))

    def take(self, now: float) -> Any:
        """A request leaves with the first slot in hand."""
        self._left.append(now)
        return heapq.heappop(self._ready)[2]

    def give_back(self, slot: Any, counted_by: float | None, *, refused: bool) -> None:
        """The request has ended: the server has counted it at `counted_by`, or it never left."""
        self.returned.append(Returned(slot, counted_by, refused))

    def return_unused(self, now: float, *, waiting: bool) -> None:
        """Put slots back that nobody needs: others may be waiting for them."""
        while self._ready and not waiting and self._ready[0][0] < now - HORIZON_S:
            self.give_back(heapq.heappop(self._ready)[2], None, refused=False)

    def return_all(self) -> None:
        """Put the whole hand back: nothing leaves any more."""
        while self._ready:
            self.give_back(heapq.heappop(self._ready)[2], None, refused=False)

    def wanted(self, leaving: int, now: float) -> int:
        """Slots to take beside those in hand, for `leaving` requests that could leave within the horizon.

        A request at a time needs a hand too: as many slots as have lately left.
        """
        while self._left and self._left[0] < now - HORIZON_S:
            self._left.popleft()
        return max(0, int(min(self.most, max(leaving, len(self._left)))) - len(self._ready))

    def clear(self) -> None:
        """Forget the hand and all slots of requests: this process was declared dead, and others may have its slots."""
        self.generation += 1
        self._ready.clear()
        self.returned.clear()


class SlotSource(Protocol):
    """The common store, as the pacer of one process sees it."""

    def share(self, quota: Quota, held: Sequence[HeldSlot]) -> None:
        """Keep this quota's slots from now on. `held`: by requests that left before."""

    def wake(self) -> None:
        """Something has changed: a request waits, has left or has ended, or a response has taught something."""
