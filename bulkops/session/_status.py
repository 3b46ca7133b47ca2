"""Meaning of a status: (status, headers, body) -> error. Pure functions without sockets or clock.

Body forms are those of the vendor and of the gateways in front of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
import msgspec

from bulkops.errors import (
    BadRequest,
    Conflict,
    ErrorContext,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    ServerError,
    StatusError,
    Unauthorized,
)

LONGEST_RETRY_AFTER_S: Final = 3600.0
"""Seconds, the vendor's longest window. A longer Retry-After is cut to it."""

_CLASSES: Final[Mapping[int, type[StatusError]]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: RateLimited,
}

_REMEDIES: Final[Mapping[int, str]] = {
    400: "correct the value that the message names",
    401: "check WORKATO_API_TOKEN, and that it belongs to this data center (WORKATO_HOST)",
    403: "check what the API client's role and folder scope allow",
    404: "check that it still exists, and that this is its data center (WORKATO_HOST)",
    409: "check the account",
    422: "correct the value that the message names",
    429: "leave other tools more room (`share` in a client file), then try again",
}


def remedy_for(status: int) -> str:
    """What to do about this status. It names no command, because this module does not know of a run; the report
    does.
    """
    if 300 <= status < 400:
        return "check WORKATO_HOST: the API does not redirect"
    if status >= 500:
        return "the vendor has a problem: try again later"
    return _REMEDIES.get(status, "check the account")


CORRELATION: Final = "X-Correlation-Id"
"""Names a request in the vendor's own logs: sent with each, the same for all its attempts, and echoed."""

_REMAINING: Final = ("X-Rate-Limit-Remaining", "X-RateLimit-Remaining")
_COUNT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_SECONDS: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?", re.ASCII)
_PAGE_TITLE: Final = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_MARKUP: Final = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_IDS: Final = re.compile(r"\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9]{3,})\b", re.IGNORECASE)

_TITLED: Final = frozenset({"code", "title", "detail"})
_DEEPEST: Final = 4
_MOST_ERRORS: Final = 20
_PAGE_START: Final = 8192


@attrs.frozen(kw_only=True)
class ErrorBody:
    """Parsed error body. `support_id`: the vendor's id of a 500, for support."""

    message: str
    errors: object = None
    support_id: str | None = None


def retry_after_s(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Seconds to wait by the Retry-After header (seconds or an HTTP date), or None without a readable one.

    Within 0 and an hour, whatever the header says. A date is measured against the server's own Date header when there
    is one: its clock need not agree with ours.
    """
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return min(max(float(text), 0.0), LONGEST_RETRY_AFTER_S)
    until = _date(text)
    if until is None:
        return None
    since = _date(headers.get("Date", "")) or now or datetime.now(UTC)
    return min(max((until - since).total_seconds(), 0.0), LONGEST_RETRY_AFTER_S)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


def correlation_id(headers: Mapping[str, str], *, sent: str) -> str | None:
    """The id under which the server has the request, where it is not the one that was `sent` with it."""
    own = headers.get(CORRELATION, "").strip()
    return own if own not in ("", sent) else None


def remaining(headers: Mapping[str, str]) -> int | None:
    """How many more requests fit into the quota, where the server says it, in either spelling; else None."""
    text = next((headers[name].strip() for name in _REMAINING if name in headers), "")
    return int(text) if _COUNT.fullmatch(text) else None


def status_error(
    status: int, headers: Mapping[str, str], body: bytes, *, facts: ErrorContext, one_line: Callable[[str], str]
) -> StatusError:
    """The error that `status` stands for. Equal failures of different accounts have equal causes."""
    said = _redirect(headers) if 300 <= status < 400 else read_body(headers, body)
    if said.support_id is None and (own := correlation_id(headers, sent=facts["request_id"])) is not None:
        said = attrs.evolve(said, support_id=own)
    kind = _CLASSES.get(status, ServerError if status >= 500 else StatusError)
    words = one_line(said.message) or _phrase(status)
    return _made(kind, status, words, said, facts=facts, one_line=one_line, wait_s=retry_after_s(headers))


def missing_right(error: Unauthorized, *, group: str, token_works: bool) -> Forbidden:
    """A 401 of a token that works elsewhere: the vendor answers so when a role lacks a whole family of calls (and 403
    when it lacks one of them). Without proof that the token still works, both possibilities are named."""
    revoked, check = "", ""
    if not token_works:
        revoked, check = ", or the token was revoked just now", "; if other calls fail too, check WORKATO_API_TOKEN"
    made = Forbidden(
        f"{error.message}: the API client's role has none of the calls of {group!r}{revoked}",
        status=error.status,
        said=error.said,
        errors=error.errors,
        remedy=f"give the API client's role the calls of {group!r}{check}",
        **error.context,
    )
    made.cause = f"{error.cause}: the API client's role has none of the calls of {group!r}{revoked}"
    return made


def verdict_error(status: int, body: Any, *, facts: ErrorContext, one_line: Callable[[str], str]) -> StatusError:
    """The error of a 2xx whose body says `success: false`."""
    said = _read_object(body)
    words = one_line(said.message) or "no reason given"
    error = _made(StatusError, status, words, said, facts=facts, one_line=one_line, wait_s=None)
    error.message = f"the response says success: false: {words}"
    error.cause = f"{facts['call']}: {_IDS.sub('…', words)}"
    return error


def _made(
    kind: type[StatusError],
    status: int,
    words: str,
    said: ErrorBody,
    *,
    facts: ErrorContext,
    one_line: Callable[[str], str],
    wait_s: float | None,
) -> StatusError:
    shown = words if words.startswith(str(status)) else f"{status} {words}"
    support = f" (the server's id for it: {one_line(said.support_id)})" if said.support_id else ""
    error = kind(
        shown + support,
        status=status,
        said=words,
        errors=_safe(said.errors, one_line),
        retry_after_s=wait_s,
        remedy=remedy_for(status),
        **facts,
    )
    error.cause = f"{facts['call']}: {status} {_IDS.sub('…', shown.removeprefix(str(status)).strip())}"
    return error


def read_body(headers: Mapping[str, str], body: bytes) -> ErrorBody:
    """What an error's body says: JSON of any known form, a gateway's HTML page, plain text, or nothing."""
    if not body.strip():
        return ErrorBody(message="")
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body.decode("utf-8", "replace")
        is_page = "html" in headers.get("Content-Type", "").lower() or text.lstrip()[:1] == "<"
        return ErrorBody(message=_page_words(text) if is_page else text)
    return _read_object(value)


def _read_object(value: Any) -> ErrorBody:
    if not isinstance(value, dict):
        return ErrorBody(message=value if isinstance(value, str) else _json_text(value))
    errors, type_ = value.get("errors"), value.get("error_type")
    texts = [text for key in ("message", "error", "title") if isinstance(text := value.get(key), str) and text.strip()]
    if isinstance(type_, str) and type_.strip() and "error" in value:
        texts = [f"{texts[0]} ({type_})"] if texts else [type_]
    details = list(_flat(errors, _DEEPEST))[:_MOST_ERRORS]
    message = ": ".join([*texts[:1], *(["; ".join(details)] if details else [])])
    support_id = value.get("id")
    return ErrorBody(
        message=message or _json_text({key: part for key, part in value.items() if key != "id"}),
        errors=errors,
        support_id=support_id if isinstance(support_id, str) else None,
    )


def _flat(errors: object, depth: int) -> Iterator[str]:
    """`{"field": ["a", "b"]}`, `{"field": "a"}`, `["a"]` -> "field a", "field b" ...; and the newer calls'
    `[{"code": 422, "title": "a", "detail": "b"}]` -> "a: b" (vendor facts, section 18)."""
    if isinstance(errors, dict) and isinstance(errors.get("title"), str) and errors.keys() <= _TITLED:
        yield ": ".join(text for name in ("title", "detail") if isinstance(text := errors.get(name), str) and text)
    elif isinstance(errors, dict) and depth > 0:
        for name, value in errors.items():
            yield from (f"{name} {text}" for text in _flat(value, depth - 1))
    elif isinstance(errors, list) and depth > 0:
        for value in errors:
            yield from _flat(value, depth - 1)
    elif errors is not None:
        yield errors if isinstance(errors, str) else _json_text(errors)


def _json_text(value: object) -> str:
    try:
        return "" if value in ({}, [], None) else msgspec.json.encode(value).decode()
    except RecursionError:
        return "(nested too deep to show)"


def _page_words(page: str) -> str:
    """The title or first heading of an HTML page, else its text. Only its beginning is read: a hostile page must not
    slow the patterns down.
    """
    page = page[:_PAGE_START]
    found = _PAGE_TITLE.search(page)
    words = _MARKUP.sub(" ", found.group(2)).strip() if found else ""
    return words or _MARKUP.sub(" ", page)


def _redirect(headers: Mapping[str, str]) -> ErrorBody:
    """Only the host of the new address is shown: the rest may repeat a credential."""
    try:
        parts = urlsplit(headers.get("Location", ""))
        host = f" to {parts.scheme}://{parts.hostname}" if parts.hostname else ""
    except ValueError:
        host = ""
    return ErrorBody(message=f"the server redirects{host}; bulkops does not follow redirects")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"


def _safe(value: object, one_line: Callable[[str], str], depth: int = _DEEPEST) -> object:
    """The server's `errors` with every text made safe to show and its depth and length bounded."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, dict) and depth > 0:
        rows = list(value.items())[:_MOST_ERRORS]
        return {one_line(str(key)): _safe(part, one_line, depth - 1) for key, part in rows}
    if isinstance(value, list) and depth > 0:
        return [_safe(part, one_line, depth - 1) for part in value[:_MOST_ERRORS]]
    return value if value is None or isinstance(value, bool | int | float) else one_line(_json_text(value))
