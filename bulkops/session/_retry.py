"""Retries of one request: whether and when it is sent again (contract C4). `may_resend` has the basic rule.

Everything that sends asks here after each failed attempt: calls of the API, downloads and the webhook.

- A 429 was not executed: the call goes back into its quota's queue at once, and the quota's closing is the wait. That
  wait counts only against the run, so a quota may stay closed for as long as it likes; a call that is refused
  MAX_REFUSALS times in a row is not refused for the rate alone and raises RateLimited.
- Any other failure waits for a backoff (full jitter; a Retry-After wins), then for the retry budget and the quota.
  Attempts and backoffs count against `call_timeout_s`; the waits for budget and quota do not. An attempt is not begun
  when less than half of its time is left.
- Failures that say that the *host* is away (no connection, 502, 503, 504) are never counted against the call. Nor are
  lost and late answers when nobody else has had a good one since the attempt before: while the host is away for
  everybody the budget runs dry and callers wait, one probing at a time, so that an outage of minutes fails no account.
- Failures of this call alone (500, or silence while the host answers others) are: after MAX_RESENDS the error stands.
- A 502, 503 or 504 with a Retry-After announces an outage. If the host is away for other requests too, it is closed for
  everyone until then, which counts only against the run, however often that happens.
- A name that does not resolve or a bad certificate is not tried again unless the host was reached before.
- A request to another host than the API has neither quota nor neighbors (`is_alone`): each failure counts, a 429 too.
"""

from __future__ import annotations

from random import Random
from typing import Final, Literal

import attrs

from bulkops.catalogue import Call
from bulkops.errors import ApiError, ConnectFailed, Forbidden, RateLimited, RequestTimeout, Unauthorized
from bulkops.pacing import full_jitter
from bulkops.settings import Tuning

MAX_RESENDS: Final = 8
MAX_REFUSALS: Final = 50
TRANSIENT: Final = frozenset({502, 503, 504})


@attrs.frozen
class Failure:
    """What went wrong with one attempt. "connect": nothing was sent; "lost": the connection died."""

    kind: Literal["connect", "lost", "timeout", "status"]
    status: int | None = None


def may_resend(retry: str, failure: Failure) -> bool:
    """Whether a call of retry class `retry` may be sent again after `failure`.

    A request refused before it was executed (no connection, 429) always may. One that may have been executed may only
    if repeating it reaches the same end state; a read also after a 500.

    >>> may_resend("reconcile_first", Failure("timeout")), may_resend("reconcile_first", Failure("status", 429))
    (False, True)
    """
    if failure.kind == "connect" or failure.status == 429:
        return True
    if retry not in {"idempotent", "safe_to_retry"}:
        return False
    if failure.kind == "status":
        return failure.status in TRANSIENT or (failure.status == 500 and retry == "idempotent")
    return True


@attrs.frozen(kw_only=True)
class FailedAttempt:
    """One attempt without a usable response. `failure` None: a repetition cannot change the response; `status` None: no
    complete response; `retry_after_s`: the server's Retry-After.
    """

    error: ApiError
    status: int | None = None
    failure: Failure | None
    is_permanent: bool = False
    retry_after_s: float | None = None

    def may_be_resent(self, call: Call) -> bool:
        return self.failure is not None and may_resend(call.retry, self.failure)

    @property
    def away_s(self) -> float:
        """Seconds of outage that the host has announced; 0 without an announcement."""
        return (self.retry_after_s or 0.0) if self.status in TRANSIENT else 0.0

    @property
    def is_refusal(self) -> bool:
        return self.failure is not None and self.failure.status == 429


@attrs.define
class RetryState:
    """The retries of one call. `failures`: in a row, for the backoff; `resends`: counted against the call; `spent_s`:
    in attempts and backoffs; `probe`: the budget's permission for the next attempt (None: none needed).
    """

    most_resends: int = MAX_RESENDS
    is_alone: bool = False
    attempt: int = 0
    refusals: int = 0
    failures: int = 0
    resends: int = 0
    spent_s: float = 0.0
    failed_at: float | None = None
    probe: bool | None = None
    unknown: ApiError | None = None

    def note(self, failed: FailedAttempt, *, at: float, host_answered_at: float | None) -> None:
        """Count one failed attempt. `host_answered_at`: when anybody of this session last had a usable answer."""
        if failed.error.may_have_acted:
            self.unknown = failed.error
        if failed.is_refusal and not self.is_alone:
            self.refusals += 1
            return
        self.refusals = 0
        self.failures += 1
        # Since this call's last failure, not its first: a response from the moment the host went away does not count
        # for the minutes after it.
        since, self.failed_at = at if self.failed_at is None else self.failed_at, at
        host_answers = host_answered_at is not None and host_answered_at > since
        if self.is_alone or (failed.failure is not None and _is_own(failed.failure, host_answers=host_answers)):
            self.resends += 1

    def verdict(
        self,
        call: Call,
        failed: FailedAttempt,
        *,
        tuning: Tuning,
        host_known: bool = False,
        host_away: bool = False,
        rng: Random,
    ) -> float | ApiError:
        """Seconds to back off before the call is sent again, or the error to raise. `host_known`: it was reached
        before; `host_away`: an announced outage is on.
        """
        pause_s = self._pause_s(call, failed, tuning, host_known=host_known, host_away=host_away, rng=rng)
        return self.final(failed.error) if pause_s is None else pause_s

    def _pause_s(
        self, call: Call, failed: FailedAttempt, tuning: Tuning, *, host_known: bool, host_away: bool, rng: Random
    ) -> float | None:
        if not failed.may_be_resent(call):
            return None
        if failed.is_refusal and not self.is_alone:
            return 0.0 if self.refusals < MAX_REFUSALS else None
        if host_away and failed.away_s:
            return 0.0
        if self.resends > self.most_resends or (failed.is_permanent and not host_known):
            return None
        base_s = tuning.backoff_base_s
        jitter_s = full_jitter(self.failures - 1, base_s=base_s, cap_s=max(base_s, tuning.backoff_cap_s), rng=rng)
        pause_s = failed.retry_after_s or jitter_s
        # a shorter attempt would only replace the real error by a timeout
        least_s = min(tuning.attempt_timeout_s, tuning.call_timeout_s) / 2
        return pause_s if self.spent_s + pause_s + least_s <= tuning.call_timeout_s else None

    def final(self, error: ApiError) -> ApiError:
        """The error to raise. When this one says that nothing was done *now*, and an earlier attempt of a changing call
        ended without an answer, the earlier one is the truth about the account."""
        nothing_done = isinstance(error, ConnectFailed | Forbidden | RateLimited | Unauthorized) or (
            isinstance(error, RequestTimeout) and error.sent_at is None
        )
        return self.unknown if nothing_done and self.unknown is not None else error


def _is_own(failure: Failure, *, host_answers: bool) -> bool:
    if failure.kind == "connect" or failure.status in TRANSIENT:
        return False
    return failure.kind == "status" or host_answers
