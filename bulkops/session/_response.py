"""The response to one attempt, as it comes from aiohttp: read whole, or the reason why it is missing."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Literal, TypeAlias

import aiohttp
import attrs
from aiohttp.http import HttpProcessingError, RawResponseMessage
from aiohttp.streams import StreamReader

_ERROR_BODY_BYTES: Final = 64 * 1024
"""Bytes of an error's body that are read: enough for its message."""

_ERROR_BODY_S: Final = 5.0
"""Seconds for an error's body. A refusal whose body stalls must not become a timeout, after which the effect is
unknown."""

_PERMANENT: Final = (
    aiohttp.ClientConnectorDNSError,
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ClientConnectorSSLError,
)

_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (aiohttp.ClientHttpProxyError, "the proxy refuses the connection"),
    (aiohttp.ClientProxyConnectionError, "the proxy cannot be reached"),
    (aiohttp.ClientConnectorDNSError, "the host's name cannot be resolved"),
    (aiohttp.ClientConnectorCertificateError, "the host's certificate is not valid"),
    (aiohttp.ClientConnectorSSLError, "the TLS handshake with the host failed"),
    (aiohttp.ClientPayloadError, "the response body is incomplete or badly compressed"),
    (HttpProcessingError, "the response is not HTTP, or its headers are too large"),
    (aiohttp.ClientResponseError, "the proxy's response is not HTTP"),
    (aiohttp.ServerDisconnectedError, "the server closed the connection"),
)


@attrs.define(kw_only=True)  # not frozen: a frozen class pays twice for its constructor
class RawResponse:
    """A complete HTTP response. Of an error's body only the beginning is kept."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class NoResponse:
    """No usable response. `why`: one line for people, without ids or addresses of accounts.

    `kind`: "connect" (nothing left), "lost" (it left; the connection died or did not speak HTTP), "timeout" (it left;
    no answer in time) or "too-large" (the answer was cut off). `is_permanent`: a retry cannot help unless the host was
    reached before: its name does not resolve, or its certificate is not valid.
    """

    kind: Literal["connect", "lost", "timeout", "too-large"]
    why: str
    is_permanent: bool = False


Result: TypeAlias = RawResponse | NoResponse


def is_final(head: RawResponseMessage) -> bool:
    """Whether it is the head of the response, not one that only says that the response will come."""
    return head.code >= 200 or head.code == HTTPStatus.SWITCHING_PROTOCOLS


async def whole_body(content: StreamReader, most: int) -> bytes | NoResponse:
    """The decoded body, unless it is larger than `most` bytes: a small body may unpack to any size."""
    blocks: list[bytes] = []
    size = 0
    while not content.at_eof():
        block = await content.readany()
        size += len(block)
        if size > most:
            return NoResponse(kind="too-large", why=f"the response is larger than {most} bytes")
        blocks.append(block)
    return b"".join(blocks)


async def error_body(content: StreamReader) -> bytes:
    """The beginning of an error's body; the status says enough when it breaks off or stalls."""
    body = b""
    try:
        async with asyncio.timeout(_ERROR_BODY_S):
            while len(body) < _ERROR_BODY_BYTES and (block := await content.readany()):
                body += block
    except (aiohttp.ClientError, OSError):
        pass
    return body[:_ERROR_BODY_BYTES]


def is_permanent(error: Exception) -> bool:
    """Whether another attempt to connect would fail as well, unless the host was reached before."""
    return isinstance(error, _PERMANENT)


def reason_of(error: Exception) -> str:
    """The reason in our words, because aiohttp's exceptions contain URLs with their query."""
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    if isinstance(error.__cause__ or error, ssl.SSLError):  # its number does not belong to the system
        return "the TLS connection broke"
    number = error.errno if isinstance(error, OSError) else None
    if number is not None and number > 0:
        return os.strerror(number)
    if isinstance(error, aiohttp.ClientConnectorError):  # several addresses, each with its own reason
        return "none of the host's addresses can be reached"
    return "the connection broke"
