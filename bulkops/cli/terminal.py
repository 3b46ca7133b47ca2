"""Output: results to stdout, messages and progress to stderr, both without control characters."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import IO, Final, TextIO

from bulkops.errors import BulkopsError
from bulkops.logs import neutral, neutral_json

FORMAT_VARIABLE: Final = "BULKOPS_LOG_FORMAT"


def one_line(text: str) -> str:
    """`neutral`, and on one line."""
    return " ".join(neutral(text).split())


def counted(count: int, noun: str, form: str = "") -> str:
    """`1 account`, `300 accounts`. `form`: of the number, such as "," for thousands."""
    return f"{count:{form}} {noun}{'' if count == 1 else 's'}"


def examples(names: Sequence[str]) -> str:
    """The first three of them, in words."""
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def wants_json_lines() -> bool:
    """Whether everything on stderr has to be JSON, an object a line."""
    return os.environ.get(FORMAT_VARIABLE) == "json"


def say(text: str) -> None:
    """Print one line to stderr. A stderr that is closed, or on a full disk, does not stop a run."""
    _write(_json_line("info", "said", text=text) if wants_json_lines() else neutral(text))


def say_failure(what: str, remedy: str | None) -> None:
    """Print an error and its remedy: two lines, or one JSON line."""
    if wants_json_lines():
        _write(_json_line("error", "failed", error=what, remedy=remedy))
        return
    say(f"error: {what}")
    if remedy:
        say(f"  try: {remedy}")


def _json_line(level: str, event: str, **members: str | None) -> str:
    """As the log writes its lines."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"event": event, **members, "level": level, "timestamp": at})


def _write(line: str) -> None:
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        abandon(sys.stderr)


def put(text: str | Iterable[str], *, json: bool = False) -> bool:
    """The result, to stdout: byte for byte for a program, without what steers for a terminal.

    A closed pipe (`| head`) or terminal is not an error: returns False. Characters that the locale cannot write are
    escaped.
    """
    is_terminal, encoding = sys.stdout.isatty(), sys.stdout.encoding or "utf-8"

    def write() -> None:
        for part in [text] if isinstance(text, str) else text:
            safe = neutral_json(part) if json else neutral(part.replace("\r\n", "\n")) if is_terminal else part
            sys.stdout.write(safe.encode(encoding, "backslashreplace").decode(encoding))

    return _to_stdout(write)


def put_bytes(data: bytes) -> bool:
    """As `put`, for a result that is not text."""
    return _to_stdout(lambda: sys.stdout.buffer.write(data))


def _to_stdout(write: Callable[[], object]) -> bool:
    try:
        write()
        sys.stdout.flush()
    except OSError as error:
        abandon(sys.stdout)
        if error.errno in {errno.EPIPE, errno.EIO}:  # EIO: the terminal hung up
            return False
        raise BulkopsError(
            f"cannot write to stdout: {error.strerror}",
            remedy="free some space; `bulkops report` shows what a run did",
        ) from error
    return True


def abandon(stream: IO[str]) -> None:
    """Redirect a broken stream to nothing, or Python reports it again at exit."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
    except (OSError, ValueError):
        return


def is_one_place() -> bool:
    """Whether stdout and stderr are the same terminal, file or pipe."""
    try:
        return os.path.sameopenfile(sys.stdout.fileno(), sys.stderr.fileno())
    except (OSError, ValueError):
        return False


def can_ask() -> bool:
    """Whether the session is interactive: questions go to stderr and answers come from stdin."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def is_live() -> bool:
    """Whether stderr may be redrawn in place."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not wants_json_lines()


def wants_color(stream: TextIO) -> bool:
    """NO_COLOR (any value) beats FORCE_COLOR (any value) beats what the stream is. Source: no-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
