"""The one pump in front of all quotas: it draws the smoother's token, then lets the next waiter leave (C2)."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Final

from bulkops.events import Observer, QuotaChanged, ignore
from bulkops.pacing.quota import Priority, Quota, QuotaStatistics, Waiter
from bulkops.pacing.smoothing import Smoother
from bulkops.settings import Limit

HELD_WINDOW_S: Final = 120.0
"""After a restart, windows up to this long are waited out; longer ones are preloaded with what is known."""

SHORTEST_SLEEP_S: Final = 0.0005
"""A timer that fires early must not make the pump spin until its time has come."""

ASSUMED: Final = (Limit(60, 60.0),)
"""For a quota that nobody documented."""


class Slot:
    """Leave to send one request now. Exactly one of replied, refused, lost, unused ends it; later calls do nothing."""

    __slots__ = ("_ended", "_grant", "_key", "_pacer", "_quota", "_windows", "granted_at", "waited_s")

    def __init__(self, pacer: Pacer, quota: Quota, key: str | None, now: float, waited_s: float) -> None:
        self._pacer = pacer
        self._quota = quota
        self._key = key
        self._grant, self._windows = quota.take(key, now)
        self._ended = False
        self.granted_at = now
        self.waited_s = waited_s

    @property
    def quota(self) -> str:
        return self._quota.name

    def left(self) -> None:
        """The request leaves only now: a fresh connection took a while."""
        self.granted_at = self._pacer.now()

    def replied(self) -> None:
        """A reply came, whatever it says but "too many requests"."""
        if self._end(self._pacer.now()):
            self._pacer.note_accepted(self._quota, self._grant, self.granted_at)

    def refused(self, retry_after_s: float | None) -> None:
        """ "Too many requests", with the server's Retry-After in seconds, if it sent one."""
        now = self._pacer.now()
        if self._end(now):
            self._quota.note_refusal(now + self._quota.narrow.length_s)
            self._pacer.note_refused(self._quota, self.granted_at, retry_after_s)

    def lost(self) -> None:
        """No reply: given up, cut off or cancelled. The server may count it until its own timeout."""
        if self._end(max(self._pacer.now(), self.granted_at + self._pacer.server_timeout_s)):
            self._quota.lost += 1

    def unused(self) -> None:
        """The request never left."""
        if not self._ended:
            self._ended = True
            for window in self._windows:
                window.give_back_unused()
            self._quota.requests -= 1
            self._pacer.note_ended(self._quota, self._key)

    def _end(self, counted_by: float) -> bool:
        if self._ended:
            return False
        self._ended = True
        for window in self._windows:
            window.give_back(counted_by + window.length_s)
        self._pacer.note_ended(self._quota, self._key)
        return True


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
        self.server_timeout_s = server_timeout_s
        self._limits = quotas
        self._share = share
        self._unlimited = unlimited
        self._backoff = {"base_s": backoff_base_s, "cap_s": max(backoff_base_s, backoff_cap_s)}
        self._rng = rng
        self._observe = observe
        self._smoother = Smoother(max_rate)
        self._quotas: dict[str, Quota] = {}
        self._busy: dict[str, Quota] = {}
        self._reopening: dict[str, Quota] = {}
        self._arrivals = itertools.count()
        self._held_until = -math.inf
        self._wake: asyncio.Future[None] | None = None
        self._planned_at = math.inf

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def slot(self, quota: str, *, key: str | None = None, priority: Priority = (0, 0)) -> Slot:
        """Wait for leave to send one request of `quota`; `key`: whose, where the vendor counts apart.

        Returns without giving way to other tasks when nobody waits and there is room.
        """
        now = self.now()
        wanted = self._quota(quota)
        if self._smoother.is_ready and wanted.is_free(key, now):
            await self._smoother.draw()
            return self._grant(wanted, key, now, since=now)
        future: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        wanted.enqueue(Waiter(order=(priority, next(self._arrivals)), key=key, future=future, since=now))
        self._busy[quota] = wanted
        self._stir()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                future.result().unused()  # granted and cancelled in one turn of the loop
            else:
                wanted.forget()
            raise

    async def run(self) -> None:
        """Pump until cancelled. The only place where the smoother is waited for."""
        while True:
            self._planned_at = math.inf
            quota, planned_at = self._next()
            if quota is None:
                await self._sleep_until(planned_at)
            elif self._smoother.is_ready:
                await self._smoother.draw()
                self._leave(quota)
            else:
                await self._smoother.draw()
                # Time went by: someone further along may be waiting now.
                quota, _ = self._next()
                if quota is not None:
                    self._leave(quota)

    def hold(self, seconds: float) -> None:
        """After a restart: an earlier process may have used its windows up to the moment it died.

        Shared windows of at most 120 s stay closed for `seconds`, but no longer than their own length.
        """
        self._held_until = max(self._held_until, self.now() + seconds)
        for quota in self._quotas.values():
            self._hold(quota)

    def preload(self, quota: str, key: str | None, ages_s: Iterable[float]) -> None:
        """Requests that an earlier process sent so many seconds ago: they count in windows longer than 120 s."""
        now = self.now()
        for age_s in ages_s:
            self._quota(quota).preload(key, age_s, now, HELD_WINDOW_S)

    def statistics(self) -> dict[str, QuotaStatistics]:
        """How each quota that was used stands now."""
        now = self.now()
        return {name: quota.statistics(now) for name, quota in self._quotas.items()}

    # -- what slots report --------------------------------------------------------------------------------------

    def note_accepted(self, quota: Quota, grant: int, granted_at: float) -> None:
        if quota.adaptation.accepted(grant, granted_at, self.now()) is not None:
            self._tell(quota, "grown")
            self._stir()

    def note_refused(self, quota: Quota, granted_at: float, retry_after_s: float | None) -> None:
        now = self.now()
        changes = quota.adaptation.refused(
            granted_at,
            now,
            used=quota.narrow.used(now),
            accepted=quota.accepted_in_window(now),
            retry_after_s=retry_after_s,
        )
        for change in changes:
            self._tell(quota, change)
        if "closed" in changes:
            self._reopening[quota.name] = quota

    def note_ended(self, quota: Quota, key: str | None) -> None:
        now = self.now()
        quota.ended(key, now)
        if quota.name in self._busy and quota.next_at(now) < self._planned_at:
            self._stir()

    # -- the pump -----------------------------------------------------------------------------------------------

    def _next(self) -> tuple[Quota | None, float]:
        """The quota whose best waiter leaves next; else None and the time at which to look again."""
        now = self.now()
        chosen: Quota | None = None
        best: Waiter | None = None
        again_at = math.inf
        for name, quota in list(self._busy.items()):
            waiter = quota.best(now)
            if waiter is not None:
                if best is None or waiter < best:
                    chosen, best = quota, waiter
            elif quota.waiting == 0:
                del self._busy[name]
            else:
                again_at = min(again_at, quota.next_at(now))
        return chosen, again_at

    def _leave(self, quota: Quota) -> None:
        now = self.now()
        waiter = quota.best(now)
        if waiter is not None:  # a spaced quota's clock was read again: it may want to wait a little more
            quota.remove(waiter)
            waiter.future.set_result(self._grant(quota, waiter.key, now, since=waiter.since))

    def _grant(self, quota: Quota, key: str | None, now: float, *, since: float) -> Slot:
        if quota.name in self._reopening:
            del self._reopening[quota.name]
            self._tell(quota, "reopened")
        quota.waited_s += now - since
        return Slot(self, quota, key, now, now - since)

    async def _sleep_until(self, at: float) -> None:
        """Until `at`, or until something changes. Timers may be early: the clock is read again after it."""
        loop = asyncio.get_running_loop()
        self._planned_at = at
        self._wake = loop.create_future()
        timer = loop.call_at(max(at, loop.time() + SHORTEST_SLEEP_S), self._stir) if at < math.inf else None
        try:
            await self._wake
        finally:
            self._wake = None
            if timer is not None:
                timer.cancel()

    def _stir(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _quota(self, name: str) -> Quota:
        quota = self._quotas.get(name)
        if quota is None:
            limits = () if self._unlimited else [self._scaled(limit) for limit in self._limits.get(name, ASSUMED)]
            quota = self._quotas[name] = Quota(name, limits, rng=self._rng, **self._backoff)
            self._hold(quota)
            self._tell(quota, "opened")
        return quota

    def _scaled(self, limit: Limit) -> Limit:
        return Limit(max(1, int(limit.requests * self._share)), limit.window_s, limit.key)

    def _hold(self, quota: Quota) -> None:
        longest_s = quota.longest_shared_s
        if longest_s > HELD_WINDOW_S + 1:  # preloaded instead; what it holds for is the short one beside it
            longest_s = quota.narrow.length_s
        quota.adaptation.hold(min(self._held_until, self.now() + longest_s))

    def _tell(self, quota: Quota, change: str) -> None:
        adaptation = quota.adaptation
        self._observe(
            QuotaChanged(
                quota=quota.name,
                change=change,  # type: ignore[arg-type]  # the literals of the event and of the adaptation are one set
                allowed=adaptation.allowed,
                limit=quota.narrow.limit,
                closed_for_s=max(0.0, adaptation.closed_until - self.now()) if change == "closed" else 0.0,
            )
        )
