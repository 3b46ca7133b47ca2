"""What an error says of the request: whether the server may have acted; and that errors can be copied and pickled."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any, Final

import pytest

import bulkops.operations  # noqa: F401 - its errors are among the subclasses
from bulkops.errors import (
    ApiError,
    BodyTooLarge,
    BulkopsError,
    ConfigError,
    ConnectFailed,
    ConnectionLost,
    DecodeError,
    OutcomeUnknown,
    RequestTimeout,
    RunError,
    RunLocked,
    StatusError,
    TaskFailed,
    TaskUnknown,
    WouldChange,
)

FACTS: Final[dict[str, Any]] = {"call": "managed_users.folders.create", "method": "POST", "path": "/f"}
SENT: Final[dict[str, Any]] = {**FACTS, "sent_at": 1.0}


def _status(status: int) -> StatusError:
    return StatusError("x", status=status, said="x", **SENT)


@pytest.mark.parametrize(
    ("error", "may_have"),
    [
        *((_status(status), True) for status in (100, 103, 300, 302, 308, 500, 502, 503, 504, 599)),
        *((_status(status), False) for status in (200, 202, 400, 401, 403, 404, 408, 409, 422, 429, 451)),
        (ConnectFailed("x", **FACTS), False),
        (RequestTimeout("x", **FACTS), False),
        (RequestTimeout("x", **SENT), True),
        (ConnectionLost("x", **SENT), True),
        (BodyTooLarge("x", **SENT), True),
        (DecodeError("x", **SENT), True),
        (OutcomeUnknown("x", **SENT), True),
        (TaskUnknown("x"), True),
        (TaskFailed("x"), False),
        (ConfigError("x"), False),
    ],
)
def test_whether_the_server_may_have_acted(error: BulkopsError, may_have: bool) -> None:
    assert error.may_have_acted is may_have


@pytest.mark.parametrize("error", [ConnectionLost("x", **SENT, is_read=True), DecodeError("x", **SENT, is_read=True)])
def test_a_read_never_acts(error: ApiError) -> None:
    assert error.may_have_acted is False


def _all() -> Iterator[BulkopsError]:
    kinds: set[Any] = {BulkopsError}
    todo: list[Any] = [BulkopsError]
    while todo:
        found = todo.pop().__subclasses__()
        todo += found
        kinds |= set(found)
    ours = (kind for kind in kinds if kind.__module__.startswith("bulkops."))
    for kind in sorted(ours, key=lambda kind: kind.__name__):
        if issubclass(kind, StatusError):
            yield kind("said", status=418, said="no", errors={"a": [1]}, retry_after_s=3.0, account="7", **SENT)
        elif issubclass(kind, ApiError):
            yield kind("said", account="7", request_id="r-1", cause="why", remedy="do", **SENT)
        elif issubclass(kind, RunLocked):
            yield kind("said", run_id="r", pid=7, remedy="do")
        elif issubclass(kind, RunError):
            yield kind("said", run_id="r", remedy="do")
        elif issubclass(kind, WouldChange):
            yield kind("that")
        elif issubclass(kind, TaskFailed):
            yield kind("said", failure_class="import-failed", cause="why", remedy="do")
        else:
            yield kind("said", cause="why", remedy="do")


@pytest.mark.parametrize("error", list(_all()), ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_can_be_copied_and_pickled(error: BulkopsError, copied: Any) -> None:
    error.add_note("seen in the night")
    other = copied(error)
    assert type(other) is type(error)
    assert (str(other), other.args, other.__dict__) == (str(error), error.args, error.__dict__)
    assert other.failure_class == error.failure_class
