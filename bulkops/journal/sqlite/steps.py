"""Writes of steps, many in one statement: each statement gives the interpreter's lock away and waits for it again."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
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
        connection.execute(_statement(len(part)), [value for write in part for value in (*write, process_id)])


@cache
def _statement(rows: int) -> str:
    """An intent replaces the row of an earlier pass. An end keeps the intent's data, process and time."""
    kept = ", ".join(
        f"{column} = CASE excluded.state WHEN 'intent' THEN excluded.{column} ELSE {column} END"
        for column in ("data", "process_id", "began_boot_s", "quiet_boot_s")
    )
    marks = f"({', '.join('?' * (len(_COLUMNS) + 1))})"
    return f"""INSERT INTO steps ({", ".join(_COLUMNS)}, process_id) VALUES {", ".join([marks] * rows)}
      ON CONFLICT DO UPDATE
      SET state = excluded.state, result = excluded.result, changed = excluded.changed, {kept}"""  # noqa: S608 - constants
