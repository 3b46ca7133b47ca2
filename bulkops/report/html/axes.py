"""Axes of a chart: positions of values, and round tick labels."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

_MOST_TICKS: Final = 6
_STEPS_S: Final = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0),
    *(3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0, 604_800.0),
)
"""Seconds between two ticks of a time axis: round steps."""

_PAUSE_SHARE: Final = 0.05
"""A silence longer than this part of the time in which something happened is cut out of the axis ..."""

_CUT_SHARE: Final = 0.02
"""... and leaves this part of it as a gap."""


@attrs.frozen
class Span:
    """A stretch of wall-clock time and where it begins on the axis; `shown_s` is shorter for one that is cut."""

    begin: float
    end: float
    shown_at_s: float
    shown_s: float

    @property
    def is_cut(self) -> bool:
        return self.shown_s < self.end - self.begin


@attrs.frozen
class TimeAxis:
    """Wall-clock time on a line, without the silences between the processes of one run (a night, a week)."""

    spans: tuple[Span, ...]

    @classmethod
    def over(cls, busy: Iterable[tuple[float, float]]) -> TimeAxis:
        """An axis on which all of `busy`, pairs of begin and end, can be placed."""
        merged = _merged(busy)
        worked = sum(end - begin for begin, end in merged)
        spans: list[Span] = []
        shown = 0.0
        for place, (begin, end) in enumerate(merged):
            if place:
                silence = begin - merged[place - 1][1]
                length = silence if silence <= worked * _PAUSE_SHARE else worked * _CUT_SHARE
                spans.append(Span(merged[place - 1][1], begin, shown, length))
                shown += length
            spans.append(Span(begin, end, shown, end - begin))
            shown += end - begin
        return cls(tuple(spans))

    @property
    def length_s(self) -> float:
        return max(self.spans[-1].shown_at_s + self.spans[-1].shown_s, 1e-3) if self.spans else 1e-3

    @property
    def cuts(self) -> list[Span]:
        return [span for span in self.spans if span.is_cut]

    def place_s(self, at: float) -> float:
        """Seconds from the axis' beginning to the wall-clock time `at`; what lies outside is put at an end."""
        if not self.spans:
            return 0.0
        span = self.spans[max(0, bisect_right([one.begin for one in self.spans], at) - 1)]
        part = (at - span.begin) / (span.end - span.begin) if span.end > span.begin else 0.0
        return span.shown_at_s + span.shown_s * min(1.0, max(0.0, part))

    def at(self, place_s: float) -> float:
        """The wall-clock time at `place_s`: the inverse of `place_s()`."""
        if not self.spans:
            return 0.0
        span = self.spans[max(0, bisect_right([one.shown_at_s for one in self.spans], place_s) - 1)]
        part = (place_s - span.shown_at_s) / span.shown_s if span.shown_s else 0.0
        return span.begin + (span.end - span.begin) * min(1.0, max(0.0, part))


def _merged(busy: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for begin, end in sorted(busy):
        end = max(begin, end)  # noqa: PLW2901 - a wall clock that was set back
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def time_ticks(length_s: float) -> list[tuple[float, str]]:
    """Round times from 0 to `length_s` with their labels."""
    step = next((step for step in _STEPS_S if length_s / step <= _MOST_TICKS), length_s)
    return [(step * n, time_label(step * n, step)) for n in range(int(length_s / step + 1e-9) + 1)]


def time_label(seconds: float, step_s: float = 1.0) -> str:
    """ "0", "0.5 s", "12 s", "1:30" (minutes), "2 h 05" """
    if seconds == 0:
        return "0"
    if seconds < 60:
        digits = max(0, -math.floor(math.log10(step_s))) if step_s < 1 else 0
        return f"{seconds:.{digits}f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d}"


def count_ticks(most: float) -> list[int]:
    """Three to five round counts from 0 to the first that is not below `most`."""
    step = _round_step(max(1.0, most) / 4)
    return [step * n for n in range(math.ceil(max(1.0, most) / step - 1e-9) + 1)]


def _round_step(least: float) -> int:
    power = 10 ** max(0, math.floor(math.log10(max(1.0, least))))
    return next(int(power * factor) for factor in (1, 2, 5, 10) if power * factor >= least)


def quantile(ordered: Sequence[float], part: float) -> float:
    """The value below which `part` of `ordered` (ascending, not empty) lies, without interpolation."""
    return ordered[min(len(ordered) - 1, max(0, math.ceil(part * len(ordered)) - 1))]
