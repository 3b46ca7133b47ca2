"""A report in a file: its format by the file's ending; all of it or nothing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from bulkops.errors import ConfigError

_ENDINGS: Final = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".json": "json",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".xml": "junit",
}


def format_for(path: str | None) -> str:
    """What a file of that name is to hold; None: stdout, which is text."""
    return _ENDINGS.get(Path(path or "").suffix.lower(), "text")


def write(path: Path, text: str) -> None:
    """All of it or nothing: a reader never sees half a report. Mode 0600: it names customers."""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink()
            raise
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}", remedy="check the path after -o") from error
