"""What commands that list something share: reading a journal, a table, a time."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from bulkops.journal import Journal, Location

T = TypeVar("T")


def read_journal(location: Location, read: Callable[[Journal], Awaitable[T]]) -> T:
    """What `read` returns of the journal, opened for reading only. Raises: JournalError."""
    import asyncio

    from bulkops.journal import Journal

    async def found() -> T:
        async with Journal.open(location, read_only=True) as journal:
            return await read(journal)

    return asyncio.run(found())


def utc_words(at: float) -> str:
    """`2026-01-02 10:15:30 UTC`"""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A line for each row: columns padded to their widest cell, the last one as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """`aligned`; on a terminal cut at its width."""
    lines = aligned(rows)
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        lines = [line if len(line) <= width else line[: width - 3] + "..." for line in lines]
    return "\n".join(lines) + "\n"
