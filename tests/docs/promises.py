"""The sentences of the docs that promise behavior, each with the tests that hold it: promises.toml.

A page is read as sentences: of its paragraphs and lists, and the rows of its tables. Code is left out, and a link is
read as its text.
"""

from __future__ import annotations

import ast
import functools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

ROOT: Final = Path(__file__).parents[2]
TABLE: Final = Path(__file__).with_name("promises.toml")
README_SECTION: Final = "What you can rely on"

PROMISE: Final = re.compile(
    r"\b(never|always|nothing|nobody|exactly|at most|alone|refus\w+|halts?|pauses?|exit code|left as|stays?|"
    r"finish\w*|fails|needs no|not sent|sends nothing|before (it|anything|a request)|whole or not at all|only you|"
    r"readable by you|masked|until|twice|once|undo(es)?|resumes?|retry|left alone|leaves?)\b",
    re.IGNORECASE,
)
"""Words with which the docs promise behavior. A sentence with one of them is in promises.toml."""

_FENCE: Final = re.compile(r"^(`{3,}).*?^\1\s*$", re.DOTALL | re.MULTILINE)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)\s]+\)")
_ITEM: Final = re.compile(r"\n(?=\s*(?:\*|\d+\.)\s)")
_MARK: Final = re.compile(r"^\s*(?:\*|\d+\.)\s+")
_END: Final = re.compile(r"(?<=[.!?])(\*\*)?\s+(?=[A-Z`*\[\"])")
_RULE: Final = re.compile(r"^[\s|:-]+$")


def pages() -> list[Path]:
    """The pages whose promises are listed."""
    docs = ROOT / "docs"
    return [ROOT / "README.md", *sorted((docs / "concepts").glob("*.md")), *sorted((docs / "how-to").glob("*.md"))]


def sentences(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    if page.name == "README.md":
        _, _, text = text.partition(f"\n## {README_SECTION}\n")
        text, _, _ = text.partition("\n## ")
    return prose(text)


def prose(text: str) -> list[str]:
    """The sentences of Markdown text, without its code blocks and comments."""
    return list(_sentences(_COMMENT.sub("", _FENCE.sub("", text))))


def _sentences(text: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text):
        if block.lstrip().startswith("#"):
            continue
        if block.lstrip().startswith("|"):
            yield from _rows(block)
            continue
        for item in _ITEM.split(block):
            words = " ".join(_LINK.sub(r"\1", _MARK.sub("", item)).split())
            yield from (part for part in _END.sub(r"\1\n", words).split("\n") if part)


def _rows(block: str) -> Iterator[str]:
    """Rows below the header, as `first cell: second; third`."""
    for row in block.strip().splitlines()[1:]:
        if not _RULE.match(row):
            first, *others = (_LINK.sub(r"\1", cell.strip()) for cell in row.strip().strip("|").split("|"))
            yield f"{first}: {'; '.join(filter(None, others))}"


@attrs.frozen(kw_only=True)
class Promise:
    """`tests`: names of test functions, with `FILE::` where several files have one of that name."""

    page: str
    sentence: str
    tests: tuple[str, ...]


def load() -> tuple[list[Promise], dict[str, set[str]]]:
    """The promises, and by page the sentences that sound like a promise and explain something."""
    table: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    promises = [
        Promise(page=page, sentence=row[0], tests=tuple(row[1:]))
        for page, lists in table.items()
        for row in lists.get("promises", [])
    ]
    return promises, {page: set(lists.get("explains", [])) for page, lists in table.items()}


def find(test: str) -> list[str]:
    """The files, relative to the project, that have this test."""
    file, _, name = test.rpartition("::")
    return [found for found in _files_by_test().get(name, ()) if file in {"", found}]


@functools.cache
def _files_by_test() -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in _tests_in(ast.parse(path.read_text(encoding="utf-8")).body):
            found.setdefault(name, []).append(str(path.relative_to(ROOT)))
    return found


def _tests_in(statements: Sequence[ast.stmt]) -> Iterator[str]:
    for node in statements:
        if isinstance(node, ast.ClassDef):
            yield from _tests_in(node.body)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name
