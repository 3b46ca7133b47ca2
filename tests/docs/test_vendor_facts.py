"""Whoever reads "vendor facts, section 7" in the code finds it, and each assumption is told beside its fact."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import attrs
import pytest

from bulkops.sandbox.assumptions import Assumptions
from tests.docs.test_docs_followed import ROOT

PAGE: Final = (ROOT / "docs" / "reference" / "vendor.md").read_text(encoding="utf-8")
SOURCES: Final = [path for folder in ("bulkops", "docs", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
OLD_NAME: Final = "NOT" + "ES"

_GAP: Final = r"(?: |\n[ #]*)"
"""Between two words of a comment or docstring."""

_CITED: Final = re.compile(rf"\bvendor{_GAP}facts,{_GAP}section{_GAP}(\d+(?:\.\d+)?)\b", re.IGNORECASE)
_NAMED: Final = re.compile(rf"\bvendor{_GAP}facts\b", re.IGNORECASE)


def faults(text: str, known: set[str]) -> list[str]:
    """What a reader of `text` could not follow: sections that are not there, and other spellings."""
    cited = _CITED.findall(text)
    wrong = [f"section {number} is not there" for number in cited if number not in known]
    if len(_NAMED.findall(text)) > len(cited) or re.search(rf"\b{OLD_NAME}\b", text):
        wrong.append("spell it: vendor facts, section 7")
    return wrong


def sections() -> set[str]:
    """Numbers of headings, and of the rows below them that have their own."""
    return {*re.findall(r"^## (\d+)\. ", PAGE, re.MULTILINE), *re.findall(r"^\| (\d+\.\d+) \|", PAGE, re.MULTILINE)}


def test_what_the_code_cites_is_on_the_page() -> None:
    others = [path for path in SOURCES if path != Path(__file__)]
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in others}
    wrong = {name: found for name, text in texts.items() if (found := faults(text, sections()))}
    assert wrong == {}
    assert sum(len(_CITED.findall(text)) for text in texts.values()) > 40


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(vendor facts, section 7)", []),
        ("Vendor facts,\n    section 17.5.", []),
        ("# as it says: vendor\n    # facts, section 7", []),
        ("(vendor facts, section 98)", ["section 98 is not there"]),
        ("(vendor facts, section 17.99)", ["section 17.99 is not there"]),
        ("(vendor facts 7)", ["spell it: vendor facts, section 7"]),
        (f"({OLD_NAME} section 7)", ["spell it: vendor facts, section 7"]),
        (f"({OLD_NAME}.md section 7)", ["spell it: vendor facts, section 7"]),
    ],
)
def test_a_citation_that_leads_nowhere_is_noticed(text: str, found: list[str]) -> None:
    assert faults(text, sections()) == found


def test_sections_are_numbered_without_a_gap() -> None:
    headings = re.findall(r"^## (\S+) ", PAGE, re.MULTILINE)
    assert headings == [f"{number}." for number in range(1, len(headings) + 1)]
    questions = [int(row) for row in re.findall(r"^\| 17\.(\d+) \|", PAGE, re.MULTILINE)]
    assert questions == list(range(1, len(questions) + 1))


def test_every_assumption_is_told_beside_its_fact() -> None:
    names = {field.name for field in attrs.fields(Assumptions)}
    assert names - set(re.findall(r"`(\w+)`", PAGE)) == set()
