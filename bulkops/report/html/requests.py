"""Requests over time against each quota's line, from the intervals that `bulkops.runs.meter` wrote down."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

import attrs

from bulkops.journal import EventRow
from bulkops.report.html.axes import TimeAxis, round_duration, short_duration
from bulkops.report.html.panel import (
    BINS,
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Panel,
    Scale,
    Shape,
    area,
    bar,
    count_scale,
    cut_shapes,
    line,
    time_scale,
)

PROCESS: Final = "process"
REQUESTS: Final = "requests"

_FULL: Final = 0.2

_LANE: Final = 22
"""Height kept at the bottom for the waits."""


@attrs.frozen(kw_only=True)
class Interval:
    """What one quota saw in `[begin, begin + length_s)`. `allowed`: below the limit while the quota is narrowed."""

    begin: float
    length_s: float
    requests: int
    refused: int
    lost: int
    waited_s: float
    allowed: int | None

    @property
    def end(self) -> float:
        return self.begin + self.length_s


@attrs.frozen(kw_only=True)
class Traffic:
    """One quota over the run. `limit` in `window_s`: its narrowest window for all accounts together, if it has one."""

    quota: str
    limit: int | None
    window_s: float
    share: float
    intervals: list[Interval]

    @property
    def requests(self) -> int:
        return sum(one.requests for one in self.intervals)

    @property
    def refused(self) -> int:
        return sum(one.refused for one in self.intervals)

    @property
    def lost(self) -> int:
        return sum(one.lost for one in self.intervals)

    @property
    def waited_s(self) -> float:
        return sum(one.waited_s for one in self.intervals)

    @property
    def busiest(self) -> int:
        """The most requests in any one window, as finely as the intervals tell."""
        return max(map(self._counter(), self._ends()), default=0)

    def in_window(self, moments: Sequence[float]) -> list[int]:
        """For each moment the most that the window held since the moment before."""
        count, ends = self._counter(), self._ends()
        found = []
        for place, at in enumerate(moments):
            first = bisect_right(ends, moments[place - 1]) if place else 0
            found.append(max(map(count, [*ends[first : bisect_right(ends, at)], at])))
        return found

    def _ends(self) -> list[float]:
        return [one.end for one in self.intervals]

    def _counter(self) -> Any:
        ends = self._ends()
        sums = [0, *accumulate(one.requests for one in self.intervals)]

        def count(at: float) -> int:
            """Requests of intervals that ended in the window up to `at`."""
            return sums[bisect_right(ends, at)] - sums[bisect_right(ends, at - self.window_s + 1e-3)]

        return count


def read_traffic(events: Iterable[EventRow]) -> list[Traffic]:
    """Every quota that was used, the fullest first. Events that say something else are passed over."""
    limits: dict[str, list[list[Any]]] = {}
    share = 1.0
    intervals: dict[str, list[Interval]] = {}
    for event in events:
        data = event.data if isinstance(event.data, Mapping) else {}
        if event.kind == PROCESS:
            limits.update(data.get("quotas", {}))
            share = data.get("share", 1.0)
        elif event.kind == REQUESTS:
            for quota, members in data["quotas"].items():
                intervals.setdefault(quota, []).append(_interval(data, members))
    traffic = [_traffic(quota, limits.get(quota, []), share, found) for quota, found in intervals.items()]
    return sorted(traffic, key=lambda one: (-(one.busiest / one.limit if one.limit else 0.0), one.quota))


def by_fullness(traffic: Sequence[Traffic]) -> tuple[list[Traffic], list[Traffic]]:
    """Those whose window was at least a fifth full at some time, the first one in any case; and the others."""
    full = [one for one in traffic if not one.limit or one.busiest >= one.limit * _FULL] or list(traffic[:1])
    return full, [one for one in traffic if one not in full]


def _interval(data: Mapping[str, Any], members: Mapping[str, Any]) -> Interval:
    return Interval(
        begin=data["from"],
        length_s=data["s"],
        requests=members.get("requests", 0),
        refused=members.get("refused", 0),
        lost=members.get("lost", 0),
        waited_s=members.get("waited_s", 0.0),
        allowed=members.get("allowed"),
    )


def _traffic(quota: str, limits: Sequence[Sequence[Any]], share: float, intervals: list[Interval]) -> Traffic:
    shared = sorted((window_s, limit) for limit, window_s, *key in limits if not key)
    window_s, limit = shared[0] if shared else (60.0, None)
    in_order = sorted(intervals, key=lambda one: one.end)
    return Traffic(quota=quota, limit=limit, window_s=window_s, share=share, intervals=in_order)


def requests_panel(traffic: Traffic, axis: TimeAxis) -> Panel:
    """How full the quota's window was at every moment, its line, what it refused, and how long requests waited."""
    across, x_ticks = time_scale(axis)
    places = [axis.length_s * n / BINS for n in range(BINS + 1)]
    moments = [axis.at(place) for place in places]
    counts = traffic.in_window(moments)
    bottom = BOTTOM - _LANE - 8
    up, y_ticks = count_scale(max(traffic.limit or 0, *counts), bottom=bottom)
    xs = [across(place) for place in places]
    upper = [(x, up(count)) for x, count in zip(xs, counts, strict=True)]
    shapes = [
        *cut_shapes(axis, across),
        Shape(kind="area requests", path=area(upper, [(LEFT, bottom), (RIGHT, bottom)])),
        *_limit_lines(traffic, up),
        *_refusals(traffic, axis, across),
        *_waits(traffic, axis, across),
    ]
    window = round_duration(traffic.window_s)
    return Panel(
        title=traffic.quota,
        summary=_summary(traffic, window),
        aside=f"limit {traffic.limit:,} in {window}" if traffic.limit else "no limit for all accounts together",
        note=f"requests in the last {window}; below: {_longest_wait(traffic)}",
        x_ticks=x_ticks,
        y_ticks=y_ticks,
        shapes=shapes,
    )


def _limit_lines(traffic: Traffic, up: Scale) -> Iterable[Shape]:
    if traffic.limit is None:
        return
    limits = {"limit": traffic.limit}
    if traffic.share < 1:
        limits["share"] = max(1, int(traffic.limit * traffic.share))
    for kind, limit in limits.items():
        yield Shape(kind=kind, path=line([(LEFT, up(limit)), (RIGHT, up(limit))]), title=f"{kind}: {limit}")


def _refusals(traffic: Traffic, axis: TimeAxis, across: Scale) -> Iterable[Shape]:
    """A triangle where requests were refused and a cross where they were lost, those close together as one."""
    for kind, member in (("refused", "refused"), ("lost", "lost")):
        found: dict[int, int] = {}
        for one in traffic.intervals:
            if count := getattr(one, member):
                x = round(across(axis.place_s(one.end)) / 8) * 8
                found[x] = found.get(x, 0) + count
        for x, count in found.items():
            path = f"M{x - 4} {TOP - 12}h8l-4 8z" if kind == "refused" else f"M{x + 1} {TOP - 11}l6 6m0-6l-6 6"
            words = "refused (429)" if kind == "refused" else "without an answer"
            yield Shape(kind=kind, path=path, title=f"{count} {words}")


def _waits(traffic: Traffic, axis: TimeAxis, across: Scale) -> Iterable[Shape]:
    """Bars: the mean wait of the requests of as many intervals as make a bar that can be seen; a scale of their own."""
    columns = max(1, min(BINS // 2, int(axis.length_s / max(one.length_s for one in traffic.intervals))))
    requests, waited_s = [0] * columns, [0.0] * columns
    for one in traffic.intervals:
        column = min(columns - 1, int(axis.place_s(one.begin) / axis.length_s * columns))
        requests[column] += one.requests
        waited_s[column] += one.waited_s
    means = [waited / count if count else 0.0 for waited, count in zip(waited_s, requests, strict=True)]
    most = max(means)
    if most <= 0:
        return
    width = (RIGHT - LEFT) / columns
    bars = (
        bar(across(axis.length_s * column / columns), BOTTOM - _LANE * mean / most, width, BOTTOM)
        for column, mean in enumerate(means)
        if mean > most / 1000
    )
    yield Shape(kind="waits", path="".join(bars), title="mean wait for a slot")


def _longest_wait(traffic: Traffic) -> str:
    means = [one.waited_s / one.requests for one in traffic.intervals if one.requests]
    longest = max(means, default=0.0)
    return f"mean wait for a slot, up to {short_duration(longest)}" if longest >= 0.001 else "waits (there were none)"


def _summary(traffic: Traffic, window: str) -> str:
    of = f" of {traffic.limit:,}" if traffic.limit else ""
    return (
        f"{traffic.requests:,} requests; at most {traffic.busiest:,}{of} in {window}; {traffic.refused:,} refused, "
        f"{traffic.lost:,} without an answer; {short_duration(traffic.waited_s)} waited in all."
    )
