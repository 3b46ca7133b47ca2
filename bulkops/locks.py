"""Kernel locks, which die with their process, and the state directory that a user's processes share.

The lock is flock's; the file's content only names the holder, and is emptied when the lock is released. A file that
others wait for is never removed, because a waiter could hold a lock on a file without a name.
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
"""Seconds. `is_locked` may hold a dead run's lock for microseconds, longer if its process is not scheduled then."""

_LOOKED_AT_S: Final = 10.0
"""Seconds for which others may probe a free lock, on a very busy machine."""
_MAX_CONTENT: Final = 4096


def state_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """The state directory of this user's processes, shared by all journals; created (0700) if missing.

    It is below the home directory, not XDG_RUNTIME_DIR, because cron jobs have only the former and must share it with
    terminals. Raises: JournalError when other users can access it: they could make us wait, or name a wrong holder.
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
            f"cannot create the state directory {path}: {error.strerror}",
            remedy="set XDG_STATE_HOME to a directory that you can write",
        ) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != user or status.st_mode & 0o077:
        raise JournalError(
            f"other users can access the state directory {path}",
            remedy="delete it, or set XDG_STATE_HOME to a directory that only you can access",
        )
    return path


def holder_at(path: Path) -> tuple[str, int | None] | None:
    """The holder of the lock, or None. Does not take the lock."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:  # not taken yet, or not readable for this user
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
    """Yields None when this process has the lock, else the holder: run id ("" if unknown) and pid."""
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
    with contextlib.suppress(OSError):  # a full disk: the lock is valid without the text
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
    """Whether all other holders share the lock: they only probe it, which takes longer on a busy machine."""
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
