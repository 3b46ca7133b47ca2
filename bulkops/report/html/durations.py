"""Durations of accounts and of their steps, as charts."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import attrs

from bulkops.durations import round_duration, short_duration
from bulkops.journal import StepTiming
from bulkops.report.html.axes import quantile
from bulkops.report.html.chart import BOTTOM, LEFT, RIGHT, TOP, Label, Panel, Scale, Shape, Tick, bar, count_scale, line

if TYPE_CHECKING:
    from bulkops.report.model import Report

_BARS: Final = 32
_ID: Final = re.compile(r"[0-9]{4,}")
_MOST_STAGES: Final = 30

_SKEW_S: Final = 0.05
"""Two clocks tell when an account started (wall) and when a step began (boot)."""

_MOST_TICKS: Final = 9

_SECONDS: Final = (1.0, 60.0, 3600.0, 86_400.0)
_ROUND: Final = tuple(
    tuple(factor * 10.0**power for power in (-3, -2, -1) for factor in decimal)
    + tuple(unit * factor for unit, factors in zip(_SECONDS, sixties, strict=True) for factor in factors)
    for decimal, sixties in (
        ((1, 2, 3, 5, 7), ((1, 2, 3, 5, 7, 10, 15, 20, 30, 45), (1, 2, 3, 5, 10, 20, 30), (1, 2, 4, 8, 16), (1, 2, 4))),
        ((1, 2, 5), ((1, 2, 5, 10, 30), (1, 2, 5, 10, 30), (1, 3, 10), (1, 3))),
        ((1, 3), ((1, 3, 10), (1, 5, 20), (1, 5), (1,))),
        ((1,), ((1, 10), (1, 10), (1,), (1,))),
    )
)
"""Ticks of a logarithmic axis of seconds, 1 ms to days: many for a short axis, few for a long one."""


@attrs.frozen(kw_only=True)
class LogScale:
    """Durations on a logarithmic axis: half a second and half an hour both show. Below 1 ms counts as 1 ms."""

    least: float
    most: float
    low: float
    high: float

    @classmethod
    def around(cls, values: Sequence[float], *, low: float, high: float) -> LogScale:
        least = max(1e-3, min(values)) * 0.9
        return cls(least=least, most=max(least * 2, max(values) * 1.1), low=low, high=high)

    def __call__(self, value: float) -> float:
        part = math.log(max(self.least, value) / self.least) / math.log(self.most / self.least)
        return self.low + (self.high - self.low) * min(1.0, part)

    def edge(self, part: float) -> float:
        """The duration at `part` (0 to 1) of the axis."""
        return self.least * math.exp(part * math.log(self.most / self.least))

    def ticks(self) -> list[Tick]:
        for choice in _ROUND:
            inside = [at for at in choice if self.least <= at <= self.most]
            places = list(map(self, inside))
            room = (self.high - self.low) / _MOST_TICKS
            if all(after - before >= room for before, after in pairwise(places)):
                break
        return [Tick(at=place, label=round_duration(at)) for place, at in zip(places, inside, strict=True)]


@attrs.frozen(kw_only=True)
class Stage:
    """From the beginning of a step to that of the account's next one, over all accounts that went through it.

    `low`, `middle`, `high`, `most`: where the 5 %, 50 %, 95 % quantiles and the longest lie, in percent of the bar.
    """

    name: str
    count: int
    median: str
    p95: str
    longest: str
    low: float
    middle: float
    high: float
    most: float


def took_s(report: Report) -> list[float]:
    """Seconds of every account that was started and ended, ascending."""
    return sorted(
        max(0.0, row.ended_at - row.started_at)
        for row in report.accounts
        if row.started_at is not None and row.ended_at is not None
    )


def durations_panel(report: Report) -> Panel | None:
    """A histogram of the accounts' durations with median and 95th percentile. None: no account ended."""
    values = took_s(report)
    if not values:
        return None
    scale = LogScale.around(values, low=LEFT, high=RIGHT)
    counts = [0] * _BARS
    for value in values:
        counts[min(_BARS - 1, int((scale(value) - LEFT) / (RIGHT - LEFT) * _BARS))] += 1
    up, y_ticks = count_scale(max(counts))
    median, p95 = quantile(values, 0.5), quantile(values, 0.95)
    return Panel(
        title="How long an account took",
        summary=f"{len(values):,} accounts took {short_duration(values[0])} to {short_duration(values[-1])}; "
        f"half of them at most {short_duration(median)}, 95 percent at most {short_duration(p95)}.",
        note="time from an account's start to its end, waiting for quotas included; logarithmic",
        x_ticks=scale.ticks(),
        y_ticks=y_ticks,
        shapes=[*_bars(counts, scale, up), *_marks(scale, median, p95)],
        labels=_mark_labels(scale, median, p95),
    )


def _bars(counts: Sequence[int], scale: LogScale, up: Scale) -> list[Shape]:
    width = (RIGHT - LEFT) / _BARS
    return [
        Shape(
            kind="bar",
            path=bar(LEFT + width * place + 0.5, up(count), width - 1, BOTTOM),
            title=f"{count:,} took {short_duration(scale.edge(place / _BARS))} to "
            f"{short_duration(scale.edge((place + 1) / _BARS))}",
        )
        for place, count in enumerate(counts)
        if count
    ]


def _marks(scale: LogScale, median: float, p95: float) -> list[Shape]:
    return [
        Shape(kind=f"mark {kind}", path=line([(scale(at), TOP - 2), (scale(at), BOTTOM)]))
        for kind, at in (("median", median), ("p95", p95))
    ]


def _mark_labels(scale: LogScale, median: float, p95: float) -> list[Label]:
    """One below the other, each on the side of its line where there is more room."""
    labels = []
    for row, (name, at) in enumerate((("half", median), ("95 %", p95))):
        x = scale(at)
        is_right = x > (LEFT + RIGHT) / 2
        text = f"{name}: up to {short_duration(at)}"
        anchor = "end" if is_right else "start"
        labels.append(Label(x=x + (-4 if is_right else 4), y=TOP + 2 + 14 * row, text=text, anchor=anchor))
    return labels


def stages(report: Report, marks: Sequence[StepTiming]) -> tuple[list[Stage], list[Tick]]:
    """One row per step name (ids left out) in the order of the work, and ticks in percent of their common axis."""
    spent = _spent(report, marks)
    every = [value for values in spent.values() for value in values]
    if not every:
        return [], []
    scale = LogScale.around(every, low=0.0, high=100.0)
    return [_stage(name, sorted(values), scale) for name, values in list(spent.items())[:_MOST_STAGES]], scale.ticks()


def _stage(name: str, ordered: Sequence[float], scale: LogScale) -> Stage:
    low, median, p95 = (quantile(ordered, part) for part in (0.05, 0.5, 0.95))
    return Stage(
        name=name,
        count=len(ordered),
        median=short_duration(median),
        p95=short_duration(p95),
        longest=short_duration(ordered[-1]),
        low=scale(low),
        middle=scale(median),
        high=scale(p95),
        most=scale(ordered[-1]),
    )


def _spent(report: Report, marks: Sequence[StepTiming]) -> Mapping[str, list[float]]:
    """Seconds by stage; an account that was taken up again counts with what its last process did."""
    spent: dict[str, list[float]] = {}
    rows = {row.seq: row for row in report.accounts}
    for place, mark in enumerate(marks):
        row = rows[mark.seq]
        if row.started_at is None or mark.began_at < row.started_at - _SKEW_S:
            continue
        following = marks[place + 1] if place + 1 < len(marks) else None
        end = following.began_at if following is not None and following.seq == mark.seq else row.ended_at
        if end is not None:
            spent.setdefault(stage_name(mark.step), []).append(max(0.0, end - mark.began_at))
    return spent


def stage_name(step: str) -> str:
    """A step's name without the ids in it: one stage for all accounts.

    >>> stage_name("3 start-recipes: start 612007")
    '3 start-recipes: start <id>'
    """
    return _ID.sub("<id>", step)
