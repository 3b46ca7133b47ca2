"""Writes of steps, many in one statement: each statement gives the interpreter's lock away and waits for it again."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

from bulkops.journal.sqlite.processes import Processes

_MOST_ROWS: Final = 50
"""Rows of one statement. Older SQLite versions take 999 values."""

_COLUMNS: Final = ("run_id", "seq", "step", "state", "data", "result", "changed", "began_boot_s")


class StepWrite(tuple[Any, ...]):
    """A step's intent, or its end: values of the columns."""

    __slots__ = ()


def put_steps(connection: sqlite3.Connection, processes: Processes, writes: Sequence[StepWrite]) -> None:
    """Write them in their order."""
    process_id = processes.ensure(connection)
    for start in range(0, len(writes), _MOST_ROWS):
        part = writes[start : start + _MOST_ROWS]
        connection.execute(_statement(len(part)), [process_id, *chain.from_iterable(part)])


@cache
def _statement(rows: int) -> str:
    """An intent replaces the row of an earlier pass. An end keeps the intent's data, process and time."""
    kept = ", ".join(
        f"{column} = CASE excluded.state WHEN 'intent' THEN excluded.{column} ELSE {column} END"
        for column in ("data", "process_id", "began_boot_s", "quiet_boot_s")
    )
    width = len(_COLUMNS)
    marks = ", ".join(
        f"({', '.join(f'?{place}' for place in (*range(first, first + width), 1))})"
        for first in range(2, 2 + rows * width, width)
    )
    return f"""INSERT INTO steps ({", ".join(_COLUMNS)}, process_id) VALUES {marks} ON CONFLICT DO UPDATE
      SET state = excluded.state, result = excluded.result, changed = excluded.changed, {kept}"""  # noqa: S608 - constants
