"""The list of mistakes is in step with the code, and each can be made; that each is noticed shows `make mutations`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.by_meaning import Edit
from tests.chaos.mistakes import MISTAKES
from tests.chaos.mutants import ROOT, copied, made_in, one


def test_every_mistake_can_still_be_made() -> None:
    assert len(MISTAKES) >= 12
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES)
    for mistake in MISTAKES:
        for edit in mistake.edits:
            file, text = edit.made_in(ROOT / "bulkops")
            assert text != file.read_text(), mistake.name
            if file.suffix == ".py":
                compile(text, file, "exec")


def test_one_that_cannot_be_made_is_loud(tmp_path: Path) -> None:
    copy = copied(tmp_path)
    made_in(copy, MISTAKES[0])
    with pytest.raises(LookupError, match=MISTAKES[0].name):
        made_in(copy, MISTAKES[0])


@pytest.mark.slow
def test_one_of_them_is_noticed() -> None:
    (mistake,) = [mistake for mistake in MISTAKES if mistake.name == "a 429 counts as an answer"]
    ended = one(mistake)
    assert ended.code == 1, ended.said


@pytest.mark.parametrize(
    ("within", "old", "new", "made"),
    [
        ("Room.enter", "a  <  b", "a <= b", "if a <= b and (c or d):"),
        ("Room.enter", "c or d", "c", "if a < b and (c):"),
        ("Room.enter", "print(1)\nprint( 2 )", "", "            pass\n"),
        ("SQL", "WHERE x = ?)", "WHERE 1)", '"SELECT (SELECT 1 WHERE 1)"'),
    ],
)
def test_code_is_found_by_its_meaning(tmp_path: Path, within: str, old: str, new: str, made: str) -> None:
    text = (
        'SQL = "SELECT (SELECT 1 WHERE x = ?)"\n\n\nclass Room:\n    def enter(self, a, b, c, d):\n'
        "        if a < b and (c or d):\n            print(1)  # one\n            print(2)\n"
    )
    (tmp_path / "room.py").write_text(text)
    _, edited = Edit(within=within, old=old, new=new).made_in(tmp_path)
    assert made in edited
    compile(edited, "room.py", "exec")
    with pytest.raises(LookupError, match="0 times"):
        Edit(within=within, old=f"{old} is_gone", new=new).made_in(tmp_path)
