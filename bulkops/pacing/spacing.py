"""Departures spread over the window, for a server that refuses bursts."""

from __future__ import annotations


class Spacing:
    """One departure each window_s / allowed seconds; what was not used is saved up, `burst` departures at most.

    A generic cell rate algorithm: `_due_at` runs ahead of the clock by one interval per departure, and may be ahead
    by `burst` intervals.
    """

    __slots__ = ("_burst", "_due_at", "_interval_s", "_window_s")

    def __init__(self, window_s: float, allowed: int, *, burst: int, at: float) -> None:
        self._window_s = window_s
        self._interval_s = window_s / allowed
        self._burst = burst
        self.restart(at)

    def restart(self, at: float) -> None:
        """The server refuses until `at`: then one may leave, and nothing is saved up."""
        self._due_at = at + (self._burst - 1) * self._interval_s

    def credit(self, seconds: float) -> None:
        """The server answers again: save up what could have left in these seconds."""
        self._due_at -= seconds

    def spread(self, allowed: int) -> None:
        """From now on `allowed` departures a window."""
        self._interval_s = self._window_s / allowed

    def next_at(self) -> float:
        return self._due_at - (self._burst - 1) * self._interval_s

    def left(self, now: float) -> None:
        self._due_at = max(now, self._due_at) + self._interval_s
