"""C7: a halt halts."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bulkops.outcome import TROUBLED, Outcome
from bulkops.runs.halting import Breaker, FailureLimit

outcomes = st.lists(st.sampled_from(list(Outcome)), max_size=60)
QUIET = [Outcome.SKIPPED, Outcome.CANCELLED, Outcome.NOT_ATTEMPTED]


@given(outcomes, st.integers(0, 10), st.integers(0, 12))
def test_the_limit_halts_at_the_first_failure_above_it_and_not_before(
    endings: list[Outcome], limit: int, already: int
) -> None:
    rule = FailureLimit(limit, already=already)
    troubled = already
    for outcome in endings:
        troubled += outcome in TROUBLED
        assert (rule.note(outcome) is not None) == (troubled > limit)


def test_a_limit_of_none_allowed_halts_at_the_first() -> None:
    assert FailureLimit(0).note(Outcome.FAILED) == "1 account failed or unknown, more than the 0 allowed"


@pytest.mark.parametrize("limit", [-1, -100])
def test_a_limit_below_zero_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match=f"not {limit}"):
        FailureLimit(limit)


def test_the_breaker_halts_at_the_first_full_row() -> None:
    rule = Breaker(3)
    assert [rule.note(Outcome.FAILED, "dns") for _ in range(2)] == [None, None]
    assert rule.note(Outcome.UNKNOWN, "dns") == "3 accounts in a row ended with one cause: dns"


def test_a_breaker_of_one_halts_at_once() -> None:
    assert Breaker(1).note(Outcome.FAILED, "dns") is not None


@pytest.mark.parametrize("good", [Outcome.CHANGED, Outcome.UNCHANGED])
def test_a_success_between_starts_the_row_again(good: Outcome) -> None:
    rule = Breaker(2)
    endings = [(Outcome.FAILED, "dns"), (good, None), (Outcome.FAILED, "dns")]
    assert [rule.note(*ending) for ending in endings] == [None, None, None]
    assert rule.note(Outcome.FAILED, "dns") is not None


def test_another_cause_starts_its_own_row() -> None:
    rule = Breaker(2)
    endings = [(Outcome.FAILED, "dns"), (Outcome.FAILED, "tls"), (Outcome.FAILED, "dns")]
    assert [rule.note(*ending) for ending in endings] == [None, None, None]


@pytest.mark.parametrize("quiet", QUIET)
def test_accounts_that_were_not_tried_neither_count_nor_break_the_row(quiet: Outcome) -> None:
    rule = Breaker(2)
    assert rule.note(Outcome.FAILED, "dns") is None
    assert rule.note(quiet, None) is None
    assert rule.note(Outcome.FAILED, "dns") is not None


@pytest.mark.parametrize("quiet", QUIET)
def test_a_full_row_halts_at_no_account_that_was_not_tried(quiet: Outcome) -> None:
    rule = Breaker(1)
    assert rule.note(Outcome.FAILED, "dns") is not None
    assert rule.note(quiet, None) is None


@given(outcomes, st.integers(1, 5))
def test_the_breaker_never_halts_before_the_row_is_full(endings: list[Outcome], size: int) -> None:
    rule = Breaker(size)
    row = 0
    for outcome in endings:
        if outcome in TROUBLED:
            row += 1
        elif outcome not in QUIET:
            row = 0
        assert (rule.note(outcome, "same") is not None) == (outcome in TROUBLED and row >= size)


def test_a_breaker_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="not 0"):
        Breaker(0)
