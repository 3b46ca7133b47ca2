"""Every sentence of the docs that promises behavior is listed with a test that holds it, in promises.toml."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.docs.promises import PROMISE, ROOT, find, load, pages, sentences

PROMISES, EXPLAINS = load()
LISTED = {page: {one.sentence for one in PROMISES if one.page == page} for page in {one.page for one in PROMISES}}


@pytest.mark.parametrize("page", [str(page.relative_to(ROOT)) for page in pages()])
def test_each_promise_is_listed_and_each_listed_sentence_is_there(page: str) -> None:
    there = sentences(ROOT / page)
    listed, explains = LISTED.get(page, set()), EXPLAINS.get(page, set())
    gone = (listed | explains) - set(there)
    assert gone == set(), f"{page} has these sentences no longer: correct promises.toml"
    new = [sentence for sentence in there if PROMISE.search(sentence) and sentence not in listed | explains]
    assert new == [], f"{page} promises this: name the tests in promises.toml, or list it under `explains`"
    assert listed & explains == set()


def test_each_promise_has_tests_and_each_test_is_there() -> None:
    assert [one.sentence for one in PROMISES if not one.tests] == []
    missing = sorted({test for one in PROMISES for test in one.tests if not find(test)})
    assert missing == [], "promises.toml names tests that are not there"
    several = sorted({test for one in PROMISES for test in one.tests if len(find(test)) > 1})
    assert several == [], "several files have a test of this name: write FILE::NAME"


def test_a_sentence_is_listed_once_and_the_pages_are_known() -> None:
    assert [key for key, count in Counter((one.page, one.sentence) for one in PROMISES).items() if count > 1] == []
    assert set(LISTED) | set(EXPLAINS) <= {str(page.relative_to(ROOT)) for page in pages()}


def test_how_a_page_is_read(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A title\n\nIt *never* [waits](x.md). It\nasks.\n\n* one: `a.b`. Two.\n* **Three.** Four\n\n"
        "| what | code |\n| --- | ---: |\n| halts | 3 |\n\n<!-- file: x -->\n```bash\nrun. Never\n```\n"
    )
    wanted = ["It *never* waits.", "It asks.", "one: `a.b`.", "Two.", "**Three.**", "Four", "halts: 3"]
    assert sentences(page) == wanted
