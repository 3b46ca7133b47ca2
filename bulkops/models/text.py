"""Text from a server, made safe to show: on one line, without control characters."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 300


def one_line(text: str, *, longest: int = LONGEST) -> str:
    """`text` with control, bidi and other invisible characters and runs of white space as one space, cut to `longest`.

    >>> one_line("a\\x1b[31m b\\r\\n\\u202ec")
    'a [31m b c'
    """
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
