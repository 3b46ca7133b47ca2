"""Signs of life: which process is at work, and when it last said so. Used by the writer thread alone."""

from __future__ import annotations

import math
import os
import sqlite3
from typing import Final

from bulkops.clock import Clock

FORGET_GRANTS_S: Final = 2 * 3600.0
"""Twice the longest documented window: older requests count nowhere."""


class Lives:
    """The current life of this process in one journal, if it has one.

    `current`: its id. Every intent and every grant belongs to a life, so one begins at the latest with them: an
    intent without a sign of life could not be dated. `signed_boot_s`: boot clock of its newest sign of life, on the
    disk or about to be.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.current: int | None = None
        self.signed_boot_s = -math.inf

    def ensure(self, connection: sqlite3.Connection) -> int:
        """Id of the current life; one for no host in particular begins when there is none."""
        if self.current is None:
            self.current = self._insert(connection, None, None)
        return self.current

    def begin(self, connection: sqlite3.Connection, run_id: str, host: str) -> None:
        """Be at work for this run on this host from now on."""
        adopted = connection.execute(
            "UPDATE lives SET run_id = ?, host = ? WHERE life_id = ? AND host IS NULL", (run_id, host, self.current)
        ).rowcount
        if not adopted:
            self.end(connection)
            self.current = self._insert(connection, run_id, host)
        self.beat(connection)

    def beat(self, connection: sqlite3.Connection, *, ahead_s: float = 0.0) -> None:
        """Say that the process lives now; forget what no window counts any more.

        `ahead_s`: date it so much later: by the time it is on a slow disk it would be old.
        """
        now = self._clock.now()
        connection.execute(
            "UPDATE lives SET beat_boot_s = ?, beat_wall_s = ? WHERE life_id = ?",
            (now.boot_s + ahead_s, now.wall_s + ahead_s, self.current),
        )
        self.signed_boot_s = now.boot_s + ahead_s
        connection.execute(
            "DELETE FROM grants WHERE life_id = ? AND boot_s < ?", (self.current, now.boot_s - FORGET_GRANTS_S)
        )

    def end(self, connection: sqlite3.Connection, *, is_orderly: bool = True) -> None:
        """The last sign of life: nothing is sent after it. Not orderly: something was left without an answer, and the
        life looks like that of a process that was killed now."""
        self.beat(connection)
        connection.execute("UPDATE lives SET ended = ? WHERE life_id = ?", (is_orderly, self.current))
        self.current = None

    def _insert(self, connection: sqlite3.Connection, run_id: str | None, host: str | None) -> int:
        now = self._clock.now()
        connection.execute(
            """DELETE FROM grants WHERE life_id IN (
                 SELECT life_id FROM lives WHERE CASE WHEN boot_id = ? AND boot_id <> ''
                   THEN beat_boot_s < ? ELSE beat_wall_s < ? END)""",
            (now.boot_id, now.boot_s - FORGET_GRANTS_S, now.wall_s - FORGET_GRANTS_S),
        )
        cursor = connection.execute(
            """INSERT INTO lives (run_id, host, pid, boot_id, began_boot_s, began_wall_s, beat_boot_s, beat_wall_s)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (run_id, host, os.getpid(), now.boot_id, *2 * (now.boot_s, now.wall_s)),
        )
        assert cursor.lastrowid is not None  # noqa: S101 - tells the type checker what an INSERT gives
        return cursor.lastrowid
