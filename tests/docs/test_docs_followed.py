"""README and docs are followed literally: every block is done, in order, from an empty directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.markdown import blocks
from tests.docs.reader import PLAIN, RUN, Reader

ROOT = Path(__file__).parents[2]
ROOT_PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
PAGES = [*ROOT_PAGES, *sorted((ROOT / "docs").rglob("*.md")), ROOT / "examples" / "README.md"]
QUICK = {ROOT / "README.md"}
"""Followed on every `make test`; the others on `make test-all`."""

FOLLOWED = [page for page in PAGES if any(block.language not in PLAIN for block in blocks(page))]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=str(page.relative_to(ROOT)), marks=() if page in QUICK else pytest.mark.slow)
        for page in FOLLOWED
    ],
)
def test_every_block_does_what_the_page_says(page: Path, tmp_path: Path) -> None:
    with Reader(tmp_path) as reader:
        for block in blocks(page):
            reader.do(block)


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES])
def test_a_block_is_run_or_says_why_not(page: Path) -> None:
    """A language nobody runs must be a file that a later block needs, or carry its reason."""
    for block in blocks(page):
        if block.key in {"not run", "file"}:
            assert block.value, f"{block}: <!-- {block.key} --> says nothing"
        elif block.language not in PLAIN:
            assert block.language in RUN, f"{block}: nobody can run it"
