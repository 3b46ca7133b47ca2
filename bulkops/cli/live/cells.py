"""Rows of styled text, cut to the width of a terminal: a view that wraps once cannot be redrawn in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from rich.cells import cell_len, set_cell_size

from bulkops.cli.terminal import one_line

Part: TypeAlias = tuple[str, str]
"""A text and the name of its style; "" is plain."""

Row: TypeAlias = list[Part]

ELLIPSIS: Final = "…"
_GAP: Final = 2


def cut(row: Iterable[Part], width: int) -> Row:
    """The row in at most `width` cells; what is longer ends in an ellipsis."""
    kept: Row = []
    left = width
    for text, style in row:
        length = cell_len(text)
        if length > left:
            kept.append((clipped(text, left), style))
            return kept
        kept.append((text, style))
        left -= length
    return kept


def clipped(text: str, width: int) -> str:
    """`text` in at most `width` cells."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)) + ELLIPSIS if width > 0 else ""


def fitted(text: str, width: int) -> str:
    """`text` in exactly `width` cells."""
    return set_cell_size(clipped(text, width), width)


def inert(text: str, width: int) -> str:
    """Text from a server or a customer: safe, on one line, cut to length."""
    return clipped(one_line(text[: 4 * width]), width)


def flowing(parts: Sequence[Part], width: int, *, indent: int) -> Iterator[Row]:
    """Parts side by side, in as many rows as they need."""
    row: Row = [(" " * indent, "")]
    used = indent
    for text, style in parts:
        length = cell_len(text)
        if len(row) > 1 and used + _GAP + length > width:
            yield row
            row, used = [(" " * indent, "")], indent
        if len(row) > 1:
            row.append((" " * _GAP, ""))
            used += _GAP
        row.append((text, style))
        used += length
    if len(row) > 1:
        yield row
