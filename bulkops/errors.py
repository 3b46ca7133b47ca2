"""The tree of errors that bulkops raises on purpose.

    BulkopsError                     cause (the same text for every account that has it), remedy
    ├── ConfigError                  bad settings, flag, client file or job file: which key, from which source
    ├── InputError                   bad account file or package: file, row or member, and what to do
    ├── ApiError                     call, path, account, attempt, elapsed_s, request_id - never headers or token
    │   ├── TransportError           no usable response
    │   │   ├── ConnectFailed        nothing was sent
    │   │   ├── ConnectionLost       sent, the connection died before the response
    │   │   ├── RequestTimeout       sent, no response in time: the server may have acted
    │   │   └── BodyTooLarge         the response was cut off at the stated size
    │   ├── OutcomeUnknown           sent, no usable response, not safe to repeat: probe before sending again
    │   ├── DecodeError              the response does not fit the model: path of the field
    │   └── StatusError              status, what the server said
    │       ├── BadRequest 400 / Unauthorized 401 / Forbidden 403 / NotFound 404 / Conflict 409 / Invalid 422
    │       ├── RateLimited 429      retry_after_s
    │       └── ServerError 5xx
    ├── TaskFailed                   an operation's own verdict on one account
    │   └── ReaderGone               the reader of stdout has gone (`| head`): the run ends early without a failure
    ├── TaskUnknown                  the outcome of an effect is unknown, with what to check
    ├── JournalError
    │   ├── JournalCorrupt           the file cannot be read
    │   ├── JournalMismatch          other operation, parameters or inventory than the run began with
    │   ├── ProcessReplaced          other processes have declared this one dead
    │   └── RunLocked                another process works on it: run id and pid
    ├── PlanError                    a run that must not start: empty, duplicates, without consent
    │   └── WouldChange              a step or a write met while planning: nothing was sent
    └── RunError                     run_id
        ├── RunAborted               halted: gate closed, deadline, authentication
        └── RunFailed                `raise_for_failures`: some accounts failed, unknown or left out

Whether an error is worth another try is policy (`session._retry`), not a property of its class.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, NotRequired, TypedDict, Unpack

_REDIRECTS: Final = range(300, 400)


def leaves_open(status: int) -> bool:
    """Whether the server may have acted although it sent this status: true for 1xx, redirects and 5xx.

    A 4xx is a refusal, and so is a 2xx with `success: false`.
    """
    return status < 200 or status in _REDIRECTS or status >= 500


class BulkopsError(Exception):
    """Base of the tree. `str()` is one line: what failed, then what to do. Errors can be copied and pickled."""

    failure_class: ClassVar[str] = "error"
    """Short kebab-case name, as `bulkops retry --failure-class` takes it."""

    def __init__(self, message: str, *, cause: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause or message
        """What failed, without ids and counters: accounts with equal causes are shown as one cluster."""
        self.remedy = remedy

    @property
    def may_have_acted(self) -> bool:
        """Whether this error leaves the outcome of an effect unknown (contracts C4 and C5)."""
        return False

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # The inherited method calls the class with `args` alone, but the constructors need more.
        return _remade, (type(self), self.args), self.__dict__


def _remade(kind: type[BulkopsError], args: tuple[Any, ...]) -> BulkopsError:
    return kind.__new__(kind, *args)


class ConfigError(BulkopsError):
    failure_class = "config"


class InputError(BulkopsError):
    failure_class = "input"


class ErrorContext(TypedDict):
    """What every `ApiError` carries about its attempt."""

    call: str
    method: str
    path: str
    account: NotRequired[str | None]
    attempt: NotRequired[int]
    elapsed_s: NotRequired[float]
    request_id: NotRequired[str]
    sent_at: NotRequired[float | None]
    is_read: NotRequired[bool]


class ApiError(BulkopsError):
    """An error of one call to the API.

    The attributes have everything that a log line needs. `sent_at`: loop time at which the last attempt left (None: no
    attempt left); `is_read`: the call cannot change anything.
    """

    failure_class = "api"

    def __init__(
        self, message: str, *, cause: str | None = None, remedy: str | None = None, **context: Unpack[ErrorContext]
    ) -> None:
        super().__init__(message, cause=cause or f"{context['call']}: {message}", remedy=remedy)
        self.call = context["call"]
        self.method = context["method"]
        self.path = context["path"]
        self.account = context.get("account")
        self.attempt = context.get("attempt", 1)
        self.elapsed_s = context.get("elapsed_s", 0.0)
        self.request_id = context.get("request_id", "")
        self.sent_at = context.get("sent_at")
        self.is_read = context.get("is_read", False)

    @property
    def context(self) -> ErrorContext:
        return {name: getattr(self, name) for name in ErrorContext.__annotations__}  # type: ignore[return-value]

    @property
    def may_have_acted(self) -> bool:
        """Whether the server may have acted on a changing call: it was sent, and not refused."""
        return not self.is_read and self._leaves_open

    @property
    def _leaves_open(self) -> bool:
        return self.sent_at is not None

    def __str__(self) -> str:
        text = f"{self.method} {self.path}: {super().__str__()}"
        return f"{text} (attempt {self.attempt}, request {self.request_id})" if self.request_id else text


class TransportError(ApiError):
    failure_class = "transport"


class ConnectFailed(TransportError):
    failure_class = "connect-failed"

    @property
    def _leaves_open(self) -> bool:
        return False


class ConnectionLost(TransportError):
    failure_class = "connection-lost"


class RequestTimeout(TransportError):
    failure_class = "timeout"


class BodyTooLarge(TransportError):
    failure_class = "body-too-large"


class OutcomeUnknown(ApiError):
    failure_class = "outcome-unknown"

    @property
    def _leaves_open(self) -> bool:
        return True


class DecodeError(ApiError):
    failure_class = "decode"


class StatusError(ApiError):
    """The server answered with an error status, or with 200 and `success: false`.

    `status`: the HTTP status; `said`: the server's `message`, or an excerpt of its body (at most 300 characters);
    `errors`: the server's `errors` object, if it sent one; `retry_after_s`: its Retry-After in seconds.
    """

    failure_class = "status"

    def __init__(
        self,
        message: str,
        *,
        status: int,
        said: str,
        errors: object = None,
        retry_after_s: float | None = None,
        remedy: str | None = None,
        **context: Unpack[ErrorContext],
    ) -> None:
        super().__init__(message, remedy=remedy, **context)
        self.status = status
        self.said = said
        self.errors = errors
        self.retry_after_s = retry_after_s

    @property
    def _leaves_open(self) -> bool:
        return leaves_open(self.status)


class BadRequest(StatusError):
    failure_class = "bad-request"


class Unauthorized(StatusError):
    failure_class = "unauthorized"


class Forbidden(StatusError):
    failure_class = "forbidden"


class NotFound(StatusError):
    failure_class = "not-found"


class Conflict(StatusError):
    failure_class = "conflict"


class Invalid(StatusError):
    failure_class = "invalid"


class RateLimited(StatusError):
    failure_class = "rate-limited"


class ServerError(StatusError):
    failure_class = "server-error"


class TaskFailed(BulkopsError):
    """Raised by an operation: the account cannot be done, and every effect so far is known.

    Args:
        failure_class: kebab-case, e.g. "import-failed", "recipe-not-started"; what `retry --failure-class` takes.
        message: for this account; `cause`: the same text for every account with this problem.
    """

    failure_class = "task-failed"

    def __init__(
        self,
        message: str,
        *,
        failure_class: str = "task-failed",
        cause: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, cause=cause, remedy=remedy)
        self.failure_class = failure_class  # type: ignore[misc]  # per failure here, per class elsewhere


class ReaderGone(TaskFailed):
    pass


STILL_UNKNOWN: Final = "still-unknown"
"""Failure class of an effect of an earlier process that no request can settle: the breaker ignores it."""


class TaskUnknown(BulkopsError):
    """The outcome of an effect is unknown. `remedy` says what to check."""

    failure_class = "outcome-unknown"

    @property
    def may_have_acted(self) -> bool:
        return True


class JournalError(BulkopsError):
    failure_class = "journal"


class JournalCorrupt(JournalError):
    pass


class JournalMismatch(JournalError):
    pass


class ProcessReplaced(JournalError):
    """Other processes have declared this one dead: it can write nothing to the journal any more."""


class RunLocked(JournalError):
    """Another process works on this run or on this credential."""

    def __init__(self, message: str, *, run_id: str, pid: int | None, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.run_id = run_id
        self.pid = pid


class PlanError(BulkopsError):
    failure_class = "plan"


class WouldChange(PlanError):
    """A plan met a write. `what`: the step or call that would have come next; `call`: its id, if it is a call."""

    failure_class = "would-change"

    def __init__(self, what: str, *, call: str | None = None) -> None:
        super().__init__(f"{what} may change something, and this plan only reads: nothing was sent")
        self.what = what
        self.call = call


class RunError(BulkopsError):
    def __init__(self, message: str, *, run_id: str, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.run_id = run_id


class RunAborted(RunError):
    pass


class RunFailed(RunError):
    pass
