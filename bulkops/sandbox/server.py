"""The HTTP server: a loopback listener, bounded bodies, and JSON errors for unreadable requests."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import http_exceptions, web

from bulkops.errors import ConfigError
from bulkops.sandbox.request import RefusedError
from bulkops.sandbox.responses import Answer
from bulkops.sandbox.settings import HOST

_BACKLOG: Final = 1024
_HOST: Final = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_CLOSING_S: Final = 0.05
"""Requests in flight get this long when the sandbox ends."""

log: Final = logging.getLogger("bulkops.sandbox")


Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def read_body(request: web.BaseRequest, *, limit: int) -> bytes:
    """The whole body. Raises: RefusedError 413 above `limit` bytes (unpacked), 400 when its coding is broken;
    ConnectionError when the sender is gone."""
    if not request.can_read_body:
        return b""
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the reply proper has not begun
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise _too_large(limit)
    except (web.RequestPayloadError, http_exceptions.HttpProcessingError) as error:
        raise RefusedError(400, "Bad request: the body cannot be decoded") from error
    return bytes(body)


def host_of(request: web.BaseRequest) -> str:
    """Name and port by which the sandbox was reached; its address where the request names none that could be one.
    `request.host` would ask the resolver then, and the event loop would wait for that."""
    named = request.headers.get("Host", "")
    if _HOST.fullmatch(named):
        return named
    address = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return f"{address[0]}:{address[1]}" if address else HOST


def _too_large(limit: int) -> RefusedError:
    return RefusedError(413, f"Request body is larger than {limit} bytes")


class _Protocol(web.RequestHandler):
    """One connection. What aiohttp would answer in plain text, and log with a traceback, is JSON and quiet here."""

    __slots__ = ()

    def log_exception(self, *args: Any, exc_info: BaseException | None = None, **kw: Any) -> None:
        """A body that could not be decoded was answered with 400; the rest of it needs no second answer."""
        if not isinstance(exc_info, web.RequestPayloadError):
            super().log_exception(*args, exc_info=exc_info, **kw)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status >= 500:
            log.error("the sandbox failed on %s %s", request.method, request.path, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the reply had begun: the connection is closed")
        reason = "Server error" if status >= 500 else "Bad request"
        response = Answer.of({"message": reason}, status).response()
        response.force_close()
        return response


class HttpServer:
    """A listener on loopback for one handler."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connections: web.Server
        self._listener: asyncio.Server

    async def start(self, port: int) -> int:
        """Listen; the port (a free one for 0). Raises: ConfigError when it is taken."""
        loop = asyncio.get_running_loop()
        self._connections = web.Server(self._handler)
        try:
            self._listener = await loop.create_server(self._connect, HOST, port, backlog=_BACKLOG)
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {HOST}:{port}: {error.strerror}", remedy="choose another port, or 0 for a free one"
            ) from error
        listening: int = self._listener.sockets[0].getsockname()[1]
        return listening

    def _connect(self) -> web.RequestHandler:
        return _Protocol(
            self._connections,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # how aiohttp documents "no access log"
            logger=log,
        )

    async def stop(self) -> None:
        """Listen no more and end every connection; requests in flight are cut off."""
        self._listener.close()
        self._connections.pre_shutdown()
        await self._connections.shutdown(_CLOSING_S)
        await self._listener.wait_closed()
