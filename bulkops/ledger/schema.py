"""The file of the local ledger: its tables, how it is opened, and how SQLite's errors are reported."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final

from bulkops.errors import JournalError

FILE_NAME: Final = "ledger.sqlite3"
VERSION: Final = 1
_BUSY_S: Final = 30.0
_BEGIN_ANEW: Final = "delete it when no run has been active for an hour: it only counts requests"

_TABLES: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE processes (
  process_id INTEGER PRIMARY KEY, -- drawn at random: it also names the lock that dies with the process
  host TEXT NOT NULL,
  workspace TEXT, -- NULL: unknown, any of the host
  label TEXT NOT NULL,
  holder TEXT NOT NULL,
  pid INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  beat_boot_s REAL NOT NULL, -- the newest heartbeat
  beat_wall_s REAL NOT NULL,
  server_timeout_s REAL NOT NULL,
  share REAL NOT NULL, -- of each divided quota
  state TEXT NOT NULL
);
CREATE INDEX processes_by_host ON processes (host, state);
CREATE TABLE slots (
  slot_id INTEGER PRIMARY KEY AUTOINCREMENT,
  process_id INTEGER NOT NULL,
  host TEXT NOT NULL,
  workspace TEXT,
  quota TEXT NOT NULL,
  key TEXT,
  recorded INTEGER NOT NULL, -- taken before it left; else left behind by a process that ended
  counted_boot_s REAL, -- by then the server has counted it; NULL: in flight
  longest_s REAL NOT NULL -- so long after that no window counts it any more
);
CREATE INDEX slots_by_quota ON slots (host, quota, counted_boot_s);
CREATE INDEX slots_by_process ON slots (process_id);
PRAGMA user_version = {VERSION};
COMMIT;
"""

_EXPLORED: Final = """
CREATE TABLE IF NOT EXISTS explored ( -- what runs have found about quotas without a published limit
  host TEXT NOT NULL,
  workspace TEXT,
  quota TEXT NOT NULL,
  window_s REAL NOT NULL,
  requests INTEGER NOT NULL, -- accepted within the window
  refused INTEGER NOT NULL -- a 429 came beyond the assumed limit
)
"""
"""Made when missing, so that the file of an earlier version can be used."""


def open_ledger(directory: Path) -> sqlite3.Connection:
    """A connection to the ledger in a directory of the user's own; made when missing.

    It uses a rollback journal instead of a write-ahead log: writes are few, and home directories may be on a network.
    Raises: JournalError.
    """
    path = directory / FILE_NAME
    try:
        if not path.exists():
            _make(path)
        elif not path.stat().st_size:
            raise JournalError(f"the ledger {path} has lost its content: the file is empty", remedy=_BEGIN_ANEW)
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    except (sqlite3.Error, OSError) as error:
        raise describe(error, path) from error
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise describe(error, path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: Path) -> None:
    """Make a ledger, under another name until it is whole: so an empty file is a ledger whose slots are lost, which a
    new run would take again. Raises: sqlite3.Error, OSError.
    """
    handle, new = tempfile.mkstemp(prefix=f"{FILE_NAME}-", dir=path.parent)
    os.close(handle)
    try:
        with closing(sqlite3.connect(new)) as connection:
            connection.executescript(_TABLES)
        try:
            os.link(new, path)
        except FileExistsError:  # another process has just made it
            return
        except OSError:  # the file system has no links
            path.touch(exist_ok=False)  # a rename would replace a ledger that another process has just made
            os.rename(new, path)
    finally:
        Path(new).unlink(missing_ok=True)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = TRUNCATE")
    connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk when it returns
    if _version(connection) != VERSION:
        raise JournalError(
            f"the ledger {path} has schema version {_version(connection)}, but this bulkops supports version {VERSION}",
            remedy="use the bulkops version that wrote it, or delete the file when no run has been active for an hour",
        )
    connection.execute(_EXPLORED)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def describe(error: sqlite3.Error | OSError, path: Path) -> JournalError:
    """An error that names the file, what happened and what to do."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte is the primary code
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        remedy = _BEGIN_ANEW
    elif code == sqlite3.SQLITE_FULL:
        remedy = "free some space on the disk"
    elif code == sqlite3.SQLITE_BUSY:
        remedy = (
            "continue or kill the bulkops process that was stopped while it held the ledger, then try again; "
            "without such a process, the file system lacks locks: set XDG_STATE_HOME to a directory on a local disk"
        )
    else:
        remedy = "check who owns the file, its directory and the disk"
    failure = JournalError(f"the ledger {path} cannot be used: {error}", remedy=remedy)
    failure.__cause__ = error
    return failure
