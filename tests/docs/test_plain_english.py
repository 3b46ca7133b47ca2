"""Docs, help, messages, docstrings and comments are plain English: no unclear phrase, no long sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from bulkops import errors
from docs.messages_page import messages
from tests.docs.plain_english import INDIRECT, LONGEST_SENTENCE, faults, first_line, sentences, texts, words
from tests.docs.promises import ROOT

SOURCES: Final = ROOT / "bulkops"
OTHER_SOURCES: Final = ("docs", "examples", "benchmarks")
ROOMS: Final = sorted({path.relative_to(SOURCES).parts[0] for path in SOURCES.rglob("*.py")})

_GENERATED: Final = "<!-- Written by "
_RECORD: Final = "messages-before-and-after.md"
"""Quotes the messages that were written anew: what is wrong with them is why the page is there."""
PAGES: Final = [
    page
    for page in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), ROOT / "examples" / "README.md"]
    if page.name != _RECORD and not page.read_text(encoding="utf-8").startswith(_GENERATED)
]
"""Hand-written pages; the texts of generated ones are checked where they are written."""

READ_ALOUD: Final = [page for page in PAGES if page.name not in {"CHANGELOG.md", "vendor.md"}]
"""Pages for reading from top to bottom, more than thirty. A changelog and a list of facts are looked up."""

ALLOWED: Final = {
    ("docs/reference/vendor.md", "somebody"),
}
"""Hits that are right as they stand: (file, phrase)."""


def _faults(file: Path, text: str) -> list[str]:
    return [fault for fault in faults(text) if not _is_allowed(file, fault)]


def _is_allowed(file: Path, fault: str) -> bool:
    return any(fault.startswith(f"'{phrase}'") for at, phrase in ALLOWED if ROOT / at == file)


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES])
def test_a_page_has_no_unclear_phrase(page: Path) -> None:
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    assert [f"line {at}: {fault}" for at, line in lines for fault in _faults(page, line)] == []


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in READ_ALOUD])
def test_no_sentence_of_a_page_is_long(page: Path) -> None:
    assert [f"{words(one)} words: {one}" for one in sentences(page) if words(one) > LONGEST_SENTENCE] == []


def test_ten_pages_and_more_are_read_aloud() -> None:
    assert len(READ_ALOUD) >= 30
    assert {"README.md", "tutorial.md", "first-hour.md", "quotas.md", "waves.md"} <= {page.name for page in READ_ALOUD}


@pytest.mark.parametrize("room", ROOMS)
def test_messages_help_and_docstrings_have_no_unclear_phrase(room: str) -> None:
    modules = [SOURCES / room] if room.endswith(".py") else sorted((SOURCES / room).rglob("*.py"))
    found = [
        f"{module.relative_to(ROOT)}:{line}: {fault}"
        for module in modules
        for line, text in texts(module)
        for fault in _faults(module, text)
    ]
    assert found == []


def test_a_message_names_what_does_not_exist() -> None:
    """With its name: `call 'tags.lst' does not exist`, `no folder is named 'CRM'`, `folder 'API' has no recipe`."""
    kinds = {name for name, value in vars(errors).items() if isinstance(value, type)}
    found = [f"{one.home}: {one.text}" for one in messages(SOURCES, kinds) if INDIRECT.search(one.text)]
    assert found == []


@pytest.mark.parametrize("folder", OTHER_SOURCES)
def test_other_sources_have_no_unclear_phrase(folder: str) -> None:
    found = [
        f"{module.relative_to(ROOT)}:{line}: {fault}"
        for module in sorted((ROOT / folder).rglob("*.py"))
        for line, text in texts(module)
        for fault in _faults(module, text)
    ]
    assert found == []


def test_each_module_says_in_its_first_line_what_it_is() -> None:
    """A sentence on one line, which ends on that line."""
    for module in sorted(SOURCES.rglob("*.py")):
        line = first_line(module)
        assert len(line.split()) >= 3, f"{module.relative_to(ROOT)}: {line!r}"
        assert re.search(r"[.:]$", line), f"{module.relative_to(ROOT)}: {line!r}"


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("via is no way to add a member", "is no "),
        ("nobody can tell whether it happened", "nobody can"),
        ("the outcome is unknown: what came of it", "what came of"),
        ("Connections are authorised", "authorised"),
        ("no folder is named 'CRM'; it is no longer there; `found is None`", None),
    ],
)
def test_what_is_found(text: str, phrase: str | None) -> None:
    assert [fault.partition(": ")[0] for fault in faults(text)] == ([] if phrase is None else [repr(phrase)])


def test_how_words_are_counted(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n\nRun `bulkops report -o x.html` twice. It is\nshort.\n\n| a | b |\n| --- | --- |\n")
    assert [words(one) for one in sentences(page)] == [3, 3]
