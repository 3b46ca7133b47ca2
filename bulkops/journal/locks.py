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
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bulkops.errors import JournalError, RunLocked

_PATIENCE_S: Final = 0.1
"""`is_locked` may hold a dead run's lock for a few microseconds, longer when its process is not scheduled just then."""

_DOOR_PATIENCE_S: Final = 10.0
_MAX_CONTENT: Final = 4096
MAX_SHARERS: Final = 8


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
    def host(self, host: str, run_id: str, *, share: bool = False) -> Iterator[None]:
        """Be the one run on this host, whatever journal others use; or, with `share`, one of several.

        Raises: RunLocked naming another run: without `share` when there is one, with it when there are too many.
        """
        with ExitStack() as stack:
            with self._door(host):  # two that come at once must see each other
                holders = {place: _holder_at(place) for place in self._places(host)}
                others = [holder for holder in holders.values() if holder is not None]
                free = [place for place, holder in holders.items() if holder is None]
                if not free or (others and not share):
                    raise _in_use(others[0], host)
                holder = stack.enter_context(_held(free[0], run_id))
                if holder is not None:
                    raise _in_use(holder, host)
            yield

    @contextmanager
    def thing(self, host: str, name: str) -> Iterator[bool]:
        """Be the one that works on a thing of this host, whatever journal others use; yields whether that worked.

        Does not wait. Another handle of this very process counts as another.
        """
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
        with _held(self._host_file(host, f"{digest}.thing"), name, patience_s=-1) as holder:
            yield holder is None

    def sharers(self, host: str) -> int:
        """How many runs are at work on this host, this one included. Disturbs nobody."""
        return sum(_holder_at(place) is not None for place in self._places(host))

    def _places(self, host: str) -> list[Path]:
        return [self._host_file(host, f"{place}.lock") for place in range(MAX_SHARERS)]

    @contextmanager
    def _door(self, host: str) -> Iterator[None]:
        """Held for microseconds while somebody looks who else is there."""
        with _held(self._host_file(host, "door"), "door", patience_s=_DOOR_PATIENCE_S) as holder:
            if holder is not None:
                raise JournalError("another process keeps the lock of this host's runs", remedy="try again")
            yield

    def _host_file(self, host: str, ending: str) -> Path:
        if self._shared_directory is None:
            raise JournalError("the journal was opened for reading only", remedy="open it for writing")
        digest = hashlib.sha256(host.encode("utf-8", "replace")).hexdigest()[:16]
        return self._shared_directory / f"host-{digest}.{ending}"

    def is_run_locked(self, run_id: str) -> bool:
        """Whether a process works on the run; disturbs nobody."""
        return _holder_at(self._run_file(run_id)) is not None

    def _run_file(self, run_id: str) -> Path:
        return self._directory / f"run-{quote(run_id, safe='', errors='replace')}.lock"


def _holder_at(path: Path) -> tuple[str, int | None] | None:
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
def _held(path: Path, run_id: str, *, patience_s: float = _PATIENCE_S) -> Iterator[tuple[str, int | None] | None]:
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
            if now > end and not (patience_s > 0 and now < end + _DOOR_PATIENCE_S and _is_only_looked_at(handle)):
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


def _in_use(holder: tuple[str, int | None], host: str) -> RunLocked:
    run_id, pid = holder
    return RunLocked(
        f"run {run_id or 'of unknown id'} is being worked on by {_process(pid)}, on the same host {host}",
        run_id=run_id,
        pid=pid,
        remedy="wait until it ends (--if-running wait), or share the quotas with it (--if-running share)",
    )


def _process(pid: int | None) -> str:
    return "another process" if pid is None else f"process {pid}"
