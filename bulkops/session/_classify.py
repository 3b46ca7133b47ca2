"""Classification of an attempt's result: a response, or an error and whether a retry is allowed. Sans-IO."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from bulkops.catalogue import Call, RetryClass
from bulkops.errors import (
    ApiError,
    BodyTooLarge,
    ConnectFailed,
    ConnectionLost,
    ErrorContext,
    OutcomeUnknown,
    RequestTimeout,
    TransportError,
)
from bulkops.session._attempt import Attempt
from bulkops.session._context import Reply
from bulkops.session._response import NoResponse, RawResponse, Result
from bulkops.session._retry import FailedAttempt, Failure
from bulkops.session._status import status_error

_SILENCES: Final[Mapping[str, type[TransportError]]] = {
    "connect": ConnectFailed,
    "lost": ConnectionLost,
    "timeout": RequestTimeout,
    "too-large": BodyTooLarge,
}

_ADVICE: Final[Mapping[str, str]] = {
    "connect": "check the network and WORKATO_HOST",
    "lost": "try again",
    "timeout": "try again",
    "too-large": "raise max_body_bytes in a client file, or ask for less",
}


def classify(result: Result, attempt: Attempt, *, one_line: Callable[[str], str]) -> Reply | FailedAttempt:
    """A 2xx is a response, whatever its body says; the decoder judges the body. So is a redirect to a file."""
    if isinstance(result, RawResponse) and (200 <= result.status < 300 or _is_file_elsewhere(result, attempt)):
        return _reply(result, attempt, one_line)
    return failure_of(result, attempt.pending.request.call, attempt.pending.facts(attempt), one_line=one_line)


def failure_of(result: Result, call: Call, facts: ErrorContext, *, one_line: Callable[[str], str]) -> FailedAttempt:
    """The error that a result stands for, and whether it may pass."""
    if isinstance(result, NoResponse):
        silence = _SILENCES[result.kind](result.why, remedy=_ADVICE[result.kind], **facts)
        # a resend would be cut off at the same size
        failure = None if result.kind == "too-large" else Failure(kind=result.kind, status=None)
        return FailedAttempt(error=_for_class(silence, call, facts), failure=failure, is_permanent=result.is_permanent)
    error = status_error(result.status, result.headers, result.body, facts=facts, one_line=one_line)
    is_of_call = result.status == 429 and call.speaks_of == "call"
    failure = None if is_of_call else Failure(kind="status", status=result.status)
    return FailedAttempt(
        error=_for_class(error, call, facts),
        status=result.status,
        failure=failure,
        retry_after_s=error.retry_after_s,
    )


def _is_file_elsewhere(answer: RawResponse, attempt: Attempt) -> bool:
    """A call that returns a file may return its address instead. The address is checked before it is followed."""
    is_redirect = 300 <= answer.status < 400 and "Location" in answer.headers
    return is_redirect and attempt.pending.request.call.envelope == "bytes"


def _reply(answer: RawResponse, attempt: Attempt, one_line: Callable[[str], str]) -> Reply:
    pending = attempt.pending
    return Reply(
        status=answer.status,
        body=answer.body,
        call=pending.request.call,
        account=pending.scope.account,
        request_id=pending.request_id,
        attempt=pending.tries.attempt,
        elapsed_s=attempt.elapsed_s,
        sent_at=attempt.sent_at or 0.0,
        path=pending.request.path,
        one_line=one_line,
        location=answer.headers.get("Location") if answer.status >= 300 else None,
    )


def _for_class(error: ApiError, call: Call, facts: ErrorContext) -> ApiError:
    """OutcomeUnknown, from `error`, when the server may have acted on a call that must not be repeated (C4)."""
    if not error.may_have_acted or call.retry is not RetryClass.RECONCILE_FIRST:
        return error
    unknown = OutcomeUnknown(
        f"sent, but no usable response: {error.message}",
        cause=error.cause,
        remedy="check the account before you send it again",
        **facts,
    )
    unknown.__cause__ = error
    return unknown
