"""One bar chart a row, as SVG text: ours, the peers, and the bar that must hold as a dashed line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

WIDTH: Final = 760
LABELS: Final = 300
BAR_HEIGHT: Final = 22
GAP: Final = 8
TOP: Final = 56
RIGHT: Final = 90
WIDE_SPREAD: Final = 20.0
"""Figures that differ by more than this are drawn on a logarithmic scale."""

OURS, OTHERS, LIMIT, INK = "#2f6f4f", "#9aa5b1", "#c0392b", "#222222"
FONT: Final = 'font-family="system-ui, sans-serif" font-size="13"'


class Scale:
    """Figures to pixels: from zero, or logarithmic when the spread is wide."""

    def __init__(self, figures: Sequence[float]) -> None:
        positive = [figure for figure in figures if 0 < figure < math.inf] or [1.0]
        self.is_log = max(positive) / min(positive) > WIDE_SPREAD
        self._most = max(positive)
        self._least = min(positive) / 2 if self.is_log else 0.0
        self._width = WIDTH - LABELS - RIGHT

    def __call__(self, figure: float) -> float:
        if figure >= self._most:
            return self._width
        if not self.is_log:
            return max(0.0, figure) / self._most * self._width
        if figure <= self._least:
            return 0.0
        return math.log(figure / self._least) / math.log(self._most / self._least) * self._width


def bars(row: Mapping[str, Any]) -> str:
    """The chart of one row as `harness.publish` writes it."""
    figures = {"bulkops": float(row["measured"])} | {name: float(one) for name, one in row["peers"].items()}
    bar = float(row["bar"])
    scale = Scale([*figures.values(), bar])
    height = TOP + len(figures) * (BAR_HEIGHT + GAP) + 16
    sign = "at most" if row["better"] == "below" else "at least"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(row["what"])}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(12, 20, row["what"], weight="bold"),
        _text(12, 38, f"bar: {sign} {bar:.3g}{row['unit']}{', logarithmic' if scale.is_log else ''}", fill=LIMIT),
    ]
    for place, (name, figure) in enumerate(figures.items()):
        y = TOP + place * (BAR_HEIGHT + GAP)
        color = OTHERS if place else OURS
        parts += [
            _text(LABELS - 8, y + 16, name, anchor="end"),
            f'<rect x="{LABELS}" y="{y}" width="{max(1.0, scale(figure)):.1f}" height="{BAR_HEIGHT}" fill="{color}"/>',
            _text(LABELS + scale(figure) + 6, y + 16, _figure(figure, row["unit"])),
        ]
    x = LABELS + scale(bar)
    parts += [
        f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{height - 10}" stroke="{LIMIT}" stroke-dasharray="5 4"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _figure(figure: float, unit: str) -> str:
    return "refused" if figure == math.inf else f"{figure:,.2f}{unit}"


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = INK, weight: str = "normal") -> str:
    attributes = f'x="{x:.1f}" y="{y}" {FONT} font-weight="{weight}" fill="{fill}" text-anchor="{anchor}"'
    return f"<text {attributes}>{escape(text)}</text>"
