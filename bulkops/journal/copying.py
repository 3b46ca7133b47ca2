"""Copies of runs between journals: the rows of a run, as they are.

The columns of all stores are the same, so a copy is the rows. A copy is one transaction at its destination, and is
compared with the original before it is durable.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from bulkops.errors import JournalError
from bulkops.journal.base import Queried, not_in_journal

COLUMNS: Final = {
    "runs": (
        *("run_id", "created_at", "title", "operation", "host", "workspace", "inventory_hash", "inventory_count"),
        *("policy", "tuning", "state", "reason", "ended_at"),
    ),
    "processes": (
        *("process_id", "run_id", "pid", "boot_id", "began_boot_s", "began_wall_s", "beat_boot_s", "beat_wall_s"),
        "ended",
    ),
    "accounts": (
        *("run_id", "seq", "account", "params", "outcome", "was_unknown", "failure_class", "cause", "reason", "remedy"),
        *("detail", "started_at", "ended_at"),
    ),
    "steps": (
        *("run_id", "seq", "step", "state", "data", "result", "changed", "process_id", "began_boot_s", "quiet_boot_s"),
    ),
    "facts": ("tenant", "account", "kind", "key", "value"),
    "events": ("run_id", "at", "kind", "data"),
}
"""The columns of a copy, by table, in the order in which the tables are written."""

FLAGS: Final = frozenset({"ended", "was_unknown", "changed"})
"""Columns that are numbers in SQLite and booleans in PostgreSQL."""

_WHERE: Final = {
    "processes": """process_id IN (SELECT process_id FROM processes WHERE run_id = ?
      UNION SELECT process_id FROM steps WHERE run_id = ?) ORDER BY process_id""",
    "accounts": "run_id = ? ORDER BY seq",
    "steps": "run_id = ? ORDER BY seq, step",
    "events": "run_id = ? ORDER BY event_id",
    "facts": """tenant = (SELECT host || coalesce(' workspace ' || workspace, '') FROM runs WHERE run_id = ?)
      AND account IN (SELECT account FROM accounts WHERE run_id = ?) ORDER BY account, kind, key""",
}


@attrs.frozen
class RunCopy:
    """The rows of one run by table, in the columns of `COLUMNS`. `process_id` counts from 0 in the order of processes.

    Facts: what the journal knows about the accounts of the run.
    """

    run_id: str
    rows: dict[str, list[list[Any]]]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by table, without facts: a destination may know more about an account."""
        return {table: len(rows) for table, rows in self.rows.items() if table != "facts"}


def read_copy(connection: Queried, run_id: str) -> RunCopy:
    """All rows of a run. Raises: JournalError when it is not in the journal."""
    found: dict[str, list[list[Any]]] = {}
    for table, columns in COLUMNS.items():
        where = _WHERE.get(table, "run_id = ?")
        statement = f"SELECT {', '.join(columns)} FROM {table} WHERE {where}"  # noqa: S608 - constants
        rows = [list(row) for row in connection.execute(statement, where.count("?") * (run_id,))]
        for place in (place for place, column in enumerate(columns) if column in FLAGS):
            for row in rows:
                row[place] = bool(row[place])
        found[table] = rows
    if not found["runs"]:
        raise not_in_journal(f"run {run_id}")
    _number_processes(found)
    return RunCopy(run_id, found)


def _number_processes(found: dict[str, list[list[Any]]]) -> None:
    at = COLUMNS["processes"].index("process_id")
    numbers = {row[at]: number for number, row in enumerate(found["processes"])}
    for table in ("processes", "steps"):
        at = COLUMNS[table].index("process_id")
        for row in found[table]:
            row[at] = numbers[row[at]]


def check_whole(copied: RunCopy, wanted: RunCopy) -> None:
    """Raises: JournalError when a copy differs from its original."""
    if copied.counts != wanted.counts:
        lost = {table: count - copied.counts[table] for table, count in wanted.counts.items()}
        missing = ", ".join(f"{count} {table}" for table, count in lost.items() if count)
        raise JournalError(
            f"the copy of run {wanted.run_id} is not whole: {missing} are missing",
            remedy="nothing was copied: try again",
        )
