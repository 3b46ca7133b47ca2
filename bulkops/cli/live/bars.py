"""Waves as bars of accounts: changed, unchanged, failed, in flight, left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

from bulkops.cli.live.cells import Part, Row, flowing
from bulkops.cli.progress_counts import Tally, WaveTally
from bulkops.cli.terminal import counted
from bulkops.outcome import TROUBLED, Outcome, in_words

_MOST_PAST: Final = 3
_LONGEST_BAR: Final = 100


@attrs.frozen
class Kind:
    """A part of a bar: how it is drawn, with colors and without."""

    name: str
    style: str
    glyph: str


CHANGED: Final = Kind("changed", "green", "█")
UNCHANGED: Final = Kind("unchanged", "cyan", "▓")
TROUBLE: Final = Kind("failed", "bold red", "▚")
LEFT_OUT: Final = Kind("not done", "yellow", "▁")
IN_FLIGHT: Final = Kind("in flight", "blue", "░")
EARLIER: Final = Kind("before", "dim", "█")
TO_COME: Final = Kind("to come", "dim", "·")


def sort_of(outcome: Outcome) -> Kind:
    if outcome is Outcome.CHANGED:
        return CHANGED
    if outcome is Outcome.UNCHANGED:
        return UNCHANGED
    return TROUBLE if outcome in TROUBLED else LEFT_OUT


def shares(amounts: Sequence[int], total: int, width: int) -> list[int]:
    """How many of `width` cells each amount gets: what is there at all has one, the largest pays for it."""
    cells = [0] * len(amounts)
    if total <= 0 or width <= 0:
        return cells
    cells = [max(1, amount * width // total) if amount else 0 for amount in amounts]
    while sum(cells) > width:
        cells[cells.index(max(cells))] -= 1
    return cells


def bar(amounts: Mapping[Kind, int], total: int, width: int) -> Row:
    """One bar of `width` cells; what is not in `amounts` is to come."""
    kinds = list(amounts)
    cells = shares([amounts[kind] for kind in kinds], total, width)
    full = sum(amounts.values()) >= total > 0
    if full and cells and sum(cells) < width:
        cells[cells.index(max(cells))] += width - sum(cells)
    row = [(kind.glyph * count, kind.style) for kind, count in zip(kinds, cells, strict=True) if count]
    rest = width - sum(cells)
    return [*row, (TO_COME.glyph * rest, TO_COME.style)] if rest else row


def waves(tally: Tally, width: int) -> Iterator[Row]:
    """The last waves that have passed, the one that is on with its counts, and how many are to come."""
    on = tally.wave
    past, shown = tally.waves[:-1], tally.waves[-1 - _MOST_PAST :]
    label = len(f"wave {on.of} of {on.of}") if on.of > 1 else len("accounts")
    hidden = past[: len(past) - (len(shown) - 1)]
    if hidden:
        names = "wave 1" if len(hidden) == 1 else f"waves 1-{hidden[-1].number}"
        yield [(f"{names:<{label}}  {counted(sum(wave.done for wave in hidden), 'account')}, passed", "dim")]
    most = max(len(f"{wave.size}/{wave.size}") for wave in shown)
    for wave in shown:
        name = f"wave {wave.number} of {wave.of}" if wave.of > 1 else "accounts"
        amounts = _amounts(wave, tally.in_flight if wave is on else 0)
        figures = f"{wave.done}/{wave.size}".rjust(most)
        yield [
            (f"{name:<{label}}  ", "" if wave is on else "dim"),
            *bar(amounts, wave.size, min(_LONGEST_BAR, width - label - 4 - most)),
            (f"  {figures}", "" if wave is on else "dim"),
        ]
        if wave is on:
            yield from flowing(_legend(wave, amounts), width, indent=label + 2)
    left = tally.total - sum(wave.size for wave in tally.waves)
    if on.number < on.of and left > 0:
        names = f"wave {on.of}" if on.number + 1 == on.of else f"waves {on.number + 1}-{on.of}"
        yield [(f"{names:<{label}}  {counted(left, 'account')} to come", "dim")]


def _amounts(wave: WaveTally, in_flight: int) -> dict[Kind, int]:
    amounts: dict[Kind, int] = {EARLIER: wave.settled} if wave.settled else {}
    for kind in (CHANGED, UNCHANGED, TROUBLE, LEFT_OUT):
        amounts[kind] = sum(count for outcome, count in wave.counts.items() if sort_of(outcome) is kind)
    amounts[IN_FLIGHT] = in_flight
    return amounts


def _legend(wave: WaveTally, amounts: Mapping[Kind, int]) -> list[Part]:
    """Each kind with its glyph and count; failed and unknown accounts apart, for those need different things."""
    parts = []
    for kind, amount in amounts.items():
        if not amount:
            continue
        glyph = kind.glyph
        if kind in {TROUBLE, LEFT_OUT}:
            said = in_words({outcome: count for outcome, count in wave.counts.items() if sort_of(outcome) is kind})
            parts.append((f"{glyph} {said}", kind.style))
        else:
            parts.append((f"{glyph} {amount} {kind.name}", kind.style))
    return parts
