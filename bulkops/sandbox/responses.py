"""HTTP responses: the reply of a handler, what a fault makes of it, and the 429 with its headers."""

from __future__ import annotations

import math
import socket
import struct
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

import attrs
import msgspec
from aiohttp import web

from bulkops.catalogue import Call
from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.faults import Strike
from bulkops.sandbox.request import RefusedError
from bulkops.sandbox.settings import SandboxSettings

_HTML: Final = """<!DOCTYPE html>
<html><head><title>{title}</title></head>
<body><center><h1>{title}</h1></center><hr><center>gateway</center></body></html>
"""
_GATEWAY: Final = {502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable"}


@attrs.frozen
class Answer:
    """A status and JSON data, encoded; `location`: of a redirect; `headers`: others that the call itself sends."""

    status: int
    body: bytes
    location: str | None = None
    headers: Mapping[str, str] | None = None

    @classmethod
    def of(cls, data: Any, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Answer:
        return cls(status, msgspec.json.encode(data), headers=headers)

    def response(self) -> web.Response:
        headers = {**(self.headers or {})}
        if self.location is not None:
            headers["Location"] = self.location
        return web.Response(
            status=self.status, body=self.body, content_type="application/json", charset="utf-8", headers=headers
        )


def finish(strike: Strike, answer: Answer | None, request: web.BaseRequest, settings: SandboxSettings) -> web.Response:
    """The reply that leaves; for a reset it goes nowhere, because the connection is cut."""
    if strike.end == "reset":
        _cut(request, hard=strike.shape < 0.5)
    elif strike.end == "throttle":
        return too_many(settings, None)
    elif strike.end == "timeout":
        return Answer.of({"message": "Request timed out"}, 504).response()
    elif strike.end == "malformed" and answer is not None and answer.status == 200:
        return _malformed(answer, strike.shape)
    if answer is None or strike.end == "error":
        return _error(strike.shape)
    return answer.response()


def _error(shape: float) -> web.Response:
    """500 with an id for support, or a gateway's 502 or 503, half of those as a page."""
    status = (500, 502, 503)[int(shape * 3)]
    if status != 500 and shape * 6 % 1 < 0.5:
        return page(status, _GATEWAY[status])
    if status == 500:
        return Answer.of({"message": "Server error", "id": str(uuid.uuid4())}, status).response()
    return Answer.of({"message": _GATEWAY[status][4:]}, status).response()


def _malformed(answer: Answer, shape: float) -> web.Response:
    if shape < 0.5:
        return page(200, "Please wait")
    return Answer(200, answer.body[: max(1, len(answer.body) // 2)]).response()


def page(status: int, title: str) -> web.Response:
    """What a gateway says, instead of JSON."""
    return web.Response(status=status, text=_HTML.format(title=title), content_type="text/html")


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
            response = Answer.of({"message": "Too many requests"}, 429).response()
    if wait_s is not None and settings.retry_after:
        whole = math.ceil(wait_s)
        dated = settings.assumptions.retry_after == "date"
        response.headers["Retry-After"] = _date(whole) if dated else str(whole)
    return response


def count_down(response: web.StreamResponse, standing: Standing, prefix: str) -> None:
    """The headers that many APIs send and this vendor does not document."""
    response.headers[f"{prefix}-Limit"] = str(standing.limit)
    response.headers[f"{prefix}-Remaining"] = str(standing.remaining)
    response.headers[f"{prefix}-Reset"] = str(math.ceil(standing.reset_s))


_CORRELATION: Final = "X-Correlation-Id"


def correlate(response: web.StreamResponse, request: web.BaseRequest, settings: SandboxSettings) -> None:
    """Name the request as its sender did, or otherwise (vendor facts, section 18)."""
    how, sent = settings.assumptions.correlation_id, request.headers.get(_CORRELATION)
    if how != "none":
        response.headers[_CORRELATION] = sent if sent and how == "echoed" else str(uuid.uuid4())


_NEWER: Final = frozenset(
    {
        *("collaborator_groups", "project_grants", "on_prem", "deployments", "custom_oauth_profiles", "event_streams"),
        *("iam", "mcp_servers", "agent_studio"),
    }
)
"""Groups of calls that came after 2024."""


def wording(call: Call, assumptions: Assumptions) -> str:
    """How a refusal of this call is worded."""
    return assumptions.error_body if call.group in _NEWER else "message"


def refused(refusal: RefusedError, call: Call, assumptions: Assumptions) -> Answer:
    """What a handler refuses, in the words that the assumptions want."""
    body = refusal.body
    match wording(call, assumptions):
        case "error":
            body = {"error": body["message"], "error_type": "invalid_request"}
        case "errors":
            fields = body.get("errors", {})
            detail = "; ".join(f"{name} {text}" for name, texts in fields.items() for text in texts)
            body = {"errors": [{"code": refusal.status, "title": body["message"], "detail": detail}]}
    return Answer.of(body, refusal.status, headers=refusal.headers)


def _date(seconds: int) -> str:
    """One second more than asked: the form knows none of their parts."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds + 1), usegmt=True)


def _cut(request: web.BaseRequest, *, hard: bool) -> None:
    """End the connection without a reply: by RST when `hard`, else by closing it."""
    transport = request.transport
    if transport is None:
        return
    sock = transport.get_extra_info("socket")
    if hard and sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
