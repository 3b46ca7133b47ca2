"""`Pacer`: one pump for all quotas, which takes a rate limiter's token and then releases the next waiter (C2)."""

from __future__ import annotations

import asyncio
import itertools
import math
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Final

from bulkops.events import Observer, QuotaChanged, ignore
from bulkops.pacing.adaptive_limit import Change
from bulkops.pacing.key_queue import Order, Priority, Waiter
from bulkops.pacing.limits import Limits
from bulkops.pacing.quota import Quota, QuotaStatistics
from bulkops.pacing.rate_limiter import RateLimiter
from bulkops.pacing.shared import HORIZON_S, SlotSource
from bulkops.pacing.sharing import Full, HeldSlot, SlotRecorder
from bulkops.pacing.slot import Slot
from bulkops.pacing.snapshot import QuotaSnapshot
from bulkops.settings import Limit

SHORTEST_SLEEP_S: Final = 0.0005
"""Seconds. A timer that fires early must not make the pump spin."""


class Pacer:
    """Lets requests leave: never more than a quota allows (C1), the furthest-along account first (C2), carefully
    at first and closed once by a refusal (C3).

    Args:
        quotas: limits by quota name; a name that is not in it gets 60 a minute.
        max_rate: requests a second for all quotas together; None: as the quotas permit.
        server_timeout_s: how long after leaving the server may still count a request that was never answered.
        share: fraction of every limit to use. unlimited: no limits at all, only max_rate and what 429s say.
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
        backoff_base_s: float = 1.0,
        backoff_cap_s: float = 60.0,
        rng: Random,
        observe: Observer = ignore,
    ) -> None:
        self.id = uuid.uuid4().hex
        self.server_timeout_s = server_timeout_s
        self._recorder: SlotRecorder | None = None
        self._source: SlotSource | None = None
        self.held_back = 0
        """Accounts that wait to start until the quotas can serve them."""
        self._limits = Limits(quotas, share, unlimited)
        self._part = 1.0
        self._killed_at = -math.inf
        self._inherited: dict[str, list[float]] = {}
        self._backoff = {"base_s": backoff_base_s, "cap_s": max(backoff_base_s, backoff_cap_s)}
        self._rng = rng
        self._observe = observe
        self._smoother = RateLimiter(max_rate)
        self._at_once = math.inf if max_rate is None else math.ceil(max_rate * HORIZON_S)
        self._quotas: dict[str, Quota] = {}
        self._busy: dict[str, Quota] = {}
        self._reopening: set[str] = set()
        self._arrivals = itertools.count()
        self._wake: asyncio.Future[None] | None = None
        self._planned_at = math.inf
        self._is_drawing = False
        self.now: Callable[[], float] = self._first_now
        """The event loop's time: of the loop in which it pumps. An attribute, because each grant asks several times."""

    def _first_now(self) -> float:
        self.now = asyncio.get_running_loop().time
        return self.now()

    async def slot(self, quota: str, *, key: str | None = None, priority: Priority = (0, 0)) -> Slot:
        """Wait for a slot for one request of `quota`; `key`: for limits that the vendor counts separately.

        Returns without yielding to other tasks if there is room and no waiter.
        """
        slot = self.slot_now(quota, key=key)
        if slot is not None:
            return slot
        order, wanted = (*priority, next(self._arrivals)), self._quotas[quota]
        while True:
            waiter = self._enqueue(wanted, key, order)
            try:
                slot = await waiter.future
            except asyncio.CancelledError:
                if waiter.future.done() and not waiter.future.cancelled():
                    waiter.future.result().unused()  # granted and cancelled in one turn of the loop
                else:
                    wanted.forget(waiter, self.now())
                raise
            if self._recorder is None or not wanted.needs_record or await self._is_on_record(slot, self._recorder):
                return slot

    def _enqueue(self, wanted: Quota, key: str | None, order: Order) -> Waiter:
        now = self.now()
        waiter = Waiter(order, key, asyncio.get_running_loop().create_future(), now)
        wanted.enqueue(waiter, now)
        self._busy[wanted.name] = wanted
        self.wake()
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
        now = self.now()
        wanted = self._quota(quota)
        if self._is_drawing or not self._smoother.is_ready or not wanted.may_leave(key, now):
            return None
        if wanted.needs_record:
            return None
        self._smoother.take()
        return self._grant(wanted, key, now, since=now)

    async def run(self) -> None:
        """Pump until cancelled. Only here a request waits for the rate limiter."""
        self.now = asyncio.get_running_loop().time
        while True:
            self._planned_at = math.inf
            leaving, again_at = self._next()
            if leaving is None:
                await self._sleep_until(again_at)
            elif self._smoother.is_ready:
                self._smoother.take()
                self._leave(*leaving)
            else:
                await self._draw()
                # Time has passed: an account further along may be waiting now.
                leaving, _ = self._next()
                if leaving is not None:
                    self._leave(*leaving)

    async def _draw(self) -> None:
        """Wait for a token that no other request can take meanwhile."""
        self._is_drawing = True
        try:
            await self._smoother.draw()
        finally:
            self._is_drawing = False

    # -- among processes ----------------------------------------------------------------------------------------

    @property
    def recorder(self) -> SlotRecorder | None:
        """Keeps the recorded quotas together with other processes; None: this process is alone."""
        return self._recorder

    @recorder.setter
    def recorder(self, recorder: SlotRecorder | None) -> None:
        self._recorder = recorder
        for quota in self._quotas.values():
            quota.needs_record = recorder is not None and recorder.records(quota.limits)

    def set_part(self, part: float) -> None:
        """Use this fraction of every divided quota from now on. Recorded quotas stay whole."""
        self._part = part
        for quota in self._quotas.values():
            if quota.is_divided:
                self._divide(quota)
        self.wake()

    def used_part(self) -> float:
        """The largest part of a divided quota that own requests hold now."""
        now = self.now()
        return max(
            (quota.used_part(self._limits.of(quota.name), now) for quota in self._quotas.values() if quota.is_divided),
            default=0.0,
        )

    def inherit(self, slots: Iterable[HeldSlot], *, killed_in_s: float = -math.inf) -> None:
        """Respect what earlier processes sent; replaces what was inherited before.

        `slots`: of divided quotas, from processes that ended in order. `killed_in_s`: seconds from now until the server
        has counted all that a killed process sent, which may be all of each divided quota.
        """
        now = self.now()
        self._killed_at = now + killed_in_s
        inherited = defaultdict(list)
        for slot in slots:
            inherited[slot.quota].append(now + slot.counted_in_s)
        self._inherited = dict(inherited)
        for quota in self._quotas.values():
            self._respect_others(quota)
        self.wake()

    def share_slots(self, source: SlotSource | None) -> None:
        """Take every slot from this common store from now on; None: no longer."""
        self._source = source
        now = self.now()
        for quota in self._quotas.values():
            quota.take_from(source, list(quota.held(now, self.server_timeout_s)), most=self._at_once)
        self.wake()

    def _tell_source(self, quota: Quota) -> None:
        if self._source is not None and quota.shared is not None:
            self._source.wake()

    def held(self, *, recorded: bool) -> list[HeldSlot]:
        """The slots that own requests hold: of divided quotas, or of recorded ones that are on no record."""
        now = self.now()
        return [
            slot
            for quota in self._quotas.values()
            if quota.is_recorded == recorded
            for slot in quota.held(now, self.server_timeout_s)
        ]

    def _respect_others(self, quota: Quota) -> None:
        if quota.is_divided:
            quota.inherit(self._inherited.get(quota.name, ()))
            self._divide(quota)

    def _divide(self, quota: Quota) -> None:
        """Give the quota this process's part, from when it may use it."""
        if self._part:
            quota.relimit(self._limits.of(quota.name, self._part))
        quota.not_before = self._killed_at + quota.longest_s if self._part else math.inf

    def grants_within(self, quota: str, within_s: float) -> float:
        """Requests of a quota that can leave within `within_s` seconds; infinity without a shared limit."""
        limits = self._limits.shared(quota, self._part or 1.0)
        used = self._quotas.get(quota)
        if not limits or used is not None:
            return math.inf if used is None or not limits else used.grants_within(self.now(), within_s)
        return min(limit.requests * (1 + within_s // limit.window_s) for limit in limits)

    def narrowest(self, quota: str) -> Limit | None:
        """Of the limits shared by all accounts, the one with the shortest window, as this process may use it."""
        return min(self._limits.shared(quota, self._part or 1.0), key=lambda limit: limit.window_s, default=None)

    def statistics(self) -> dict[str, QuotaStatistics]:
        """How each quota that was used stands now."""
        now = self.now()
        return {name: quota.statistics(now) for name, quota in self._quotas.items()}

    def standings(self) -> dict[str, QuotaSnapshot]:
        """The same in full, for a forecast: O(slots taken) each."""
        now = self.now()
        return {name: quota.standing(now) for name, quota in self._quotas.items()}

    def ended(self, quota: Quota, now: float, counted_by: float | None, *changes: Change | None) -> None:
        """For slots: a request of `quota` ended, and changed this. `counted_by` None: it never left."""
        for change in changes:
            if change is not None:
                self._tell(quota, change)
                if change == "closed":
                    self._reopening.add(quota.name)
        self._tell_source(quota)
        if self._wake is None or not quota.waiting:
            return
        # Most ends free a slot only after a whole window, when the pump looks anyway.
        frees_at = now if counted_by is None or any(changes) else quota.frees_at(counted_by)
        if frees_at < self._planned_at and quota.next_at(now) < self._planned_at:
            self.wake()

    # -- the pump -----------------------------------------------------------------------------------------------

    def _next(self) -> tuple[tuple[Quota, Waiter] | None, float]:
        """The next request to leave, of all quotas; without one, the time at which to look again."""
        now = self.now()
        first: tuple[Quota, Waiter] | None = None
        again_at = math.inf
        for name, quota in list(self._busy.items()):
            waiter = quota.best(now)
            if waiter is not None:
                if first is None or waiter.order < first[1].order:
                    first = quota, waiter
            elif quota.waiting == 0:
                del self._busy[name]
            else:
                again_at = min(again_at, quota.next_at(now))
        return first, again_at

    def _leave(self, quota: Quota, waiter: Waiter) -> None:
        now = self.now()
        quota.leave(waiter, now)
        waiter.future.set_result(self._grant(quota, waiter.key, now, since=waiter.since))
        self._tell_source(quota)

    def _grant(self, quota: Quota, key: str | None, now: float, *, since: float) -> Slot:
        if quota.name in self._reopening:
            self._reopening.remove(quota.name)
            self._tell(quota, "reopened")
        quota.waited_s += now - since
        return Slot(self, quota, key, now, now - since)

    async def _sleep_until(self, at: float) -> None:
        """Until `at`, or until something changes. Timers may be early: the clock is read again after it."""
        loop = asyncio.get_running_loop()
        self._planned_at = at
        self._wake = loop.create_future()
        timer = loop.call_at(max(at, loop.time() + SHORTEST_SLEEP_S), self.wake) if at < math.inf else None
        try:
            await self._wake
        finally:
            self._wake = None
            if timer is not None:
                timer.cancel()

    def wake(self) -> None:
        """Look again which request may leave."""
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _quota(self, name: str) -> Quota:
        quota = self._quotas.get(name)
        if quota is None:
            quota = self._quotas[name] = Quota(name, self._limits.of(name), rng=self._rng, **self._backoff)
            self._respect_others(quota)
            quota.take_from(self._source, (), most=self._at_once)
            quota.needs_record = self._recorder is not None and self._recorder.records(quota.limits)
            self._tell(quota, "opened")
        return quota

    def _tell(self, quota: Quota, change: str) -> None:
        adaptation = quota.adaptation
        self._observe(
            QuotaChanged(
                quota=quota.name,
                change=change,  # type: ignore[arg-type]  # the literals of the event and of the adaptation are one set
                allowed=adaptation.allowed,
                limit=quota.shortest_window.limit,
                closed_for_s=max(0.0, adaptation.closed_until - self.now()) if change == "closed" else 0.0,
            )
        )
