"""Exit codes, verdicts and counts of a report."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from bulkops.errors import RunAborted, RunFailed
from bulkops.journal import AccountRow, RunState
from bulkops.outcome import TROUBLED, Outcome
from bulkops.report import Report
from tests.records import account_row, report_of

Row = Callable[..., AccountRow]
Make = Callable[..., Report]

STOPPED = {RunState.INTERRUPTED: 130, RunState.AUTH_FAILED: 4, RunState.HALTED: 3, RunState.PAUSED: 5}


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("outcome", Outcome)
def test_exit_codes_in_the_documented_order(row: Row, report: Make, state: RunState, outcome: Outcome) -> None:
    made = report(row(0, outcome), row(1, Outcome.CHANGED), state=state)
    expected = STOPPED.get(state, 1 if outcome in TROUBLED else 0)
    assert made.exit_code == expected
    assert made.ok == (expected == 0 and state is RunState.FINISHED)


@pytest.mark.parametrize("state", RunState)
def test_raising_names_run_and_counts(row: Row, report: Make, state: RunState) -> None:
    made = report(row(0, Outcome.FAILED), row(1, Outcome.UNKNOWN), row(2, Outcome.CHANGED), state=state)
    with pytest.raises(RunFailed, match="1 changed, 1 failed, 1 unknown of 3 accounts") as caught:
        made.raise_for_failures()
    assert caught.value.run_id == made.run_id


@pytest.mark.parametrize("state", STOPPED)
def test_a_run_that_stopped_early_raises_too(row: Row, report: Make, state: RunState) -> None:
    with pytest.raises(RunAborted, match=r"1 not attempted of 1 account .*bulkops resume 20260102-101530-k3f"):
        report(row(0, Outcome.NOT_ATTEMPTED), state=state).raise_for_failures()


@pytest.mark.parametrize("state", [RunState.FINISHED, RunState.RUNNING])
def test_nothing_is_raised_while_all_is_well(row: Row, report: Make, state: RunState) -> None:
    report(
        row(0, Outcome.CHANGED), row(1, Outcome.UNCHANGED), row(2, Outcome.SKIPPED), state=state
    ).raise_for_failures()


def test_a_run_that_is_on_is_neither_good_nor_bad(row: Row, report: Make) -> None:
    made = report(row(0, Outcome.NOT_ATTEMPTED), state=RunState.RUNNING)
    assert (made.ok, made.exit_code) == (False, 0)


@given(st.lists(st.sampled_from(list(Outcome)), max_size=30))
def test_all_seven_outcomes_sum_to_the_inventory(outcomes: list[Outcome]) -> None:
    accounts = [account_row(seq, outcome) for seq, outcome in enumerate(outcomes)]
    made = report_of(*accounts)
    assert list(made.outcomes) == list(Outcome)
    assert sum(made.outcomes.values()) == made.inventory == len(outcomes)
    assert made.failures == [row for row in accounts if row.outcome in TROUBLED]


def test_the_duration_ends_with_the_run_or_now(report: Make) -> None:
    assert report().duration_s == 123
    assert report(ended_at=None).duration_s == 1070


def test_repr_shows_no_parameters(row: Row, report: Make) -> None:
    assert "hunter2" not in repr(report(row(0, params={"password": "hunter2"})))
