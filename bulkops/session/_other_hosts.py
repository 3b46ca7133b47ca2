"""Requests to other hosts than the API: without credentials and quotas. One host serves one request."""

from __future__ import annotations

import asyncio
import uuid
from random import Random

import attrs

from bulkops.errors import ErrorContext
from bulkops.models.text import one_line
from bulkops.session._classify import failure_of
from bulkops.session._request import Request
from bulkops.session._response import RawResponse
from bulkops.session._retry import RetryState
from bulkops.session._transport import AttemptIO, Transport
from bulkops.settings import Settings


async def send_to_other_host(
    request: Request, settings: Settings, *, named: str, most_resends: int, pause_s: float | None = None, rng: Random
) -> RawResponse:
    """The response to `request`: a 2xx or a redirect, which is not followed.

    Args:
        settings: of the other host; its credentials are not sent.
        named: the host, for messages; its address may hold a secret.
        pause_s: seconds between attempts; None: as the tuning says. A Retry-After wins.
    Raises: StatusError; TransportError. Neither has the query or the headers.
    """
    tuning, call = settings.tuning, request.call
    tries = RetryState(most_resends=most_resends, is_alone=True)
    clock = asyncio.get_running_loop().time
    async with Transport(settings, anonymous_to=named) as transport:
        while True:
            tries.attempt += 1
            began_at = clock()
            attempt_io = AttemptIO(tuning.attempt_timeout_s)
            result = await transport.exchange(request, uuid.uuid4().hex[:12], attempt_io)
            if isinstance(result, RawResponse) and 200 <= result.status < 400:
                return result
            tries.spent_s += clock() - began_at
            facts = ErrorContext(
                call=call.id,
                method=call.method,
                path=request.path,
                account=None,
                attempt=tries.attempt,
                elapsed_s=tries.spent_s,
                request_id="",
                sent_at=attempt_io.sent_at,
                is_read=call.is_read,
            )
            failed = failure_of(result, call, facts, one_line=one_line)
            if failed.retry_after_s is None:
                failed = attrs.evolve(failed, retry_after_s=pause_s)
            tries.note(failed, at=clock(), host_answered_at=None)
            verdict = tries.verdict(call, failed, tuning=tuning, rng=rng)
            if isinstance(verdict, Exception):
                raise verdict
            await asyncio.sleep(verdict)
            tries.spent_s += verdict
