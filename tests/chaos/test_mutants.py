"""The list of mistakes is in step with the code, and each can be made; that each is noticed shows `make mutations`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.mistakes import MISTAKES
from tests.chaos.mutants import ROOT, copied, made_in, one


def test_every_mistake_can_still_be_made(tmp_path: Path) -> None:
    assert len(MISTAKES) >= 12
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES)
    for mistake in MISTAKES:
        text = (ROOT / "bulkops" / mistake.file).read_text(encoding="utf-8")
        assert text.count(mistake.old) == 1, f"{mistake.name}: put it in step with bulkops/{mistake.file}"
        assert mistake.new != mistake.old
        compile(text.replace(mistake.old, mistake.new), mistake.file, "exec")


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
