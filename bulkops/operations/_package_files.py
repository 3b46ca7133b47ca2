"""Package files: their names, and what is there already."""

from __future__ import annotations

import hashlib
import os
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bulkops.errors import InputError

_LONGEST_STEM: Final = 120
"""Letters of an account's id in a file's name; what a file system takes is about twice as long."""


def file_name(account: str) -> str:
    """The name of an account's package: its id, with everything that could lead elsewhere percent-encoded.

    >>> file_name("4100231"), file_name("E../a b")
    ('4100231.zip', 'E..%2Fa%20b.zip')
    """
    stem = quote(account, safe="")
    if len(stem) > _LONGEST_STEM:
        stem = f"{stem[:_LONGEST_STEM]}-{hashlib.sha256(account.encode()).hexdigest()[:12]}"
    return f"{stem}.zip"


def read_existing(path: Path) -> bytes | None:
    """What is there, None for nothing. Raises: InputError when it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", remedy="choose another file") from error


def is_same(old: bytes, new: bytes) -> bool:
    """Whether two packages hold the same files: a zip made again may differ in the times that it notes."""
    if old == new:
        return True
    try:
        return _digests(old) == _digests(new)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError):
        return False  # what was there is no package


def _digests(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        return {info.filename: hashlib.sha256(archive.read(info)).digest() for info in members}


def check_place(path: Path) -> None:
    """Raises: InputError when no file can be written there. Makes nothing."""
    if path.is_dir():
        raise InputError(f"{path} is a directory", remedy="name the file, such as crm.zip")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"cannot write into {path.parent}", remedy="check the path; create the directory first")


def make_directory(path: Path) -> None:
    """With those above it. Raises: InputError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot create the directory {path}: {error.strerror}", remedy="choose another directory"
        ) from error
