"""Download of a file from an address in a response: without credentials, only from the vendor's hosts."""

from __future__ import annotations

import uuid
from random import Random
from typing import Final
from urllib.parse import urljoin, urlsplit

import anyio
import attrs

from bulkops.catalogue import CALLS
from bulkops.errors import ApiError, BodyTooLarge, ConnectFailed, ConnectionLost, InputError, RequestTimeout
from bulkops.models.text import one_line
from bulkops.pacing import full_jitter
from bulkops.session._request import Request
from bulkops.session._status import ErrorContext, status_error
from bulkops.session._transport import AttemptIO, NoResponse, RawResponse, Result, Transport
from bulkops.settings import LOOPBACK, Settings

VENDOR_DOMAINS: Final = ("workato.com", "workatoapp.cn", "workato-assets.com", "workato-staging-assets.com")
"""Domains of the API, and of its files according to the vendor's samples."""

_HOPS: Final = 4
_TRIES: Final = 5
_WORTH_ANOTHER_TRY: Final = frozenset({429, 500, 502, 503, 504})
_SILENCES: Final = {
    "connect": ConnectFailed,
    "lost": ConnectionLost,
    "timeout": RequestTimeout,
    "too-large": BodyTooLarge,
}


async def download(url: str, *, settings: Settings, most_bytes: int, rng: Random) -> bytes:
    """The bytes at `url`; redirects are followed as far as they stay with the vendor. Outside all quotas: files are
    not served by the API.

    Raises: InputError for an address that is not the vendor's; StatusError; TransportError, BodyTooLarge above
        `most_bytes`.
    """
    tuning = attrs.evolve(settings.tuning, max_body_bytes=most_bytes)
    base = settings.url
    for _ in range(_HOPS):
        origin, path, query = _place(url, base, settings)
        request = Request(
            call=CALLS["packages.download"],
            path=path,
            query=query,
            body=None,
            content_type=None,
        )
        host = attrs.evolve(settings, url=origin, tuning=tuning)
        answer = await _fetch(request, host, rng)
        if not 300 <= answer.status < 400:
            return answer.body
        base, url = f"{origin}{path}?{query}", answer.headers.get("Location", "")
    raise InputError("the package's address redirects too many times", remedy="export it again")


async def _fetch(request: Request, settings: Settings, rng: Random) -> RawResponse:
    """One hop: a 2xx or a redirect. Raises: StatusError, TransportError."""
    tuning = settings.tuning
    async with Transport(settings, anonymous=True) as transport:
        for attempt in range(1, _TRIES + 1):
            attempt_io = AttemptIO(tuning.attempt_timeout_s)
            result = await transport.exchange(request, uuid.uuid4().hex[:12], attempt_io)
            if isinstance(result, RawResponse) and result.status < 400:
                return result
            error = _error(result, request, attempt, attempt_io)
            if attempt == _TRIES or not _may_help(result):
                raise error
            await anyio.sleep(
                full_jitter(attempt - 1, base_s=tuning.backoff_base_s, cap_s=tuning.backoff_cap_s, rng=rng)
            )
    raise AssertionError("the last try returns or raises")


def _may_help(result: Result) -> bool:
    if isinstance(result, NoResponse):
        return result.kind != "too-large" and not result.is_permanent
    return result.status in _WORTH_ANOTHER_TRY


def _error(result: Result, request: Request, attempt: int, attempt_io: AttemptIO) -> ApiError:
    facts = ErrorContext(
        call=request.call.id,
        method="GET",
        path=request.path,  # without the query: it holds the signature
        account=None,
        attempt=attempt,
        elapsed_s=0.0,
        request_id="",
        sent_at=attempt_io.sent_at,
        is_read=True,
    )
    if isinstance(result, NoResponse):
        return _SILENCES[result.kind](f"the package cannot be fetched: {result.why}", **facts)
    return status_error(result.status, result.headers, result.body, facts=facts, one_line=one_line)


def _place(url: str, base: str, settings: Settings) -> tuple[str, str, str]:
    """Origin, path and query of an address of the vendor's, relative to `base` where it is not whole.

    Raises: InputError; the address is never shown whole.
    """
    try:
        parts = urlsplit(urljoin(base, url))
        port = parts.port
    except ValueError:
        raise InputError("the package's address is not a valid URL", remedy="export it again") from None
    host = parts.hostname or ""
    if parts.username is not None or not _is_allowed(parts.scheme, host, settings):
        raise InputError(
            f"the package's file is on {one_line(host) or 'no host'!r}, which is not a host of the vendor",
            remedy="download and inspect it yourself, then give the file instead of the manifest",
        )
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port else ""), parts.path or "/", parts.query


def _is_allowed(scheme: str, host: str, settings: Settings) -> bool:
    """This machine counts as a vendor host only if the API is here too: a sandbox."""
    here = urlsplit(settings.url).hostname
    if host in LOOPBACK:
        return here in LOOPBACK and scheme in {"http", "https"}
    is_vendor = host == here or any(host == domain or host.endswith(f".{domain}") for domain in VENDOR_DOMAINS)
    return scheme == "https" and is_vendor
