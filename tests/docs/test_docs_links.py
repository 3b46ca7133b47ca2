"""Links inside the project lead somewhere, and pages name files that are there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.markdown import anchors, links
from tests.docs.test_docs_followed import PAGES, ROOT

_PATH = re.compile(r"`((?:bulkops|tests|benchmarks|examples|docs)/[\w./-]*)`")


def test_internal_links_lead_somewhere() -> None:
    for page in PAGES:
        name = page.relative_to(ROOT)
        for target in links(page):
            if "://" in target or target.startswith("mailto:"):
                continue
            path, _, fragment = target.partition("#")
            found = (page.parent / path).resolve() if path else page
            assert found.exists(), f"{name} links to {target}"
            assert not fragment or fragment in anchors(found), f"{name}: no heading #{fragment} in {found.name}"


def test_named_files_are_there() -> None:
    for page in PAGES:
        for path in _PATH.findall(page.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{page.relative_to(ROOT)} names {path}"


def test_every_page_can_be_reached_from_the_index() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        waiting += [(page.parent / target.partition("#")[0]).resolve() for target in links(page) if "://" not in target]
    assert {page for page in PAGES if page.parent != ROOT} <= seen | {ROOT / "examples" / "README.md"}


def test_the_architecture_shows_each_package_in_the_order_of_ls() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    there = [f"{path.name}/" if path.is_dir() else path.name for path in (ROOT / "bulkops").iterdir()]
    told = re.findall(r"^\| `([a-z][\w.]*/?)` \|", page, re.MULTILINE)
    assert told == sorted(name for name in there if name[0] != "_" and name != "py.typed")


def test_twenty_questions_of_a_newcomer_have_one_file_each() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    asked = re.findall(r"^\| ([A-Z][^|]*\?) \| `([^`]*)` \|$", page, re.MULTILINE)
    assert len(asked) == 20
    assert len({question for question, _ in asked}) == len({file for _, file in asked}) == 20
    assert [file for _, file in asked if not (ROOT / file).is_file()] == []
