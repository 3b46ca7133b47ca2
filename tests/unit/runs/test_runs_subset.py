"""Which accounts of a run a resume, retry or undo takes: by name, in the run's order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bulkops.errors import ConfigError, InputError
from bulkops.runs.subset import ALL, Names, Subset
from tests.records import account_row

RUN = "r1"
INVENTORY = ("1", "2", "EOrg-7", "4")
NUMBERED = ("1", "2", "4")


def taken(
    accounts: Names | None = None,
    exclude: Names | None = None,
    limit: int | None = None,
    *,
    inventory: Sequence[str] = INVENTORY,
    left: Sequence[str] = ("1", "EOrg-7", "4"),
) -> list[str]:
    rows = [account_row(seq, account=name) for seq, name in enumerate(inventory) if name in left]
    subset = Subset.of(accounts, exclude, limit)
    return [row.account for row in subset.of_rows(rows, run_id=RUN, inventory=inventory)]


@pytest.mark.parametrize(
    ("accounts", "exclude", "limit", "expected"),
    [
        (None, None, None, ["1", "EOrg-7", "4"]),
        ([4, "1"], None, None, ["1", "4"]),
        (["2"], None, None, []),
        (["Eorg-7"], None, None, ["EOrg-7"]),
        (None, ["EORG-7"], None, ["1", "4"]),
        (None, [2], None, ["1", "EOrg-7", "4"]),
        (None, [1], 1, ["EOrg-7"]),
        ([1, 4], [1], None, ["4"]),
    ],
)
def test_names_select_rows_in_the_order_of_the_run(
    accounts: Names | None, exclude: Names | None, limit: int | None, expected: list[str]
) -> None:
    assert taken(accounts, exclude, limit) == expected


@pytest.mark.parametrize(
    ("accounts", "exclude", "words"),
    [
        ([9, 1], None, "account 9 is not in run r1"),
        ([8, 9], None, "account 8 and 1 more is not in run r1"),
        (None, ["EOrg-9"], "account EOrg-9 is not in run r1"),
    ],
)
def test_a_name_that_the_run_does_not_have_is_refused(
    accounts: Names | None, exclude: Names | None, words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        taken(accounts, exclude, inventory=NUMBERED, left=NUMBERED)
    assert "such as 1" in str(caught.value)


def test_an_excluded_number_of_another_list_changes_nothing() -> None:
    assert taken(None, [9], inventory=NUMBERED, left=NUMBERED) == ["1", "2", "4"]


def test_only_without_a_choice_it_is_all() -> None:
    assert Subset.of(None, None, None) == ALL
    assert not Subset.of(None, [1], None).is_all
    for limit in (0, -1):
        with pytest.raises(ConfigError, match=f"limit must be 1 or more, not {limit}"):
            Subset.of(None, None, limit)
