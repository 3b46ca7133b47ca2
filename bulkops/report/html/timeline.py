"""Timeline: ended accounts by outcome, and accounts in progress."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bulkops.durations import duration
from bulkops.report.html.axes import TimeAxis
from bulkops.report.html.chart import (
    BINS,
    BOTTOM,
    TOP,
    Label,
    Panel,
    Scale,
    Shape,
    area,
    count_scale,
    cut_shapes,
    line,
    time_scale,
)
from bulkops.report.html.outcomes import IN_PROGRESS, Kind, Standing
from bulkops.report.html.waves import Wave

if TYPE_CHECKING:
    from bulkops.report.model import Report

_LABEL: Final = 52
"""Width of "wave 12" and some air."""

_LANE: Final = 26
"""Height kept at the bottom for the accounts under way."""


def timeline(report: Report, standing: Standing, axis: TimeAxis, waves: Sequence[Wave] = ()) -> Panel | None:
    """Ended accounts stacked by outcome over the time axis; below it those under way. None: nothing was started.

    A resumed or retried account counts where it was taken up last.
    """
    rows = [row for row in report.accounts if row.started_at is not None]
    if not rows:
        return None
    starts = sorted(row.started_at for row in rows if row.started_at is not None)
    ends: dict[int, list[float]] = {}
    for row, kind in zip(report.accounts, standing.of, strict=True):
        if row.started_at is not None and row.ended_at is not None:
            ends.setdefault(kind, []).append(row.ended_at)
    for times in ends.values():
        times.sort()

    across, x_ticks = time_scale(axis)
    moments = [(axis.at(axis.length_s * n / BINS), across(axis.length_s * n / BINS)) for n in range(BINS + 1)]
    bottom = BOTTOM - _LANE - 8
    up, y_ticks = count_scale(sum(map(len, ends.values())), bottom=bottom)
    shapes = list(cut_shapes(axis, across))
    shapes += _stack(ends, standing.kinds, moments, up)
    under_way = [_under_way(starts, ends, at) for at, _ in moments]
    shapes.append(_lane(under_way, moments))
    begins = [(wave, across(axis.place_s(wave.started_at))) for wave in waves]
    shapes += [
        Shape(kind="wave", path=line([(x, TOP - 4), (x, BOTTOM)]), title=f"wave {wave.number} began")
        for wave, x in begins
    ]
    return Panel(
        title="Accounts over time",
        summary=_summary(ends, standing.kinds, under_way, axis),
        note=f"below: accounts under way, at most {max(under_way)}",
        x_ticks=x_ticks,
        y_ticks=[tick for tick in y_ticks if tick.at >= TOP - 1],
        shapes=shapes,
        labels=_wave_labels(begins),
    )


def _wave_labels(begins: Sequence[tuple[Wave, float]]) -> list[Label]:
    """As many labels as fit."""
    labels: list[Label] = []
    for wave, x in begins:
        if not labels or x - labels[-1].x > _LABEL:
            labels.append(Label(x=x + 3, y=TOP + 2, text=f"wave {wave.number}"))
    return labels


def _stack(
    ends: dict[int, list[float]], kinds: Sequence[Kind], moments: Sequence[tuple[float, float]], up: Scale
) -> list[Shape]:
    """Good outcomes at the bottom, bad ones on top, where they are visible."""
    shapes = []
    floor = [0] * len(moments)
    for index in sorted(ends, reverse=True):
        times = ends[index]
        roof = [below + bisect_right(times, at + 1e-6) for below, (at, _) in zip(floor, moments, strict=True)]
        upper = [(x, up(value)) for value, (_, x) in zip(roof, moments, strict=True)]
        lower = [(x, up(value)) for value, (_, x) in zip(floor, moments, strict=True)]
        kind = kinds[index]
        shapes.append(Shape(kind=f"area {kind.name}", path=area(upper, lower), title=f"{len(times)} {kind.word}"))
        floor = roof
    return shapes


def _under_way(starts: Sequence[float], ends: dict[int, list[float]], at: float) -> int:
    return bisect_right(starts, at) - sum(bisect_right(times, at) for times in ends.values())


def _lane(counts: Sequence[int], moments: Sequence[tuple[float, float]]) -> Shape:
    most = max(1, *counts)
    upper = [(x, BOTTOM - _LANE * max(0, count) / most) for count, (_, x) in zip(counts, moments, strict=True)]
    base = [(moments[0][1], float(BOTTOM)), (moments[-1][1], float(BOTTOM))]
    return Shape(kind=f"area {IN_PROGRESS.name}", path=area(upper, base), title="accounts under way")


def _summary(ends: dict[int, list[float]], kinds: Sequence[Kind], under_way: Sequence[int], axis: TimeAxis) -> str:
    counts = ", ".join(f"{len(ends[index])} {kinds[index].word}" for index in sorted(ends))
    return (
        f"Over {duration(axis.length_s)} of work: {counts or 'none ended'}; at most {max(under_way)} under way at once."
    )
