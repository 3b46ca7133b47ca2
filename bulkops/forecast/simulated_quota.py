"""The quota of a forecast: a real one, on the simulation's clock."""

from __future__ import annotations

from random import Random

from bulkops.pacing import Quota, QuotaSnapshot, SharedWidth


class SimulatedQuota(Quota):
    """A quota as the snapshot shows it, at 0 on the clock. It is never refused, and its requests have no keys."""

    def __init__(self, name: str, snapshot: QuotaSnapshot) -> None:
        super().__init__(name, snapshot.limits, base_s=1.0, cap_s=1.0, rng=Random(0))  # noqa: S311 - never drawn from
        if snapshot.allowed is not None:
            self.adaptation.adopt(SharedWidth(snapshot.allowed, snapshot.opening, burst=0, closed_for_s=0.0), 0.0)
        self.not_before = snapshot.closed_for_s
        for window, free_at in zip(self.shared_windows, snapshot.taken_s, strict=False):  # an unlimited one has none
            window.hold(free_at)

    def give_back(self, granted_at: float, now: float) -> None:
        """A request was answered."""
        for window in self.shared_windows:
            window.give_back(now)
        self.adaptation.accepted(granted_at, now)
