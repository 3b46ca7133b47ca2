"""Charts of requests over time against each quota's limit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bulkops.durations import round_duration, short_duration
from bulkops.report.html.axes import TimeAxis
from bulkops.report.html.chart import (
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
from bulkops.report.quota_usage import Traffic

_LANE: Final = 22
"""Height kept at the bottom for the waits."""


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
