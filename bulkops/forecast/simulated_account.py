"""One simulated account: its requests, its waits, and the duration of its import."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import attrs

SLOW_PART: Final = 0.06
"""Share of slow imports. It is an assumption, because no durations are published."""

SLOW_S: Final = 40.0
"""How long a slow import takes, for a first poll after 2 s."""

GOLDEN: Final = 0.6180339887
"""Multiples of it fill the unit interval evenly, however many there are."""


@attrs.frozen(kw_only=True)
class Stage:
    """Requests of one quota that an account sends in a row: `count` on average over accounts.

    `imports`: each one begins an import, which is asked for under the quota `poll_quota`.
    """

    quota: str
    count: float
    latency_s: float
    imports: bool = False
    poll_quota: str = ""


@attrs.frozen(kw_only=True)
class InFlightAccount:
    """An account in flight at the beginning: what it still has to send, and how far along it is."""

    counts: Sequence[float]
    progress: int


class SimulatedAccount:
    """What it still has to send, and what it waited for so far."""

    __slots__ = (
        "asked_at",
        "before",
        "began",
        "first_poll",
        "import_ends",
        "imported_at",
        "last",
        "progress",
        "seq",
        "since",
        "step",
        "steps",
        "waits",
    )

    def __init__(self, seq: int, steps: Sequence[Stage], now: float, before: SimulatedAccount | None) -> None:
        self.seq = seq
        self.steps = steps
        self.step = 0
        self.progress = 0
        self.began = self.since = now
        self.before = before
        """Whose end let it start."""
        self.waits: defaultdict[str, float] = defaultdict(float)
        self.last: dict[str, float] = {}
        self.import_ends = -math.inf
        self.imported_at = self.asked_at = 0.0
        self.first_poll = True

    def import_duration_s(self, first_poll_s: float) -> float:
        """Dealt out evenly over accounts. For a first poll after 2 s: 2 to 20 s, and some 40 s."""
        unit_s = first_poll_s / 2
        part = (self.seq * GOLDEN + 0.5) % 1
        if part < SLOW_PART:
            return unit_s * SLOW_S
        return unit_s * (2 + 18 * ((part - SLOW_PART) / (1 - SLOW_PART)) ** 2)

    def waits_on_the_way(self) -> dict[str, float]:
        """Its waits, and the accounts before it whose ends let it start."""
        waits: defaultdict[str, float] = defaultdict(float)
        account: SimulatedAccount | None = self
        while account is not None:
            for name, waited_s in account.waits.items():
                waits[name] += waited_s
            account = account.before
        return waits
