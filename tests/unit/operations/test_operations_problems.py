"""Failures of several things of one account, told as one."""

from __future__ import annotations

import pytest

from bulkops.errors import TaskFailed
from bulkops.operations._switching import Problems


@pytest.mark.parametrize(
    ("count", "message", "cause"),
    [
        (1, "thing 1 broke", "1 broke"),
        (2, "thing 1 broke; and 1 more: thing 2 broke", "1 broke; and 1 more"),
        (6, "thing 1 broke; and 5 more: thing 2 broke, thing 3 broke, thing 4 broke", "1 broke; and 5 more"),
    ],
)
def test_four_of_several_failures_are_told_and_all_are_counted(count: int, message: str, cause: str) -> None:
    problems, tried = Problems(), []
    for number in range(1, count + 1):
        with problems.caught():
            tried.append(number)
            raise TaskFailed(
                f"thing {number} broke",
                failure_class=f"class-{number}",
                cause=f"{number} broke",
                remedy=f"mend {number}",
            )
    with pytest.raises(TaskFailed) as caught:
        problems.raise_all()
    told = caught.value
    assert (len(tried), told.message, told.cause) == (count, message, cause)
    assert (told.failure_class, told.remedy) == ("class-1", "mend 1")


def test_without_a_failure_nothing_is_told() -> None:
    Problems().raise_all()
