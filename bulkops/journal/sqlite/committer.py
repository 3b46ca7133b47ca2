"""Commits to SQLite: one transaction for a batch of writes."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, TypeAlias

from bulkops.errors import JournalError
from bulkops.journal.base import CommitFailed
from bulkops.journal.sqlite.errors import describe, ended, of_a_run
from bulkops.journal.sqlite.processes import Processes
from bulkops.journal.sqlite.steps import StepWrite, put_steps

_SLOW_S: Final = 0.5
"""Seconds. If a commit takes longer, a heartbeat is old before it can be read."""

_COPY_AT: Final = 800
"""Writes. Many in a commit take up to a page each; at 1,000 pages a commit copies the log, and its callers wait."""

Change: TypeAlias = Callable[[sqlite3.Connection, Processes], object]
"""Runs inside a transaction; may run a second time when that one is rolled back."""

Job: TypeAlias = Change | StepWrite


class SqliteCommitter:
    """Owns the writing connection."""

    def __init__(self, connection: sqlite3.Connection, path: Path, processes: Processes) -> None:
        self.signed_boot_s = -math.inf
        self._connection = connection
        self._path = path
        self._processes = processes
        self._commit_s = 0.0
        self._not_copied = 0

    @property
    def current_process(self) -> int | None:
        return self._processes.current

    def commit(self, batch: Sequence[Job], *, beats: bool) -> None:
        try:
            self._transact(batch, beats=beats)
            self._not_copied += len(batch)
        except (sqlite3.Error, JournalError) as error:
            refused = isinstance(error, JournalError | sqlite3.IntegrityError)
            raise CommitFailed(of_a_run(describe(error, self._path)), spoils=not refused) from error

    def tidy(self) -> None:
        """Copy the log to the file, before a commit has to."""
        if self._not_copied >= _COPY_AT:
            self._not_copied = 0
            with contextlib.suppress(sqlite3.Error):  # as SQLite does: the next commit reports a broken disk
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def ended(self) -> JournalError:
        return ended(self._path)

    def close(self) -> None:
        self._connection.close()

    def _transact(self, batch: Sequence[Job], *, beats: bool) -> None:
        process_before, signed_before = self._processes.current, self._processes.signed_boot_s
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for kind, jobs in groupby(batch, type):
                if kind is StepWrite:
                    put_steps(self._connection, self._processes, list(jobs))  # type: ignore[arg-type]  # of this kind
                    continue
                for job in jobs:
                    job(self._connection, self._processes)  # type: ignore[operator]  # not a StepWrite
            if beats and self._processes.current is not None:
                self._processes.beat(self._connection, ahead_s=self._commit_s if self._commit_s > _SLOW_S else 0.0)
            began = time.monotonic()
            self._connection.execute("COMMIT")
            self._commit_s = time.monotonic() - began
        except BaseException:
            self._processes.current, self._processes.signed_boot_s = process_before, signed_before
            self._connection.rollback()
            raise
        self.signed_boot_s = self._processes.signed_boot_s
