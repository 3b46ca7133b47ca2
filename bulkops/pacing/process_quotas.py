"""`ProcessQuotas`: the quotas that one process uses, and how it shares them with other processes."""

from __future__ import annotations

import asyncio
import math
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from random import Random

from bulkops.events import Observer, QuotaChanged
from bulkops.pacing.exploration import Explored
from bulkops.pacing.limits import Limits
from bulkops.pacing.quota import Quota
from bulkops.pacing.recorded_quota import HeldSlot, SlotRecorder
from bulkops.pacing.slots_in_hand import SlotSource
from bulkops.pacing.snapshot import QuotaSnapshot, QuotaStatistics
from bulkops.rate_limit import Limit


class ProcessQuotas(ABC):
    """Quotas by name, each made when it is first used."""

    server_timeout_s: float

    def __init__(
        self, limits: Limits, backoff: Mapping[str, float], most_at_once: float, *, rng: Random, observe: Observer
    ) -> None:
        """`backoff`: `base_s` and `cap_s` of a closing; `most_at_once`: slots of a common store that can be used
        within its horizon.
        """
        self._limits = limits
        self._backoff = backoff
        self._at_once = most_at_once
        self._rng = rng
        self._observe = observe
        self._recorder: SlotRecorder | None = None
        self._source: SlotSource | None = None
        self._part = 1.0
        self._killed_at = -math.inf
        self._inherited: dict[str, list[float]] = {}
        self._quotas: dict[str, Quota] = {}
        self.now: Callable[[], float] = self._first_now
        """The event loop's time: of the loop in which it pumps. An attribute, because each grant asks several times."""

    def _first_now(self) -> float:
        self.now = asyncio.get_running_loop().time
        return self.now()

    @abstractmethod
    def wake(self) -> None:
        """Look again which request may leave."""

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
            quota.relimit(self._limits.of(quota.name, self._part), part=self._part)
        quota.not_before = self._killed_at + quota.longest_s if self._part else math.inf

    def explored(self) -> list[Explored]:
        """What is known of the quotas that may be explored, from this process and from others."""
        return self._limits.explored(quota.exploration for quota in self._quotas.values())

    def learn(self, explored: Iterable[Explored]) -> None:
        """Other processes, or earlier ones, have found this."""
        for one in self._limits.learn(explored):
            quota = self._quotas.get(one.quota)
            if quota is not None and quota.learn(one, self.now()):
                self._tell(quota, "shrunk" if one.refused else "grown")
                self.wake()

    # -- how they stand -----------------------------------------------------------------------------------------

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
        return {name: QuotaStatistics.of(quota, now) for name, quota in self._quotas.items()}

    def standings(self) -> dict[str, QuotaSnapshot]:
        """The same in full, for a forecast: O(slots taken) each."""
        now = self.now()
        return {name: QuotaSnapshot.of(quota, now) for name, quota in self._quotas.items()}

    def _quota(self, name: str) -> Quota:
        quota = self._quotas.get(name)
        if quota is None:
            quota = self._quotas[name] = Quota(name, self._limits.of(name), rng=self._rng, **self._backoff)
            quota.exploration = self._limits.exploration(name, self.now())
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
