"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_DESCRIPTORS: Final = {"/dev/fd", "/proc/self/fd"}
"""Folders whose files are the open files of this process, by number."""


def write_whole(path: Path, data: bytes | Iterable[bytes], *, mode: int = 0o600) -> None:
    """Put the file there at once: a reader never sees half of it. `mode`: of a new file, less the umask.

    A link stays: its target is replaced. A device, a pipe or an open file (/dev/stdout) is written to.

    Raises: OSError.
    """
    parts = [data] if isinstance(data, bytes) else data
    if is_stream(path):
        number = _descriptor(path)
        # opened again, a file would be written from its start
        with path.open("wb") if number is None else os.fdopen(os.dup(number), "wb") as stream:
            stream.writelines(parts)
        return
    path = target(path)
    draft = path.with_name(f".bulkops-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink()
        raise


def target(path: Path) -> Path:
    """The file that a link leads to; of links in a circle, one of them."""
    return Path(os.path.realpath(path))  # Path.resolve raises RuntimeError for a circle in Python 3.11


def is_stream(path: Path) -> bool:
    """Whether replacing the path by a file would destroy something: a device, pipe or socket, or an open file."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or _descriptor(path) is not None


def _descriptor(path: Path) -> int | None:
    """The number of the open file that the path names, as /dev/stdout does."""
    while str(path.parent) not in _DESCRIPTORS:
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return int(path.name) if path.name.isdecimal() else None
