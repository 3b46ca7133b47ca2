"""How often one call is sent again: counting, without a clock."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from bulkops.catalogue import CALLS
from bulkops.errors import (
    ApiError,
    ConnectFailed,
    ConnectionLost,
    NotFound,
    RateLimited,
    RequestTimeout,
    ServerError,
    Unauthorized,
)
from bulkops.session._retry import MAX_REFUSALS, MAX_RESENDS, FailedAttempt, Failure, RetryState
from bulkops.settings import Tuning

GET = CALLS["managed_users.get"]
START = CALLS["managed_users.recipes.start"]
CREATE = CALLS["managed_users.folders.create"]
FACTS: dict[str, Any] = {"call": "c", "method": "GET", "path": "/p"}
LOST = FailedAttempt(error=ConnectionLost("lost", **FACTS, sent_at=1.0), failure=Failure("lost"))
REFUSED = FailedAttempt(
    error=RateLimited("429", status=429, said="", **FACTS, sent_at=1.0), failure=Failure("status", 429), status=429
)
CONNECT = FailedAttempt(error=ConnectFailed("no", **FACTS), failure=Failure("connect"))


def _status(status: int, retry_after_s: float | None = None) -> FailedAttempt:
    error = ServerError(str(status), status=status, said="", retry_after_s=retry_after_s, **FACTS, sent_at=1.0)
    return FailedAttempt(error=error, failure=Failure("status", status), status=status, retry_after_s=retry_after_s)


def _pauses(failed: FailedAttempt, *, call: Any = GET, answered_at: float | None = None, **tuned: Any) -> list[float]:
    """The pauses between attempts that all end like `failed`, which take no time themselves."""
    tuning = Tuning(**tuned)
    tries, rng = RetryState(), Random(3)
    pauses: list[float] = []
    for now in range(500):
        tries.note(failed, at=float(now), host_answered_at=answered_at)
        verdict = tries.verdict(call, failed, tuning=tuning, host_known=True, rng=rng)
        if isinstance(verdict, ApiError):
            assert verdict is failed.error
            return pauses
        pauses.append(verdict)
        tries.spent_s += 0 if failed.is_refusal else verdict
    raise AssertionError("never ends")


def test_refusals_do_not_wait_here_and_end_after_many() -> None:
    assert _pauses(REFUSED) == [0.0] * (MAX_REFUSALS - 1)


def test_refusals_in_a_row_are_what_counts() -> None:
    tries = RetryState()
    for _ in range(200):
        for failed in (REFUSED, _status(503)):
            tries.note(failed, at=0.0, host_answered_at=None)
        assert isinstance(tries.verdict(GET, _status(503), tuning=Tuning(), host_known=True, rng=Random(1)), float)


def test_only_a_host_that_says_for_how_long_has_announced_to_be_away() -> None:
    failed = [_status(503, 9.0), _status(502, 9.0), _status(503), _status(500, 9.0), LOST, REFUSED]
    assert [one.away_s for one in failed] == [9.0, 9.0, 0.0, 0.0, 0.0, 0.0]


def test_own_failures_are_counted() -> None:
    assert len(_pauses(_status(500))) == MAX_RESENDS
    assert len(_pauses(LOST, answered_at=99.0, call_timeout_s=9999.0)) == MAX_RESENDS


@pytest.mark.parametrize("failed", [CONNECT, LOST, _status(502), _status(503), _status(504)])
def test_an_outage_of_minutes_is_waited_out(failed: FailedAttempt) -> None:
    """Backoffs alone span more than five minutes before the call's own time is up."""
    pauses = _pauses(failed)
    assert 300 < sum(pauses) <= 600
    assert max(pauses) <= 60
    assert len(pauses) > MAX_RESENDS


def test_an_answer_at_the_beginning_of_an_outage_makes_it_nobodys_own() -> None:
    assert len(_pauses(LOST, answered_at=0.5)) > MAX_RESENDS


def test_retry_after_wins_and_one_beyond_the_calls_time_ends_it() -> None:
    assert _pauses(_status(500, 50.0))[0] == 50.0
    assert _pauses(_status(500, 599.0)) == []
    assert _pauses(_status(500, 0.0))[0] <= 1.0


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_announced_outage_costs_the_call_nothing_however_often_it_is_announced(status: int) -> None:
    tries, away = RetryState(), _status(status, 900.0)
    more: dict[str, Any] = {"tuning": Tuning(), "host_known": True, "rng": Random(1)}
    for _ in range(500):
        tries.note(away, at=0.0, host_answered_at=None)
        assert tries.verdict(GET, away, host_away=True, **more) == 0.0
    assert tries.verdict(CREATE, away, host_away=True, **more) is away.error
    assert _status(status, 0.0).away_s == _status(500, 900.0).away_s == 0.0


def test_an_outage_that_one_call_alone_announces_is_its_own_trouble() -> None:
    assert _pauses(_status(503, 50.0))[0] == 50.0
    assert _pauses(_status(503, 900.0)) == []


def test_hopeless_unless_the_host_was_reached_before() -> None:
    failed = FailedAttempt(error=CONNECT.error, failure=CONNECT.failure, is_permanent=True)
    for known in (False, True):
        tries = RetryState()
        tries.note(failed, at=0.0, host_answered_at=None)
        verdict = tries.verdict(GET, failed, tuning=Tuning(), host_known=known, rng=Random(1))
        assert isinstance(verdict, float) is known


@pytest.mark.parametrize("failed", [CONNECT, LOST, REFUSED, _status(503), _status(500)])
def test_each_failure_counts_where_no_other_request_speaks_to_the_host(failed: FailedAttempt) -> None:
    tries = RetryState(most_resends=4, is_alone=True)
    verdicts = []
    for now in range(5):
        tries.note(failed, at=float(now), host_answered_at=None)
        verdicts.append(tries.verdict(GET, failed, tuning=Tuning(), rng=Random(1)))
    assert [isinstance(verdict, float) and verdict > 0 for verdict in verdicts] == [True] * 4 + [False]


def test_backoff_cap_below_its_base_is_no_trap() -> None:
    assert max(_pauses(_status(500), backoff_base_s=2.0, backoff_cap_s=1.0)) <= 2.0


@pytest.mark.parametrize("call", [CREATE, START, GET])
def test_an_answer_that_repetition_cannot_change_stands(call: Any) -> None:
    failed = FailedAttempt(
        error=NotFound("no", status=404, said="", **FACTS), failure=Failure("status", 404), status=404
    )
    assert _pauses(failed, call=call) == []
    assert _pauses(FailedAttempt(error=LOST.error, failure=None), call=call) == []
    assert _pauses(LOST, call=CREATE) == []


def test_the_final_error_does_not_hide_an_unknown_outcome() -> None:
    late = RequestTimeout("late", **FACTS)
    timed_out = RequestTimeout("no answer", **FACTS, sent_at=3.0)
    refused = Unauthorized("401", status=401, said="", **FACTS)
    not_found = NotFound("no", status=404, said="", **FACTS)
    tries = RetryState()
    tries.note(LOST, at=0.0, host_answered_at=None)
    for error in (late, refused, CONNECT.error, REFUSED.error):
        assert tries.final(error) is LOST.error
    for answer in (timed_out, not_found):
        assert tries.final(answer) is answer
    reading = RetryState()
    lost_read = FailedAttempt(error=ConnectionLost("lost", **FACTS, sent_at=1.0, is_read=True), failure=Failure("lost"))
    reading.note(lost_read, at=0.0, host_answered_at=None)
    assert reading.final(late) is late
