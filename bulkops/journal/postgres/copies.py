"""Copies of runs into PostgreSQL, by its COPY."""

from __future__ import annotations

from typing import Any

import psycopg

from bulkops.errors import JournalError
from bulkops.journal.copying import COLUMNS, RunCopy
from bulkops.journal.postgres.writes import storable


def add_copy(connection: psycopg.Connection[Any], copy: RunCopy) -> None:
    """All rows of a run, in the caller's transaction. Raises: JournalError when the run is there."""
    if connection.execute("SELECT 1 FROM runs WHERE run_id = %s", (copy.run_id,)).fetchone() is not None:
        raise JournalError(f"run {copy.run_id} is already in the journal", remedy="delete it there first")
    count = len(copy.rows["processes"])
    numbered = "SELECT nextval(pg_get_serial_sequence('processes', 'process_id')) FROM generate_series(1, %s)"
    processes = [number for (number,) in connection.execute(numbered, (count,))]
    for table, columns in COLUMNS.items():
        names = ", ".join(columns)
        rows = [[storable(value) if isinstance(value, str) else value for value in row] for row in copy.rows[table]]
        if "process_id" in columns:
            place = columns.index("process_id")
            for row in rows:
                row[place] = processes[int(row[place])]
        with connection.cursor() as cursor:
            if table == "facts":
                marks = ", ".join(["%s"] * len(columns))
                known = f"INSERT INTO facts ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - constants
                cursor.executemany(known.encode(), rows)
                continue
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copying:
                for row in rows:
                    copying.write_row(row)
