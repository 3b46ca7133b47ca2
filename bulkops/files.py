"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, data: bytes | Iterable[bytes], *, mode: int = 0o600) -> None:
    """Put the file there at once: a reader never sees half of it. `mode`: of a new file, less the umask.

    A link stays: its target is replaced. A device or pipe (/dev/stdout) is written to.

    Raises: OSError.
    """
    parts = [data] if isinstance(data, bytes) else data
    if is_stream(path):
        with path.open("wb") as stream:
            stream.writelines(parts)
        return
    path = path.resolve()
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


def is_stream(path: Path) -> bool:
    """Whether the path is a device, pipe or socket: replacing it by a file would destroy it."""
    return path.exists() and not path.is_file() and not path.is_dir()
