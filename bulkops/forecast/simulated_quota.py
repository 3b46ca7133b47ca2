"""One simulated quota: like `bulkops.pacing.quota`, without refusals and keys."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from bulkops.pacing import OPENING_GROWTH, QuotaSnapshot, window_length_s


class SimulatedQuota:
    """Slots that come free one window after the reply, opened carefully; closing by a 429 is not played.

    `waiting`: a heap of (-progress, seq, account); `open_since`: when it last had room again.
    """

    __slots__ = (
        "allowed",
        "closed_until",
        "ended",
        "frees",
        "full_at",
        "full_since",
        "grants",
        "in_flight",
        "length_s",
        "limit",
        "name",
        "open_since",
        "opening",
        "waiting",
        "wakes_at",
        "wider",
    )

    def __init__(self, name: str, standing: QuotaSnapshot) -> None:
        self.name = name
        windows = [
            (limit, window_length_s(window_s), deque[float](standing.taken_s[place] if standing.taken_s else ()))
            for place, (limit, window_s) in enumerate(standing.limits)
        ]
        (self.limit, self.length_s, self.frees), *self.wider = windows or [(10**9, 0.0, deque[float]())]
        self.allowed = min(standing.allowed, self.limit)
        self.opening = standing.opening and self.allowed < self.limit
        self.closed_until = standing.closed_for_s
        self.in_flight = self.grants = self.ended = 0
        self.full_at: int | None = None
        self.waiting: list[tuple[int, int, Any]] = []
        self.wakes_at = math.inf
        self.full_since = math.inf
        self.open_since = -math.inf

    def free_at(self, now: float) -> float:
        """`now` when a request may leave; infinity while only a reply can tell."""
        at = self._free_at(now)
        if at > now:
            self.full_since = min(self.full_since, now)
        elif self.full_since < math.inf:
            if now > self.full_since:
                self.open_since = now
            self.full_since = math.inf
        return at

    def _free_at(self, now: float) -> float:
        if now < self.closed_until:
            return self.closed_until
        frees = self.frees
        while frees and frees[0] <= now:
            frees.popleft()
        if self.in_flight + len(frees) >= self.allowed:
            return frees[0] if frees else math.inf
        for limit, _, taken in self.wider:
            while taken and taken[0] <= now:
                taken.popleft()
            if self.in_flight + len(taken) >= limit:
                return taken[0] if taken else math.inf
        return now

    def take(self) -> None:
        self.in_flight += 1
        self.grants += 1
        if self.opening and self.full_at is None and self.in_flight + len(self.frees) >= self.allowed:
            self.full_at = self.grants

    def give_back(self, now: float) -> None:
        self.in_flight -= 1
        self.ended += 1
        self.frees.append(now + self.length_s)
        for _, length_s, taken in self.wider:
            taken.append(now + length_s)
        if self.opening and self.full_at is not None and self.ended >= self.full_at - self.allowed // 10:
            self.full_at = None
            self.allowed = min(self.limit, math.ceil(self.allowed * OPENING_GROWTH))
            self.opening = self.allowed < self.limit
