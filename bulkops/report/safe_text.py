"""Text from outside (customer names, server messages), made safe for one line of a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_JOINERS: Final = "\u200c\u200d"
"""Invisible characters that names in Persian, Hindi and emoji need; they do not move text."""


class _Printable(dict[int, str]):
    """A table for `str.translate` that fills itself: any space to " ", what does not print to an escape."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char.isprintable() or char in _JOINERS:
            shown = char
        elif char.isspace():
            shown = " "
        else:
            # control characters, escape sequences, bidi marks (they reorder a line), lone surrogates
            shown = char.encode("unicode_escape").decode("ascii")
        self[code] = shown
        return shown


_PRINTABLE: Final = _Printable()
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")
"""What makes a spreadsheet evaluate a cell, full-width in some locales. Source: OWASP, "CSV Injection"."""


def inline(text: str, most: int | None = None) -> str:
    """`text` on one line with nothing that a terminal acts on; cut after `most` characters, saying so.

    >>> inline("a\\x1b[31m\\nb")
    'a\\\\x1b[31m b'
    >>> inline("x" * 50, 3)
    'xxx... (47 more characters)'
    """
    if most is not None and len(text) > most:
        return f"{inline(text[:most])}... ({len(text) - most} more characters)"
    return text if text.isprintable() else text.translate(_PRINTABLE)


def factor(before: float, now: float) -> str:
    """How a figure has changed: "1.25 times", "new", "the same"."""
    if before == now:
        return "the same"
    return f"{now / before:.2f} times" if before else "new"


def figures(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of a table: names on the left, figures on the right of their columns."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        name, *cells = (
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([name, *cells]).rstrip()


def known_as(account: str, name: str | None, longest: int | None = None) -> str:
    """`4100231 (Acme Ltd)`: an account with its name, if known."""
    shown = inline(account, longest) if longest else inline(account)
    return f"{shown} ({inline(name, 60)})" if name else shown


def spreadsheet_cell(value: str | None) -> str:
    """A cell of a CSV file on one line; text that a spreadsheet would take for a formula begins with an apostrophe."""
    if value is None:
        return ""
    text = inline(value)
    return f"'{text}" if value.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
