"""What a limit looks like on the wire: the 429, and the headers that count down to it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

import attrs
from aiohttp import web

from bulkops.sandbox.endings import Answer, page
from bulkops.sandbox.settings import SandboxSettings

_JSON: Final = Answer.of({"message": "Too many requests"}, 429)


@attrs.frozen
class Standing:
    """How one limit stands after a request: what it allows, what is left of that, real seconds until it is whole."""

    limit: int
    remaining: int
    reset_s: float


def too_many(settings: SandboxSettings, wait_s: float | None) -> web.Response:
    """`wait_s`: real seconds until there is room; None when it is not known, and not said then."""
    match settings.assumptions.throttle_body:
        case "html":
            response = page(429, "429 Too Many Requests")
        case "empty":
            response = Answer(429, b"").response()
        case _:
            response = _JSON.response()
    if wait_s is not None and settings.retry_after:
        whole = math.ceil(wait_s)
        dated = settings.assumptions.retry_after == "date"
        response.headers["Retry-After"] = _date(whole) if dated else str(whole)
    return response


def count_down(response: web.StreamResponse, standing: Standing) -> None:
    """The headers that many APIs send and this vendor does not document."""
    response.headers["X-RateLimit-Limit"] = str(standing.limit)
    response.headers["X-RateLimit-Remaining"] = str(standing.remaining)
    response.headers["X-RateLimit-Reset"] = str(math.ceil(standing.reset_s))


def _date(seconds: int) -> str:
    """One second more than asked: the form knows none of their parts."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds + 1), usegmt=True)
