"""`Pacer`: one pump for all quotas, which takes a rate limiter's token and then releases the next waiter (C2)."""

from __future__ import annotations

import asyncio
import itertools
import math
import uuid
from collections.abc import Mapping, Sequence
from random import Random

from bulkops.events import Observer, ignore
from bulkops.pacing.key_queue import Priority, Waiter
from bulkops.pacing.limit_after_429 import Change
from bulkops.pacing.limits import Limits
from bulkops.pacing.process_quotas import ProcessQuotas
from bulkops.pacing.quota import Quota
from bulkops.pacing.rate_limiter import RateLimiter
from bulkops.pacing.recorded_quota import Full, SlotRecorder
from bulkops.pacing.slot import Slot
from bulkops.pacing.slots_in_hand import HORIZON_S
from bulkops.pacing.wakeable_sleep import WakeableSleep
from bulkops.rate_limit import Limit


class Pacer(ProcessQuotas):
    """Lets requests leave: never more than a quota allows (C1), the furthest-along account first (C2), carefully
    at first and closed once by a refusal (C3).

    Args:
        quotas: limits by quota name; a name that is not in it gets 60 a minute.
        max_rate: requests a second for all quotas together; None: as the quotas permit.
        server_timeout_s: how long after leaving the server may still count a request that was never answered.
        share: fraction of every limit to use. unlimited: no limits at all, only max_rate and what 429s say.
        explore: quotas whose limits are only assumed, and may be exceeded while nothing is refused.
        backoff_base_s, backoff_cap_s: closing after a 429 without Retry-After, full jitter.
    """

    def __init__(
        self,
        quotas: Mapping[str, Sequence[Limit]],
        *,
        max_rate: float | None = 50.0,
        server_timeout_s: float = 40.0,
        share: float = 1.0,
        unlimited: bool = False,
        explore: frozenset[str] = frozenset(),
        backoff_base_s: float = 1.0,
        backoff_cap_s: float = 60.0,
        rng: Random,
        observe: Observer = ignore,
    ) -> None:
        backoff = {"base_s": backoff_base_s, "cap_s": max(backoff_base_s, backoff_cap_s)}
        most_at_once = math.inf if max_rate is None else math.ceil(max_rate * HORIZON_S)
        super().__init__(Limits(quotas, share, unlimited, explore), backoff, most_at_once, rng=rng, observe=observe)
        self.id = uuid.uuid4().hex
        self.server_timeout_s = server_timeout_s
        self.held_back = 0
        """Accounts that wait to start until the quotas can serve them."""
        self._smoother = RateLimiter(max_rate)
        self._busy: dict[str, Quota] = {}
        self._reopening: set[str] = set()
        self._arrivals = itertools.count()
        self._sleep = WakeableSleep()
        self._is_drawing = False

    async def slot(self, quota: str, *, key: str | None = None, priority: Priority = (0, 0)) -> Slot:
        """Wait for a slot for one request of `quota`; `key`: for limits that the vendor counts separately.

        Returns without yielding to other tasks if there is room and no waiter.
        """
        wanted = self._quota(quota)
        slot = self._slot_now(wanted, key)
        if slot is not None:
            return slot
        arrival, times_put_off = next(self._arrivals), 0
        while True:
            waiter = self._enqueue(wanted, key, priority, arrival, times_put_off)
            try:
                slot = await waiter.future
            except asyncio.CancelledError:
                if waiter.future.done() and not waiter.future.cancelled():
                    waiter.future.result().unused()  # granted and cancelled in one turn of the loop
                else:
                    wanted.queue.forget(waiter, self.now())
                    if wanted.waiting:  # the pump may have seen none of them, and sleep without an end
                        self.wake()
                raise
            if self._recorder is None or not wanted.needs_record or await self._is_on_record(slot, self._recorder):
                return slot
            times_put_off += 1

    def _enqueue(self, wanted: Quota, key: str | None, priority: Priority, arrival: int, times_put_off: int) -> Waiter:
        now, future = self.now(), asyncio.get_running_loop().create_future()
        # without the frame of a named tuple's `__new__`
        waiter = tuple.__new__(Waiter, (*priority, arrival, times_put_off, future, key, now))
        if wanted.queue.push(waiter, now):
            self._busy[wanted.name] = wanted
            self.wake()
        if self._source is not None:
            self._tell_source(wanted)
        return waiter

    async def _is_on_record(self, slot: Slot, recorder: SlotRecorder) -> bool:
        """Whether the slot may be used. If not, it is returned, and its quota or key waits."""
        quota = self._quotas[slot.quota]
        try:
            taken = await recorder.take(quota.name, slot.key, quota.limits)
        except BaseException:
            slot.unused()
            raise
        if not isinstance(taken, Full):
            slot.settle = taken
            return True
        slot.unused()
        now = self.now()
        quota.put_off(slot.key, now + taken.again_in_s, now, is_key=taken.is_key)
        return False

    def slot_now(self, quota: str, *, key: str | None = None) -> Slot | None:
        """Return a slot for one request, or None if `slot` would have to wait."""
        return self._slot_now(self._quota(quota), key)

    def _slot_now(self, wanted: Quota, key: str | None) -> Slot | None:
        now = self.now()
        if not wanted.may_leave(key, now) or self._is_drawing or not self._smoother.is_ready:
            return None
        if wanted.needs_record:
            return None
        self._smoother.take()
        return self._grant(wanted, key, now, since=now)

    async def run(self) -> None:
        """Pump until cancelled. Only here a request waits for the rate limiter."""
        self.now = asyncio.get_running_loop().time
        while True:
            leaving, again_at = self._next()
            if leaving is None:
                await self._sleep.sleep_until(again_at)
            elif self._smoother.is_ready:
                self._smoother.take()
                self._leave(*leaving, self.now())
                if len(self._busy) == 1:
                    self._leave_at_once(leaving[0])
            else:
                await self._draw()
                # Time has passed: an account further along may be waiting now.
                leaving, _ = self._next()
                if leaving is not None:
                    self._leave(*leaving, self.now())

    async def _draw(self) -> None:
        """Wait for a token that no other request can take meanwhile."""
        self._is_drawing = True
        try:
            await self._smoother.draw()
        finally:
            self._is_drawing = False

    def ended(self, quota: Quota, now: float, counted_by: float | None, changes: Sequence[Change | None]) -> None:
        """For slots: a request of `quota` ended, and changed this. `counted_by` None: it never left."""
        for change in changes:
            if change is not None:
                self._tell(quota, change)
                if change == "closed":
                    self._reopening.add(quota.name)
        if self._source is not None:
            self._tell_source(quota)
        if not quota.queue.waiting or not self._sleep.is_asleep:
            return
        # Most ends free a slot only after a whole window, when the pump looks anyway.
        frees_at = now if counted_by is None or any(changes) else quota.frees_at(counted_by)
        if frees_at < self._sleep.planned_at and quota.next_at(now) < self._sleep.planned_at:
            self.wake()

    # -- the pump -----------------------------------------------------------------------------------------------

    def _next(self) -> tuple[tuple[Quota, Waiter] | None, float]:
        """The next request to leave, of all quotas; without one, the time at which to look again."""
        now = self.now()
        first: tuple[Quota, Waiter] | None = None
        again_at = math.inf
        for name, quota in list(self._busy.items()):
            if quota.exploration is not None and quota.explore(now):
                self._tell(quota, "grown")
                self._tell_source(quota)
            waiter = quota.best(now)
            if waiter is not None:
                if first is None or waiter < first[1]:
                    first = quota, waiter
            elif quota.waiting == 0:
                del self._busy[name]
            else:
                again_at = min(again_at, quota.next_at(now))
        return first, again_at

    def _leave_at_once(self, quota: Quota) -> None:
        """Of the only quota with waiters: all that `_next` would name one after the other."""
        now = self.now()
        for _ in range(quota.at_once(now) if self._smoother.is_ready else 0):
            waiter = quota.queue.head(now)
            if waiter is None or not self._smoother.is_ready:
                return
            self._smoother.take()
            self._leave(quota, waiter, now)

    def _leave(self, quota: Quota, waiter: Waiter, now: float) -> None:
        quota.queue.pop(waiter, now)
        waiter.future.set_result(self._grant(quota, waiter.key, now, since=waiter.since))
        if self._source is not None:
            self._tell_source(quota)

    def _grant(self, quota: Quota, key: str | None, now: float, *, since: float) -> Slot:
        if quota.name in self._reopening:
            self._reopening.remove(quota.name)
            self._tell(quota, "reopened")
        quota.waited_s += now - since
        windows, hand = quota.take(key, now), quota.shared
        taken, generation = (None, 0) if hand is None else (hand.take(now), hand.generation)
        slot = Slot(self, quota, key, now, now - since, windows, hand, taken, generation)
        quota.in_flight.add(slot)
        return slot

    def wake(self) -> None:
        """Look again which request may leave."""
        self._sleep.wake()
