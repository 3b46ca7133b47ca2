"""Rights of the token, as far as responses tell: the meaning of a 401 after other calls have worked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeGuard

import anyio

from bulkops.catalogue import Call
from bulkops.errors import ApiError, StatusError, Unauthorized
from bulkops.session._attempt import Attempt, PendingCall
from bulkops.session._context import Reply, RequestContext
from bulkops.session._request import Request
from bulkops.session._status import missing_right


class Rights:
    """Families of calls that worked, and those that the API client's role lacks.

    The vendor answers 401 to a family that the role lacks, and to every call once the token is revoked. To tell them
    apart, the first read that worked is sent again, once for each family. After a read that tells nothing, the next 401
    sends it again.
    """

    def __init__(self, send: Callable[[Request, str | None, RequestContext], Awaitable[Reply]]) -> None:
        """`send`: a request, under its quota key. A 401 to a family that worked must stop the session."""
        self._send = send
        self._worked: set[tuple[str, str]] = set()
        self._lacking: set[tuple[str, str]] = set()
        self._first_read: tuple[Request, str | None] | None = None
        self._asking = anyio.Lock()
        self._unanswered = 0

    def worked(self, attempt: Attempt) -> None:
        """The server has accepted the token for this call, whatever it answered."""
        pending = attempt.pending
        call = pending.request.call
        self._worked.add(call.family)
        if self._first_read is None and call.is_read and attempt.status == HTTPStatus.OK:
            self._first_read = pending.request, pending.key

    def is_doubtful(self, error: ApiError, call: Call) -> TypeGuard[Unauthorized]:
        """Whether it is a 401 that may speak of the role: other calls have worked, but none of this family."""
        return isinstance(error, Unauthorized) and bool(self._worked) and call.family not in self._worked

    async def meaning(self, refused: Unauthorized, pending: PendingCall) -> StatusError:
        """The error of a doubtful 401: Forbidden, or `refused` if the token is revoked."""
        call, scope, unanswered = pending.request.call, pending.scope, self._unanswered
        async with self._asking:
            is_open = call.family not in self._lacking and self._unanswered == unanswered
            if self._first_read is not None and is_open and not scope.tolerates_401:
                request, key = self._first_read
                asker = RequestContext(seq=scope.seq, progress=scope.progress, read_only=True, deadline=scope.deadline)
                try:
                    await self._send(request, key, asker)
                    self._lacking.add(call.family)
                except Unauthorized:
                    return refused
                except ApiError as error:
                    if isinstance(error, StatusError) and error.status < 500 and error.status != 429:
                        self._lacking.add(call.family)
                    else:
                        self._unanswered += 1  # all that wait now would send it as often, one after the other
        return missing_right(refused, group=call.group, token_works=call.family in self._lacking)
