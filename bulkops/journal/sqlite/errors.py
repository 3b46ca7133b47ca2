"""Errors of SQLite as journal errors; no sqlite3 exception leaves this package."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from bulkops.errors import JournalCorrupt, JournalError

_MOVE_IT_AWAY: Final = "move the file away to begin a new journal, or restore it from a backup"

_GO_ON: Final = "`bulkops resume` continues from the journal"

_BUSY: Final = (
    "is kept busy by another process",
    "wait for it, or stop it; without such a process, the file system lacks locks: keep the journal on a local disk",
)

_WORDS: Final[dict[int, tuple[str, str]]] = {
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "free some space"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "check the disk and its quota"),
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_READONLY: ("cannot be written", "check who owns the file and its directory"),
    sqlite3.SQLITE_PERM: ("cannot be opened", "check who owns the file and its directory"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "check who owns the file and its directory"),
}


def describe(error: sqlite3.Error | JournalError, path: Path) -> JournalError:
    """A journal error that names the file, what happened and what to do; one that is in words already stays."""
    if isinstance(error, JournalError):
        return error
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte is the primary code
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        failure: JournalError = JournalCorrupt(f"the journal {path} is damaged: {error}", remedy=_MOVE_IT_AWAY)
    else:
        what, remedy = _WORDS.get(code, ("rejects this value", "this is a bug in bulkops: please report it"))
        failure = JournalError(f"the journal {path} {what}: {error}", remedy=remedy)
    failure.__cause__ = error
    return failure


def of_a_run(failure: JournalError) -> JournalError:
    """The same, where it has ended a run: what is damaged or misused cannot go on, everything else can."""
    remedies = {remedy for what, remedy in _WORDS.values()}
    if failure.remedy in remedies:
        failure.remedy = f"{failure.remedy}; then {_GO_ON}"
    return failure


def content_lost(what: str) -> JournalCorrupt:
    """The error for a journal whose file is empty or gone."""
    return JournalCorrupt(
        f"the journal has lost its content: {what}",
        remedy="restore it from a backup, or move its files away to begin a new journal",
    )


def ended(path: Path) -> JournalError:
    """The writer has ended."""
    return JournalError(f"the journal {path} cannot be written any more: its writer has ended", remedy=_GO_ON)


def unreadable_row(error: ValueError, path: Path) -> JournalCorrupt:
    """The error for a row that this version cannot read."""
    return JournalCorrupt(f"the journal {path} has an unreadable row: {error}", remedy=_MOVE_IT_AWAY)
