"""An account's answer from its effects and its error, as a table: no loop, no journal."""

from __future__ import annotations

from typing import Any, Final

import pytest

from bulkops.errors import ConnectFailed, ConnectionLost, NotFound, ServerError, TaskFailed, TaskUnknown, Unauthorized
from bulkops.journal import AccountRow
from bulkops.outcome import Outcome
from bulkops.runs.account_outcome import Effects, ending_of, stopped

_CALL: Final[dict[str, Any]] = {"call": "managed_users.get", "method": "GET", "path": "/x", "said": "no"}


def _row(outcome: Outcome = Outcome.NOT_ATTEMPTED, **more: Any) -> AccountRow:
    fields = {"seq": 0, "account": "7", "params": {}, "outcome": outcome, "failure_class": None, "cause": None}
    rest: dict[str, Any] = {"reason": None, "remedy": None, "detail": {}, "started_at": None, "ended_at": None}
    return AccountRow(**{**fields, **rest, **more})


@pytest.mark.parametrize(
    ("effects", "error", "outcome"),
    [
        (Effects(), None, Outcome.UNCHANGED),
        (Effects(changed=True), None, Outcome.CHANGED),
        (Effects(unresolved="import"), None, Outcome.UNKNOWN),
        (Effects(), TaskFailed("no"), Outcome.FAILED),
        (Effects(), NotFound("no", status=404, **_CALL), Outcome.FAILED),
        (Effects(unresolved="import"), TaskFailed("no"), Outcome.UNKNOWN),
        (Effects(), TaskUnknown("who knows"), Outcome.UNKNOWN),
        (Effects(), ServerError("no", status=500, is_read=True, **_CALL), Outcome.FAILED),
        (Effects(), ServerError("no", status=500, **_CALL), Outcome.UNKNOWN),
        (Effects(), ValueError("a mistake"), Outcome.FAILED),
        (Effects(unresolved="import"), ValueError("a mistake"), Outcome.UNKNOWN),
        (Effects(), Unauthorized("no", status=401, **_CALL), Outcome.NOT_ATTEMPTED),
        (Effects(changed=True), Unauthorized("no", status=401, **_CALL), Outcome.CANCELLED),
        (Effects(unresolved="import"), Unauthorized("no", status=401, **_CALL), Outcome.UNKNOWN),
    ],
)
def test_what_an_account_is_called(effects: Effects, error: BaseException | None, outcome: Outcome) -> None:
    assert ending_of(effects, error, _row()).outcome is outcome


_UNKNOWN: Final[dict[str, Any]] = {"cause": "lost", "reason": "lost: 7", "remedy": "look", "detail": {"package": 7}}


def test_an_unknown_account_that_is_stopped_before_it_learns_anything_stays_as_it_was() -> None:
    ending = stopped(Effects(), _row(Outcome.UNKNOWN, **_UNKNOWN), "interrupted")
    assert ending.outcome is Outcome.UNKNOWN
    assert {name: getattr(ending, name) for name in _UNKNOWN} == _UNKNOWN


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ConnectFailed("away", call="c", method="GET", path="/x"), Outcome.UNKNOWN),
        (NotFound("no", status=404, **_CALL), Outcome.UNKNOWN),
        (Unauthorized("no", status=401, **_CALL), Outcome.UNKNOWN),
        (ValueError("a mistake"), Outcome.UNKNOWN),
        (TaskFailed("it cannot be done"), Outcome.FAILED),
        (None, Outcome.UNCHANGED),
    ],
)
def test_an_unknown_outcome_is_replaced_only_by_what_was_learned(error: BaseException | None, outcome: Outcome) -> None:
    before = _row(Outcome.UNKNOWN, **_UNKNOWN)
    ending = ending_of(Effects(), error, before)
    assert ending.outcome is outcome
    if outcome is Outcome.UNKNOWN:
        assert ending.cause == "lost"
        again = ending_of(Effects(), error, _row(Outcome.UNKNOWN, **{**_UNKNOWN, "reason": ending.reason}))
        assert again.reason == ending.reason, "it does not grow with every resume"


def test_settled_intents_settle_an_unknown_account() -> None:
    before = _row(Outcome.UNKNOWN, **_UNKNOWN)
    settled = Effects(began_unresolved=True)
    assert stopped(settled, before, "interrupted").outcome is Outcome.NOT_ATTEMPTED
    assert ending_of(settled, NotFound("no", status=404, **_CALL), before).outcome is Outcome.FAILED


_REFUSED: Final = Unauthorized("no", status=401, **_CALL)
_LOST: Final = ConnectionLost("lost", call="c", method="POST", path="/x", sent_at=1.0)
_MISSING: Final = NotFound("not there", status=404, **_CALL)


@pytest.mark.parametrize(
    ("errors", "outcome", "failure_class"),
    [
        ([_MISSING], Outcome.FAILED, "not-found"),
        ([_MISSING, TaskFailed("later")], Outcome.FAILED, "not-found"),
        ([_MISSING, _LOST], Outcome.UNKNOWN, "connection-lost"),
        ([_MISSING, ValueError("a mistake")], Outcome.FAILED, "unexpected"),
        ([_MISSING, _LOST, _REFUSED], Outcome.NOT_ATTEMPTED, None),
        (
            [ExceptionGroup("deeper", [ValueError("a mistake"), ExceptionGroup("yet", [_REFUSED])])],
            Outcome.NOT_ATTEMPTED,
            None,
        ),
    ],
)
def test_the_worst_error_of_a_group_decides(
    errors: list[Exception], outcome: Outcome, failure_class: str | None
) -> None:
    ending = ending_of(Effects(), ExceptionGroup("several", errors), _row())
    assert (ending.outcome, ending.failure_class) == (outcome, failure_class)


def test_the_other_errors_of_a_group_are_named_and_do_not_split_the_cluster() -> None:
    alone = ending_of(Effects(), _MISSING, _row())
    several = ending_of(Effects(), ExceptionGroup("x", [_MISSING, *(TaskFailed(f"no {n}") for n in range(5))]), _row())
    assert several.cause == alone.cause
    assert several.reason == f"{alone.reason}; also raised: no 0; no 1; no 2; and 2 more"


def test_a_mistake_without_words_is_its_type_alone() -> None:
    assert ending_of(Effects(), TimeoutError(), _row()).cause == "TimeoutError"
    both = ExceptionGroup("of tasks", [TimeoutError(), KeyError()])
    assert ending_of(Effects(), both, _row()).reason == "TimeoutError; also raised: KeyError"


def test_a_mistake_that_names_the_account_has_one_cause_in_all_accounts() -> None:
    """Else each of them logs a traceback, and the breaker never counts two in a row."""
    ending = ending_of(Effects(), ValueError("7 has 4100231 and <Folder object at 0x7f37703e61d0>"), _row())
    assert ending.cause == "ValueError: <id> has <id> and <Folder object at <id>>"
    assert ending.reason == "ValueError: 7 has 4100231 and <Folder object at 0x7f37703e61d0>"


@pytest.mark.parametrize("error", [None, TaskFailed("made of it"), ValueError("because of it"), _MISSING])
def test_no_account_fails_or_is_done_after_a_refused_token(error: Exception | None) -> None:
    """The operation caught the 401 and said something else."""
    ending = ending_of(Effects(stopped_by=_REFUSED), error, _row())
    assert (ending.outcome, ending.reason) == (Outcome.NOT_ATTEMPTED, "the vendor refused the token")


@pytest.mark.parametrize("before", [Outcome.NOT_ATTEMPTED, Outcome.CANCELLED, Outcome.FAILED])
def test_an_account_that_is_stopped_without_an_effect_is_not_attempted_whatever_it_has_read(before: Outcome) -> None:
    ending = stopped(Effects(), _row(before), "interrupted")
    assert (ending.outcome, ending.reason) == (Outcome.NOT_ATTEMPTED, "interrupted")
