"""Kernel locks, which die with the process that holds them, and the directory where a user's processes meet.

The file's content only says who holds it; the lock itself is flock's. A file is emptied when its lock is given back.
One that others wait for is never removed: a waiter might hold a lock on a file without a name.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bulkops.errors import JournalError

_PATIENCE_S: Final = 0.1
"""`is_locked` may hold a dead run's lock for a few microseconds, longer when its process is not scheduled just then."""

_LOOKED_AT_S: Final = 10.0
"""How long others may look at a lock that nobody holds, on a very busy machine."""
_MAX_CONTENT: Final = 4096


def state_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Where this user's processes meet, whatever journal they use; made (0700) when it is missing.

    Below the home directory and not XDG_RUNTIME_DIR: a cron job has the one and not the other, and must meet the
    terminal. Raises: JournalError when it is not this user's alone: another could make us wait, or lie about who works.
    """
    user = os.geteuid()
    given = environ.get("XDG_STATE_HOME")
    path = Path(given) if given else Path.home() / ".local" / "state"
    path /= "bulkops"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        status = path.lstat()
    except OSError as error:
        raise JournalError(
            f"cannot make the state directory {path}: {error.strerror}",
            remedy="set XDG_STATE_HOME to a directory of your own",
        ) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != user or status.st_mode & 0o077:
        raise JournalError(
            f"the state directory {path} is open to other users",
            remedy="remove it, or set XDG_STATE_HOME to a directory of your own",
        )
    return path


def holder_at(path: Path) -> tuple[str, int | None] | None:
    """Who holds the lock, or None; disturbs nobody."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:  # nobody took it yet, or it is not for us to see
        return None
    try:
        if not os.pread(handle, 1, 0):  # given back in order
            return None
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(handle)
    finally:
        os.close(handle)
    return None


@contextmanager
def held(path: Path, run_id: str, *, patience_s: float = _PATIENCE_S) -> Iterator[tuple[str, int | None] | None]:
    """Yields None when the lock is ours, else who has it: run id ("" when not told) and pid."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise JournalError(
            f"cannot open the lock {path}: {error.strerror}", remedy="check who owns the file and its directory"
        ) from error
    try:
        if _try_lock(handle, path, patience_s):
            _say(handle, f"{quote(run_id, errors='replace')} {os.getpid()}\n")
            try:
                yield None
            finally:
                _say(handle, "")
        else:
            yield _holder(handle)
    finally:
        os.close(handle)


def _say(handle: int, content: str) -> None:
    with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
        os.ftruncate(handle, 0)
        os.pwrite(handle, content.encode(), 0)


def _try_lock(handle: int, path: Path, patience_s: float) -> bool:
    end = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now = time.monotonic()
            if now > end and not (patience_s > 0 and now < end + _LOOKED_AT_S and _is_only_looked_at(handle)):
                return False
        except OSError as error:
            raise JournalError(
                f"the file system cannot lock {path}: {error.strerror}", remedy="keep the journal on a local disk"
            ) from error
        else:
            return True


def _is_only_looked_at(handle: int) -> bool:
    """Whether all who keep the lock from us share it: they look, for as long as a busy machine makes it last."""
    os.sched_yield()
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(handle, fcntl.LOCK_UN)
    return True


def _holder(handle: int) -> tuple[str, int | None]:
    run_id, _, pid = os.pread(handle, _MAX_CONTENT, 0).decode("utf-8", "replace").strip().partition(" ")
    return run_id, int(pid) if pid.isdecimal() else None


def process_words(pid: int | None) -> str:
    return "another process" if pid is None else f"process {pid}"
