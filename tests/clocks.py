"""Clocks that move when told to."""

from __future__ import annotations

import attrs

from bulkops.clock import Instant


@attrs.define
class StepClock:
    boot_id: str = "boot-a"
    boot_s: float = 1000.0
    wall_s: float = 1_700_000_000.0

    def now(self) -> Instant:
        return Instant(self.boot_id, self.boot_s, self.wall_s)

    def boot_time_s(self) -> float:
        return self.boot_s

    def pass_s(self, seconds: float) -> None:
        self.boot_s += seconds
        self.wall_s += seconds
