"""JSON lines of results and new secrets, one per account: to stdout, or to a file that only its owner may read."""

from __future__ import annotations

import inspect
import json
import os
import stat
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeAlias

import anyio

from bulkops.errors import ConfigError, ReaderGone, TaskFailed, TaskUnknown
from bulkops.files import target
from bulkops.secret import Secret
from bulkops.steps import Context, memory_of

STDOUT: Final = "-"


_one_at_a_time: Final = Lock()


def check_output(output: str) -> None:
    """Raises: ConfigError when no file can be written there. Makes nothing."""
    path = Path(output)
    if output != STDOUT and not os.access(path if os.access(path, os.F_OK) else path.parent, os.W_OK):
        raise ConfigError(f"cannot write {output}", remedy="check the path of the output file")


async def write_result(output: str, row: Mapping[str, Any]) -> None:
    """Append one line, whole. `output`: a path, or "-". Raises: TaskFailed when it cannot be written."""
    line = json.dumps(row) + "\n"  # ASCII: nothing in it can steer a terminal
    try:
        await anyio.to_thread.run_sync(_append_result, output, line)
    except BrokenPipeError as error:
        if output != STDOUT:
            raise TaskFailed(f"no program reads {output}", failure_class="output", remedy="choose a file") from error
        raise ReaderGone(
            "stdout was closed", failure_class="output", remedy="`bulkops resume` writes the rest, or use -o FILE"
        ) from error
    except OSError as error:
        where = "stdout" if output == STDOUT else output
        raise TaskFailed(
            f"the response cannot be written to {where}: {error.strerror}",
            failure_class="output",
            remedy="free some space, or choose another file with -o",
        ) from error


def _append_result(output: str, line: str) -> None:
    if output != STDOUT:
        _append(Path(output), line)
        return
    with _one_at_a_time:
        sys.stdout.write(line)
        sys.stdout.flush()


Keep: TypeAlias = Callable[[str, Mapping[str, Any]], "Awaitable[None] | None"]
"""Takes the account and what the vendor showed: names and ids as they are, secrets as `Secret`."""

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def place_of(given: str | Path | Keep) -> str | Keep:
    """A path made absolute; a function as it is."""
    return given if callable(given) else str(target(Path(given)))


def check_place(place: str | Keep) -> None:
    """Raises: ConfigError for a path where no such file can be, or one that others may read. Makes nothing."""
    if callable(place):
        return
    path = Path(place)
    try:
        found = path.stat()
    except FileNotFoundError:
        if not os.access(path.parent, os.W_OK):
            raise ConfigError(f"cannot write {path}", remedy="choose another file for the secrets") from None
        return
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}", remedy="choose another file") from error
    if not stat.S_ISREG(found.st_mode) or not os.access(path, os.W_OK):
        raise ConfigError(f"cannot write {path}", remedy="choose another file for the secrets")
    if found.st_mode & _OTHERS:
        raise ConfigError(
            f"other users can read {path}, but secrets would be written there",
            remedy=f"chmod 600 {path}, or choose another file",
        )


def check_keeper(recorded: str | None) -> None:
    """Raises: ConfigError when a run that is to go on gave its secrets to a function."""
    if recorded is None:
        raise ConfigError(
            "the run passed its secrets to a function of a script, which cannot be found by name",
            remedy="go on with it from that script: Fleet.resume(operation=...)",
        )


def words_for(place: str | Keep) -> str:
    """Notes to show before secrets are created."""
    where = "a function" if callable(place) else place
    return (
        f"the secrets of new keys go only to {where}, and the vendor shows each once; "
        "a second run names the command that replaces a lost one"
    )


async def kept_keys(ctx: Context, place: str | Keep) -> frozenset[int] | None:
    """Ids of the keys whose secrets are in the file, as it was when first asked in this run; None: unknown."""
    if callable(place):
        return None
    if place not in memory_of(ctx).shared:
        memory_of(ctx).shared[place] = await anyio.to_thread.run_sync(_read_keys, Path(place))
    kept: frozenset[int] = memory_of(ctx).shared[place]
    return kept


def _read_keys(path: Path) -> frozenset[int]:
    found = set()
    with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            with suppress(ValueError, RecursionError):
                row = json.loads(line)
                if isinstance(row, dict) and isinstance(row.get("key_id"), int):
                    found.add(row["key_id"])
    return frozenset(found)


async def keep_secret(place: str | Keep, account: str, shown: Mapping[str, Any]) -> None:
    """Store what the vendor showed, durably: as one JSON line, or into the function.

    Raises: TaskUnknown: the secret exists but is lost; the step that created it must probe again.
    """
    try:
        if callable(place):
            done = place(account, shown)
            if inspect.isawaitable(done):
                await done
            return
        revealed = {key: value.reveal() if isinstance(value, Secret) else value for key, value in shown.items()}
        line = json.dumps({"account": account, **revealed}) + "\n"
        await anyio.to_thread.run_sync(partial(_append, Path(place), line, is_secret=True))
    except Exception as error:
        said = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise TaskUnknown(
            f"a key was created, but its secret cannot be stored: {said}",
            cause="a key was created, but its secret cannot be stored",
            remedy="free some space, then `bulkops resume`: it requests a new secret",
        ) from error


def _append(path: Path, line: str, *, is_secret: bool = False) -> None:
    """Append a line to a file that only its owner may read from its first byte.

    `is_secret`: durably, and not to a file that others could read by now. Raises: OSError.
    """
    with _one_at_a_time:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | (os.O_NOFOLLOW if is_secret else 0)
        descriptor = os.open(path, flags, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            if is_secret and os.fstat(descriptor).st_mode & _OTHERS:
                raise PermissionError(1, f"others may read {path}")
            file.write(line)
            if is_secret:
                file.flush()
                os.fsync(descriptor)
