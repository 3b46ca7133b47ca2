"""`LimitEvidence`: refusals that say that a limit is wrong; two are enough (contract C3)."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

import attrs

COMPARING_SHARE: Final = 0.75
"""Fraction of T that must be measured beyond the first T, so that a refusal compares two of them."""


@attrs.define
class LimitEvidence:
    """How much was answered well in a T before spaced departures were refused, each time that this happened.

    `is_possible`: whether the next refusal counts. One counts at most for each time that the quota turned from
    answering to refusing, and only where a full T has been measured.
    """

    _window_s: float
    is_possible: bool = attrs.field(init=False, default=False)
    _measured_from: float = attrs.field(init=False, default=math.inf)
    _turns: deque[tuple[float, int]] = attrs.field(init=False, factory=deque)
    _answered: list[int] = attrs.field(init=False, factory=list)

    def measure_afresh(self, now: float) -> None:
        """Responses before now do not show the limit: a full T must pass, and another to compare."""
        self._measured_from = now + self._window_s
        self.is_possible = False
        self._turns.clear()
        self._answered.clear()

    def turned(self, now: float, answered: int, *, is_noisy: bool) -> None:
        """The quota turned from answering to refusing, with `answered` requests in the last T."""
        # Noise may have kept it closed for most of a window: one more window shows how much is answered.
        remembered_s = self._window_s * (2 if is_noisy else 1)
        while self._turns and self._turns[0][0] < now - remembered_s:
            self._turns.popleft()
        if now >= self._measured_from:
            self._turns.append((now, answered))
        self.is_possible = now >= self._measured_from + COMPARING_SHARE * self._window_s

    def add(self) -> int | None:
        """A refusal that counts. Returns: with the second one, how much is answered in a T; then it begins anew."""
        self.is_possible = False
        self._answered.append(max(answered for _, answered in self._turns))
        if len(self._answered) < 2:
            return None
        answered = max(self._answered)
        self._answered.clear()
        return answered

    def forget(self) -> None:
        """Begin anew, without the one that counted."""
        self._answered.clear()
