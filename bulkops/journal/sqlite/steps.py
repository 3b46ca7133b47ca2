"""Writes of steps, many in one statement: each statement gives the interpreter's lock away and waits for it again."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from bulkops.journal.base import not_in_journal
from bulkops.journal.sqlite.processes import Processes

_MOST_ROWS: Final = 100
"""Rows of one statement. Older SQLite versions take 999 values."""

_COLUMNS: Final = ("run", "process_id", "seq", "step", "state", "data", "result", "changed", "began_boot_s")


class StepWrite(tuple[Any, ...]):
    """A step's intent, or its end: its run's id, then values of the columns from `seq` on."""

    __slots__ = ()


def put_steps(connection: sqlite3.Connection, processes: Processes, writes: Sequence[StepWrite]) -> None:
    """Write them; those of a run in their order. Raises: JournalError for a run that is not in the journal."""
    process_id = processes.ensure(connection)
    for run_id, of_run in groupby(sorted(writes, key=itemgetter(0)), itemgetter(0)):
        run = connection.execute("SELECT number FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        if run is None:
            raise not_in_journal(f"run {run_id}")
        rows = list(of_run)
        for start in range(0, len(rows), _MOST_ROWS):
            part = rows[start : start + _MOST_ROWS]
            values = [*run, process_id]
            for _, *row in part:
                values += row
            connection.execute(_statement(len(part)), values)


@cache
def _statement(rows: int) -> str:
    """An intent replaces the row of an earlier pass. An end keeps the intent's data, process and time."""
    kept = ", ".join(
        f"{column} = CASE excluded.state WHEN 'intent' THEN excluded.{column} ELSE {column} END"
        for column in ("data", "process_id", "began_boot_s", "quiet_boot_s")
    )
    own = [f"column{number}" for number in range(1, len(_COLUMNS) - 1)]
    marks = f"({', '.join('?' * len(own))})"
    return f"""INSERT INTO step_rows ({", ".join(_COLUMNS)})
      SELECT ?, ?, {", ".join(own)} FROM (VALUES {", ".join([marks] * rows)}) WHERE true
      ON CONFLICT DO UPDATE
      SET state = excluded.state, result = excluded.result, changed = excluded.changed, {kept}"""  # noqa: S608 - constants
