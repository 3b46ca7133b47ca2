"""The tutorial followed again in the same directory, on the same fleet and on a new one, and in another order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.markdown import Block, blocks
from tests.docs.reader import Reader

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def steps() -> dict[int, list[Block]]:
    """The blocks below each numbered heading."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    found: dict[int, list[Block]] = {}
    for block in blocks(PAGE):
        headings = [line for line in lines[: block.line] if line.startswith("## ")]
        if headings and headings[-1][3].isdecimal():
            found.setdefault(int(headings[-1][3]), []).append(block)
    return found


def follow(reader: Reader, *numbers: int) -> None:
    made = steps()
    for number in numbers:
        for block in made[number]:
            if block.key != "background" or not reader.background:
                reader.do(block)


def test_again_on_the_same_fleet(tmp_path: Path) -> None:
    with Reader(tmp_path) as reader:
        follow(reader, 1, 2, 3, 4, 5, 6)
        follow(reader, 1, 2, 3, 4, 5, 6)


def test_again_on_a_new_fleet(tmp_path: Path) -> None:
    for _ in range(2):
        with Reader(tmp_path) as reader:
            follow(reader, 1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize("order", [(5, 6, 4, 3), (4, 6, 5, 3, 4, 5)])
def test_in_another_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    with Reader(tmp_path) as reader:
        follow(reader, 1, 2, *order)
