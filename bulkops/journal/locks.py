"""One process per run, one run per credential: kernel locks, which die with their holder.

The file's content only says who holds it; the lock itself is flock's. A file is emptied when its lock is given back
and never removed: a waiter might hold a lock on a file that has no name any more.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bulkops.errors import JournalError, RunLocked

_PATIENCE_S: Final = 0.1
"""`is_locked` may hold a dead run's lock for a few microseconds, longer when its process is not scheduled just then."""

_MAX_CONTENT: Final = 4096


def shared_directory(environ: Mapping[str, str] = os.environ) -> Path:
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
            f"cannot make the directory for locks {path}: {error.strerror}",
            remedy="set XDG_STATE_HOME to a directory of your own",
        ) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != user or status.st_mode & 0o077:
        raise JournalError(
            f"the directory for locks {path} is open to other users",
            remedy="remove it, or set XDG_STATE_HOME to a directory of your own",
        )
    return path


class Locks:
    """The locks that a journal hands out. Taking one blocks for microseconds (local files), a refusal for 0.1 s."""

    def __init__(self, directory: Path, shared_directory: Path | None) -> None:
        self._directory = directory
        self._shared_directory = shared_directory

    @contextmanager
    def run(self, run_id: str) -> Iterator[None]:
        """Be the one process that works on this run. Raises: RunLocked naming run and process; JournalError."""
        with _held(self._run_file(run_id), run_id) as holder:
            if holder is not None:
                raise RunLocked(
                    f"run {run_id} is being worked on by {_process(holder[1])}",
                    run_id=run_id,
                    pid=holder[1],
                    remedy="wait until it ends, or stop it with Ctrl-C",
                )
            yield

    @contextmanager
    def host(self, host: str, run_id: str) -> Iterator[None]:
        """Be the one run on this host, whatever journal others use. Raises: RunLocked naming the other run."""
        if self._shared_directory is None:
            raise JournalError("the journal was opened for reading only")
        name = f"host-{hashlib.sha256(host.encode('utf-8', 'replace')).hexdigest()[:16]}.lock"
        with _held(self._shared_directory / name, run_id) as holder:
            if holder is not None:
                other, pid = holder
                raise RunLocked(
                    f"run {other or 'of unknown id'} is being worked on by {_process(pid)}, on the same host {host}",
                    run_id=other,
                    pid=pid,
                    remedy="wait until it ends: two runs would exceed the quotas that they share",
                )
            yield

    def is_run_locked(self, run_id: str) -> bool:
        """Whether a process works on the run; disturbs nobody."""
        try:
            handle = os.open(self._run_file(run_id), os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:  # nobody took it yet, or it is not for us to see
            return False
        try:
            if not os.pread(handle, 1, 0):  # given back in order
                return False
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def _run_file(self, run_id: str) -> Path:
        return self._directory / f"run-{quote(run_id, safe='', errors='replace')}.lock"


@contextmanager
def _held(path: Path, run_id: str) -> Iterator[tuple[str, int | None] | None]:
    """Yields None when the lock is ours, else who has it: run id ("" when not told) and pid."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise JournalError(
            f"cannot open the lock {path}: {error.strerror}", remedy="check who owns the file and its directory"
        ) from error
    try:
        if _try_lock(handle, path):
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


def _try_lock(handle: int, path: Path) -> bool:
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
        except OSError as error:
            raise JournalError(
                f"the file system cannot lock {path}: {error.strerror}", remedy="keep the journal on a local disk"
            ) from error
        else:
            return True


def _holder(handle: int) -> tuple[str, int | None]:
    run_id, _, pid = os.pread(handle, _MAX_CONTENT, 0).decode("utf-8", "replace").strip().partition(" ")
    return run_id, int(pid) if pid.isdecimal() else None


def _process(pid: int | None) -> str:
    return "another process" if pid is None else f"process {pid}"
