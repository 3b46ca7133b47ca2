"""Heartbeats: which process works on which run. Used only by the writer thread."""

from __future__ import annotations

import math
import os
import sqlite3

from bulkops.clock import Clock


class Processes:
    """The record of this process in one journal, if it has one.

    `current`: its id. Every intent belongs to a record, which begins at the latest with it: an intent without a
    heartbeat could not be dated. `signed_boot_s`: boot clock of its newest heartbeat, on the disk or about to be.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.current: int | None = None
        self.signed_boot_s = -math.inf

    def ensure(self, connection: sqlite3.Connection) -> int:
        """Id of the current record; without one, begin a record that belongs to no run."""
        if self.current is None:
            self.current = self._insert(connection, None)
        return self.current

    def begin(self, connection: sqlite3.Connection, run_id: str) -> None:
        """Work on this run from now on."""
        adopted = connection.execute(
            "UPDATE processes SET run_id = ? WHERE process_id = ? AND run_id IS NULL", (run_id, self.current)
        ).rowcount
        if not adopted:
            self.end(connection)
            self.current = self._insert(connection, run_id)
        self.beat(connection)

    def beat(self, connection: sqlite3.Connection, *, ahead_s: float = 0.0) -> None:
        """Write a heartbeat. `ahead_s`: date it later by this time, because it would be old when it is on a slow
        disk.
        """
        now = self._clock.now()
        connection.execute(
            "UPDATE processes SET beat_boot_s = ?, beat_wall_s = ? WHERE process_id = ?",
            (now.boot_s + ahead_s, now.wall_s + ahead_s, self.current),
        )
        self.signed_boot_s = now.boot_s + ahead_s

    def end(self, connection: sqlite3.Connection) -> None:
        """The last heartbeat: nothing is sent after it."""
        self.beat(connection)
        connection.execute("UPDATE processes SET ended = 1 WHERE process_id = ?", (self.current,))
        self.current = None

    def _insert(self, connection: sqlite3.Connection, run_id: str | None) -> int:
        now = self._clock.now()
        cursor = connection.execute(
            """INSERT INTO processes (run_id, pid, boot_id, began_boot_s, began_wall_s, beat_boot_s, beat_wall_s)
               VALUES (?, ?, ?, ?, ?, ?, ?)""",
            (run_id, os.getpid(), now.boot_id, *2 * (now.boot_s, now.wall_s)),
        )
        assert cursor.lastrowid is not None  # noqa: S101 - tells the type checker what an INSERT gives
        return cursor.lastrowid
