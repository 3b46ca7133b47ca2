"""One chart as plain figures: the template turns it into SVG. Coordinates are those of its view box."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from bulkops.report.html.axes import TimeAxis, count_ticks, time_ticks

WIDTH: Final = 480
HEIGHT: Final = 190
LEFT: Final = 42
RIGHT: Final = WIDTH - 10
TOP: Final = 16
BOTTOM: Final = HEIGHT - 24

BINS: Final = 160
"""Points of a line: one each 2.7 units of the view box, finer than a screen shows."""

Points = Sequence[tuple[float, float]]


@attrs.frozen(kw_only=True)
class Tick:
    at: float
    label: str


@attrs.frozen(kw_only=True)
class Shape:
    """A filled area, line or bar. `kind`: its class in the style sheet; `title`: what hovering says."""

    kind: str
    path: str
    title: str = ""


@attrs.frozen(kw_only=True)
class Label:
    x: float
    y: float
    text: str
    anchor: str = "start"


@attrs.frozen(kw_only=True)
class Panel:
    """`summary`: the chart in words, for screen readers; `note`: a line under it;
    `aside`: beside the title."""

    title: str
    summary: str
    note: str = ""
    aside: str = ""
    x_ticks: list[Tick] = attrs.field(factory=list)
    y_ticks: list[Tick] = attrs.field(factory=list)
    shapes: list[Shape] = attrs.field(factory=list)
    labels: list[Label] = attrs.field(factory=list)
    height: int = HEIGHT
    bottom: int = BOTTOM


@attrs.frozen
class Scale:
    """Linear: `value` 0 to `most` on `low` to `high` of the view box."""

    most: float
    low: float
    high: float

    def __call__(self, value: float) -> float:
        return self.low + (self.high - self.low) * (value / self.most if self.most else 0.0)


def time_scale(axis: TimeAxis) -> tuple[Scale, list[Tick]]:
    scale = Scale(axis.length_s, LEFT, RIGHT)
    return scale, [Tick(at=scale(at), label=label) for at, label in time_ticks(axis.length_s)]


def count_scale(most: float, *, bottom: float = BOTTOM) -> tuple[Scale, list[Tick]]:
    ticks = count_ticks(most)
    scale = Scale(ticks[-1], bottom, TOP)
    return scale, [Tick(at=scale(at), label=f"{at:,}") for at in ticks]


def line(points: Points) -> str:
    """A path through the points, without those on a straight level line between two others."""
    kept = [
        point
        for place, point in enumerate(points)
        if place in {0, len(points) - 1} or not points[place - 1][1] == point[1] == points[place + 1][1]
    ]
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in kept)


def area(upper: Points, lower: Points) -> str:
    """A closed path between two lines over the same x."""
    return f"{line(upper)}L{line(list(reversed(lower)))[1:]}Z"


def steps(points: Points) -> list[tuple[float, float]]:
    """The corners of a line that stays level from each point to the next one's x."""
    corners: list[tuple[float, float]] = []
    for place, (x, y) in enumerate(points):
        if place:
            corners.append((x, corners[-1][1]))
        corners.append((x, y))
    return corners


def bar(x: float, y: float, width: float, bottom: float) -> str:
    return f"M{_number(x)} {_number(bottom)}V{_number(y)}h{_number(width)}V{_number(bottom)}Z"


def cut_shapes(axis: TimeAxis, scale: Scale) -> Iterable[Shape]:
    """A band where a silence was cut out of the axis."""
    for cut in axis.cuts:
        begin, end = scale(cut.shown_at_s), scale(cut.shown_at_s + cut.shown_s)
        yield Shape(kind="cut", path=bar(begin, TOP, end - begin, BOTTOM), title="nothing happened: cut out")


def _number(value: float) -> str:
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text
