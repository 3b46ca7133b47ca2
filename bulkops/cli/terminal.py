"""What may be printed, and where: stdout is the result, stderr is the story."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from bulkops.logs import neutral, neutral_json


def one_line(text: str) -> str:
    """`neutral`, and on one line."""
    return " ".join(neutral(text).split())


def say(text: str) -> None:
    """One line of the story, to stderr. Nobody reading is no reason to stop a run."""
    try:
        sys.stderr.write(neutral(text) + "\n")
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):
        _abandon(sys.stderr)


def put(text: str, *, json: bool = False) -> None:
    """The result, to stdout: byte for byte for a program, without what steers for a terminal.

    A reader that left (`| head`) has what it wanted. What the locale cannot write is written as an escape.
    """
    if json:
        text = neutral_json(text)
    elif sys.stdout.isatty():
        text = neutral(text.replace("\r\n", "\n"))
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        _abandon(sys.stdout)


def _abandon(stream: TextIO) -> None:
    """Point a broken stream at nothing, else Python complains about it once more at exit."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
    except (OSError, ValueError):
        return


def can_ask() -> bool:
    """Whether a person sits there: the question goes to stderr and the answer comes from stdin."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def is_live() -> bool:
    """Whether stderr may be redrawn in place."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def wants_colour(stream: TextIO) -> bool:
    """NO_COLOR (any value) beats FORCE_COLOR (any value) beats what the stream is. Source: no-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
