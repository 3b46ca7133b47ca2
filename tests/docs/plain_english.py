"""Unclear phrases and British spellings, and the texts in which they are looked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.docs import promises

FORBIDDEN: Final = {
    r"(?<!there )\bis no (?!longer\b|more\b)": 'write "is not a" or "has no"',
    r"\b(is|are) (?-i:none)\b": "name what is missing",
    r"\bnobody (can|knows|could|may|says)\b": "say what is unknown, or who cannot",
    r"\bwhat (came|comes|became|becomes|has become) of\b": 'write "outcome of"',
    r"\b(whoever|whomever|somebody)\b": "name the reader, the program or the process",
    r"\bone's own\b": 'write "your own" or "its own"',
    r"\bso many\b": "name the number",
    r"\ba person\b": 'write "the user" or "you"',
    r"\bone and the same\b": 'write "the same"',
    r"\b(is|are) to be \w+ed\b": "use the active voice",
    r"\b(must needs|nowhere to be found|no matter)\b": "say it plainly",
    r"\bshells (remember|keep)\b": 'write "flags end up in shell history"',
    r"\b(authoris|recognis|organis|normalis|initialis|serialis|optimis|minimis|maximis|summaris)\w*": "write -ize",
    r"\b(behaviour|colour|favour|honour|neighbour|licence|centre|defence|grey|misspelt|spelt|learnt|whilst)\w*": (
        "use the American spelling"
    ),
}
"""Patterns, matched without regard to case, each with its remedy."""

_PATTERNS: Final = [(re.compile(pattern, re.IGNORECASE), remedy) for pattern, remedy in FORBIDDEN.items()]

INDIRECT: Final = re.compile(r"\bthere (is|are) no\b|\bno such\b|\b(is|are) not there\b", re.IGNORECASE)
"""What a message may not say: it names what is missing. In prose these phrases are plain English."""

LONGEST_SENTENCE: Final = 30
"""Words. A longer sentence needs a second reading."""

_NAME_FIRST: Final = re.compile(r"(?<=[.!?]) (?=bulkops )")
_CODE: Final = re.compile(r"`[^`]*`")
_WORD: Final = re.compile(r"[\w'./-]*\w[\w'./-]*")


def faults(text: str) -> list[str]:
    """The forbidden phrases of a text, each with its remedy."""
    return [f"{hit.group()!r}: {remedy}" for pattern, remedy in _PATTERNS for hit in pattern.finditer(text)]


def sentences(page: Path) -> list[str]:
    """Sentences of a page's paragraphs and lists; code blocks and tables are left out."""
    lines = page.read_text(encoding="utf-8").splitlines()
    prose = promises.prose("\n".join(line for line in lines if not line.lstrip().startswith("|")))
    return [part for one in prose for part in _NAME_FIRST.split(one)]


def words(sentence: str) -> int:
    """Number of words; a piece of code counts as one."""
    return len(_WORD.findall(_CODE.sub("code", sentence)))


def texts(module: Path) -> Iterator[tuple[int, str]]:
    """Docstrings, other strings, and lines from their first `#` on, which holds all comments; each with its line."""
    source = module.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, " ".join(node.value.split())
    for number, line in enumerate(source.splitlines(), 1):
        if "#" in line:
            yield number, line[line.index("#") :]


def first_line(module: Path) -> str:
    """The first line of a module's docstring; empty without one."""
    before, _, docstring = module.read_text(encoding="utf-8").partition('"""')
    return "" if before else docstring.partition('"""')[0].partition("\n")[0]
