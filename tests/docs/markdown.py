"""Fenced blocks of a Markdown page, with what the HTML comment before them says about them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

_FENCE: Final = re.compile(
    r"^(?P<fence>`{3,})(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=fence)\s*$", re.DOTALL | re.MULTILINE
)
_COMMENT: Final = re.compile(
    r"<!--\s*(?P<key>file|exit|not run|background)(?::\s*(?P<value>[^>]*?))?\s*-->\s*\Z", re.DOTALL
)
_LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING: Final = re.compile(r"^#{1,6}\s+(?P<title>.+?)\s*$", re.MULTILINE)


@attrs.frozen
class Block:
    """A fenced block. `key`, `value`: of the comment right before it, e.g. ("file", "rollout.toml")."""

    page: Path
    line: int
    language: str
    text: str
    key: str | None
    value: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line} ({self.language or 'no language'})"


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        before = text[: found.start()]
        comment = _COMMENT.search(before)
        yield Block(
            page=page,
            line=before.count("\n") + 1,
            language=found["language"],
            text=found["text"],
            key=comment["key"] if comment else None,
            value=(comment["value"] or "") if comment else "",
        )


def links(page: Path) -> list[str]:
    return [found["target"] for found in _LINK.finditer(_FENCE.sub("", page.read_text(encoding="utf-8")))]


def anchors(page: Path) -> set[str]:
    """What `#fragment` may say: the headings as GitHub names them."""
    titles = (found["title"] for found in _HEADING.finditer(_FENCE.sub("", page.read_text(encoding="utf-8"))))
    return {re.sub(r"[^\w\- ]", "", title.replace("`", "").lower()).replace(" ", "-") for title in titles}
