"""Report files: format from the file's ending, written atomically."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import click

from bulkops.errors import ConfigError
from bulkops.files import is_stream, target, write_whole

_ENDINGS: Final = {
    "": "text",
    ".txt": "text",
    ".log": "text",
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".json": "json",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".xml": "junit",
}


def format_for(path: str | None, form: str | None, *, of: str, known: Sequence[str]) -> str:
    """`form`, or else the format that the file's ending names; text for none, and for stdout (None).

    Raises: UsageError for an ending without a format, and for a format that the command `of` cannot write.
    """
    form = form or _named_by(path)
    if form not in known:
        raise click.UsageError(f"{of} cannot write {form}: use {', '.join(known[:-1])} or {known[-1]}.")
    return form


def _named_by(path: str | None) -> str:
    ending = Path(path or "").suffix.lower()
    if ending not in _ENDINGS:
        endings = ", ".join(filter(None, _ENDINGS))
        raise click.UsageError(
            f"{path}: no report format has the ending {ending}. Use {endings}, or add --format.",
            ctx=click.get_current_context(silent=True),
        )
    return _ENDINGS[ending]


def check_writable(path: Path) -> None:
    """Raises: ConfigError when no file can be created there."""
    if is_stream(path):
        return
    try:
        with tempfile.TemporaryFile(dir=target(path).parent):
            pass
    except OSError as error:
        raise _refused(path, error) from error


def write(path: Path, text: str | Iterable[str]) -> None:
    """Write the file atomically: a reader never sees half a report. Mode 0600, because it names customers."""
    try:
        write_whole(path, (part.encode() for part in ([text] if isinstance(text, str) else text)))
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"cannot write {path}: {error.strerror}", remedy="check the path after -o")
