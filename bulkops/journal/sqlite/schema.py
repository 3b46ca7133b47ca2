"""The journal file: its place, its tables, and how it is opened."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bulkops.errors import JournalError
from bulkops.journal.sqlite.errors import content_lost, describe

FILE_NAME: Final = "journal.sqlite3"
LOG_NAME: Final = f"{FILE_NAME}-wal"
"""Of SQLite's own choice: the commits that are not in the file yet."""
VERSION: Final = 6

_APPLICATION_ID: Final = 0x62756C6B  # "bulk"; `file` and SQLite's own tools show it
_BUSY_S: Final = 60.0
"""Two runs (on different hosts) may share a journal: each waits for the other's short transactions."""

_TABLES: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE runs (
  number INTEGER PRIMARY KEY AUTOINCREMENT, -- the order they began in: a wall clock may step back
  run_id TEXT NOT NULL UNIQUE,
  created_at REAL NOT NULL,
  title TEXT NOT NULL,
  operation TEXT NOT NULL,
  host TEXT NOT NULL,
  workspace TEXT, -- of the partner; NULL: its token may not read it
  inventory_hash TEXT NOT NULL,
  inventory_count INTEGER NOT NULL,
  policy TEXT NOT NULL,
  tuning TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  ended_at REAL
);
CREATE TABLE accounts (
  run_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  account TEXT NOT NULL,
  params TEXT NOT NULL,
  outcome TEXT, -- NULL: started and not ended
  was_unknown INTEGER NOT NULL DEFAULT 0, -- when it was started, without an open intent: it stays so until it ends
  failure_class TEXT,
  cause TEXT,
  reason TEXT,
  remedy TEXT,
  detail TEXT,
  started_at REAL,
  ended_at REAL,
  PRIMARY KEY (run_id, seq)
) WITHOUT ROWID;
CREATE TABLE processes ( -- one process at work for one run; its newest heartbeat
  process_id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT,
  pid INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  began_boot_s REAL NOT NULL,
  began_wall_s REAL NOT NULL,
  beat_boot_s REAL NOT NULL,
  beat_wall_s REAL NOT NULL,
  ended INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX processes_by_run ON processes (run_id);
CREATE TABLE step_rows (
  number INTEGER PRIMARY KEY, -- in the order they began: steps of many accounts at work share pages
  run INTEGER NOT NULL, -- number of the run: its id would make the index longer
  seq INTEGER NOT NULL,
  step TEXT NOT NULL,
  state TEXT NOT NULL,
  data TEXT,
  result TEXT,
  changed INTEGER NOT NULL,
  process_id INTEGER NOT NULL, -- who wrote the intent, and when by its boot clock
  began_boot_s REAL NOT NULL,
  quiet_boot_s REAL, -- the account ended in that process: nothing left after this
  UNIQUE (run, seq, step)
);
CREATE VIEW steps AS
  SELECT run_id, seq, step, s.state, data, result, changed, process_id, began_boot_s, quiet_boot_s
  FROM step_rows s JOIN runs ON runs.number = s.run;
CREATE TABLE facts (
  tenant TEXT NOT NULL, -- the host, and " workspace ID" where that is known
  account TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (tenant, account, kind, key)
) WITHOUT ROWID;
CREATE TABLE events (
  event_id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  at REAL NOT NULL,
  kind TEXT NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX events_by_run ON events (run_id, event_id);
CREATE TABLE files (
  digest TEXT PRIMARY KEY, -- sha256 of the content, hex
  content BLOB NOT NULL,
  stored_at REAL NOT NULL -- the last time, wall clock
);
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {VERSION};
COMMIT;
"""  # noqa: S608 - constants


def open_for_writing(directory: Path) -> sqlite3.Connection:
    """The writer's connection; makes directory (0700) and file (0600) when they are missing.

    Raises: JournalError naming the path and what to do.
    """
    path = directory / FILE_NAME
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(directory, os.O_RDONLY)
        try:
            _lock(handle, directory)  # another process may make the journal just now
            _check_content(path)
            if not path.exists():
                _make(path)
        finally:
            os.close(handle)
        _check_access(path, os.R_OK | os.W_OK)
    except OSError as error:
        raise JournalError(
            f"cannot write a journal in {directory}: {error.strerror}", remedy="choose another directory: --journal DIR"
        ) from error
    return _opened(path, "mode=rw", _make_ready)


def _lock(handle: int, directory: Path) -> None:
    """Raises: JournalError on a file system without locks, where SQLite would wait for a minute."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:  # NFS locks files, but no directory
        if error.errno in {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}:
            raise JournalError(
                f"the file system cannot lock {directory}: {error.strerror}",
                remedy="keep the journal on a local disk: --journal DIR",
            ) from error


def exists(directory: Path) -> bool:
    """Whether a journal is there, or what is left of one. Raises: OSError."""
    return any(path.exists() or path.is_symlink() for path in (directory / FILE_NAME, directory / LOG_NAME))


def _make(path: Path) -> None:
    """Make an empty journal, under another name until it is whole: a process that is killed meanwhile leaves nothing
    that looks like a journal whose content is lost. Raises: OSError; JournalError.
    """
    new = path.with_name(f"{path.name}.new")
    for side in ("", "-journal", "-wal", "-shm"):  # of a process that was killed
        new.with_name(new.name + side).unlink(missing_ok=True)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # its side files get the same mode
    try:
        with contextlib.closing(_connect(new, "mode=rw")) as connection:
            connection.executescript(_TABLES)
            connection.execute("PRAGMA journal_mode = WAL")  # last: a full disk may keep a log from its file, silently
    except sqlite3.Error as error:
        raise describe(error, path) from error
    new.rename(path)  # SQLite syncs the directory with the first commit, which makes the log


def _check_content(path: Path) -> None:
    """Raises: JournalCorrupt when the file is empty, is a link to none, or is missing beside its log; OSError. SQLite
    would make a new database and delete the log.

    The file is not opened: closing it would drop every lock that SQLite holds on it for this process. The next process
    to close the journal would then delete its log as if it were the last, and later writes would be lost and damage the
    file. Source: sqlite.org, "How To Corrupt An SQLite Database File", 2.2.
    """
    log = path.with_name(LOG_NAME)
    if path.exists():
        if path.stat().st_size == 0:
            raise content_lost(f"{path} is empty")
    elif path.is_symlink():
        raise content_lost(f"{path} is a link to a missing file")
    elif log.exists() and log.stat().st_size and not path.exists():  # another process may have made both just now
        raise content_lost(f"{path} is missing, but its log {log.name} is there")


def _check_access(path: Path, wanted: int) -> None:
    """Raises: OSError, as opening it would."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(path, wanted):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def compact(directory: Path | str) -> None:
    """Give the space of deleted rows back to the disk; leave it when another process has the file open.

    Raises: JournalError.
    """
    path = Path(directory) / FILE_NAME
    with contextlib.closing(open_for_writing(Path(directory))) as connection:
        try:
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("VACUUM")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise describe(error, path) from error


def open_for_reading(directory: Path) -> sqlite3.Connection:
    """A connection that cannot write and makes no journal; works beside a writer and in a read-only directory.

    Raises: JournalError naming the path and what to do.
    """
    path = directory / FILE_NAME
    try:
        _check_content(path)
        if not path.exists():
            raise JournalError(
                f"the journal {directory.absolute()} does not exist",
                remedy="give the directory of an earlier run with --journal DIR, or start a run",
            )
        _check_access(path, os.R_OK)
    except OSError as error:
        raise JournalError(
            f"cannot read the journal {path}: {error.strerror}", remedy="check who owns the file and its directory"
        ) from error
    mode = "mode=ro&immutable=1" if _can_only_be_read_as_it_lies(path) else "mode=ro"
    return _opened(path, mode, _check_version)


def _can_only_be_read_as_it_lies(path: Path) -> bool:
    """Whether to open the file as immutable. SQLite creates side files even to read a WAL database. A journal that was
    closed in order has no side files, and if none can be created no process is writing.
    """
    wal, shm = (path.with_name(path.name + side) for side in ("-wal", "-shm"))
    return not os.access(path.parent, os.W_OK) and not shm.exists() and not (wal.exists() and wal.stat().st_size)


def _opened(path: Path, mode: str, prepare: Callable[[sqlite3.Connection, Path], None]) -> sqlite3.Connection:
    try:
        connection = _connect(path, mode)
        try:
            prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise describe(error, path) from error
    return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """Autocommit: transactions are spelled out. Handed from thread to thread, used by one at a time."""
    return sqlite3.connect(
        f"file:{quote(os.fsencode(path.absolute()))}?{mode}",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )


def _make_ready(connection: sqlite3.Connection, path: Path) -> None:
    _check_version(connection, path)
    connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk when it returns
    connection.execute("PRAGMA temp_store = MEMORY")  # what a statement undoes when it fails; else it may take a file


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone() != (_APPLICATION_ID,):
        raise JournalError(
            f"{path} is an SQLite database, but not a bulkops journal", remedy="choose another directory: --journal DIR"
        )
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        raise JournalError(
            f"the journal {path} has schema version {version}, but this bulkops supports version {VERSION}",
            remedy="use the bulkops version that wrote it, or choose another directory: --journal DIR",
        )
