"""One attempt of a pending call, with its slot."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from bulkops.errors import ErrorContext
from bulkops.pacing import Slot
from bulkops.session._context import RequestContext
from bulkops.session._request import Request
from bulkops.session._retry import RetryState
from bulkops.session._status import correlation_id, remaining, retry_after_s
from bulkops.session._transport import AttemptIO
from bulkops.session._waits import WaitCancelled


@attrs.define(kw_only=True, eq=False)  # not frozen: a frozen class pays twice for its constructor
class PendingCall:
    """One call of `ApiSession.send`: the request, its context and its history.

    `key`: under which the vendor counts it, where a limit is not for everybody together.
    """

    request: Request
    request_id: str
    scope: RequestContext
    key: str | None
    tries: RetryState = attrs.field(factory=RetryState)

    def facts(self, attempt: Attempt | None = None) -> ErrorContext:
        """Attributes for an error; without an attempt: for a request that was not sent."""
        return ErrorContext(
            call=self.request.call.id,
            method=self.request.call.method,
            path=self.request.path,
            account=self.scope.account,
            attempt=self.tries.attempt or 1,
            elapsed_s=attempt.elapsed_s if attempt is not None else 0.0,
            request_id=self.request_id,
            sent_at=attempt.sent_at if attempt is not None else None,
            is_read=self.request.call.is_read,
        )


class Attempt(AttemptIO):
    """Settles its slot exactly once: at the response's head, or when the attempt ends without one. The server has
    counted a request when its response begins, even if the body takes longer. `status`: None until then;
    `correlation_id`: the server's own id of the request; `began_at`: loop time at which it began to connect.
    """

    def __init__(self, pending: PendingCall, slot: Slot, *, timeout_s: float, may_leave: Callable[[], bool]) -> None:
        super().__init__(timeout_s)
        self.pending = pending
        self.slot = slot
        self.status: int | None = None
        self.correlation_id: str | None = None
        self.elapsed_s = 0.0
        self._may_leave = may_leave
        self.began_at = self._loop.time()
        self._is_settled = False

    def on_leaving(self) -> None:
        """Raises: GaveUpWaiting when the token was refused, or the request withdrawn, while it was still connecting."""
        counted = self.pending.scope.counted
        is_change = not self.pending.request.call.is_read
        if not self._may_leave() or not self.slot.may_leave or (is_change and counted.is_withdrawn):
            raise WaitCancelled
        self.slot.left()
        counted.left += is_change

    def on_answer(self, status: int, headers: Mapping[str, str]) -> None:
        self.status = status
        self._is_settled = True
        call, scope = self.pending.request.call, self.pending.scope
        scope.server_date = headers.get("Date")
        self.correlation_id = correlation_id(headers, sent=self.pending.request_id)
        if status == 429 and call.speaks_of == "quota":
            self.slot.refused(retry_after_s(headers))
            scope.counted.left -= not call.is_read
        else:
            self.slot.replied(remaining(headers))
        if status not in {401, 429}:
            scope.accepted += 1
        if 200 <= status < 300 and not call.is_read:
            scope.counted.writes += 1

    def end(self) -> None:
        """End the attempt. Without a response the server may still work on it, so the slot stays taken longer."""
        self.elapsed_s = self._loop.time() - (self.sent_at if self.sent_at is not None else self.began_at)
        if self._is_settled:
            return
        self._is_settled = True
        if self.sent_at is None:
            self.slot.unused()
        else:
            self.slot.lost()
