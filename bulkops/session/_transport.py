"""A thin layer over aiohttp: sends one attempt and returns a response or `NoResponse`. It does not retry."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError, StreamWriter
from aiohttp.streams import StreamReader
from yarl import URL

from bulkops.errors import ConfigError
from bulkops.session._proxy import proxy_for
from bulkops.session._request import Request, credentials_in_headers
from bulkops.session._response import (
    NoResponse,
    RawResponse,
    Result,
    error_body,
    is_final,
    is_permanent,
    reason_of,
    whole_body,
)
from bulkops.session._status import CORRELATION
from bulkops.session._waits import Deadlines, DeadlineTimer
from bulkops.settings import Settings

_LARGE_BODY_BYTES: Final = 64 * 1024
"""Bytes. A body that fits into the transport's buffer leaves at once; a larger one does not."""

_HEADER_LINE_BYTES: Final = 16 * 1024
_MOST_STALE: Final = 8
"""Connections of the pool tried for one request. A server that speaks first makes every one stale."""
_RESPONSE: Final[Mapping[str, Any]] = {
    "read_until_eof": True,
    "max_line_size": _HEADER_LINE_BYTES,
    "max_field_size": _HEADER_LINE_BYTES,
}
_NO_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=None)  # `exchange` keeps the time


class AttemptIO:
    """One attempt on its way. Subclasses say what follows from its leaving and from its answer.

    `sent_at`: loop time at which it had left whole, or at which it was given up while a large body was still leaving;
    None: nothing left.
    """

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self.sent_at: float | None = None
        self._loop = asyncio.get_running_loop()
        self._patience: DeadlineTimer | None = None
        self._leaving_over: asyncio.BaseTransport | None = None

    def on_leaving(self) -> None:
        """The first byte is about to go out. May raise to keep it from leaving."""

    def on_answer(self, status: int, headers: Mapping[str, str]) -> None:
        """Status and headers have arrived, the body has not."""

    def limit(self, patience: DeadlineTimer) -> None:
        """The current time limit: for connecting until the request leaves, then for the attempt."""
        self._patience = patience

    def leave(self) -> None:
        """The connection stands and the first byte goes out now."""
        self.on_leaving()
        self.sent_at = self._loop.time()
        if self._patience is not None:
            self._patience.extend(self.sent_at + self.timeout_s)

    def body_leaves(self, connection: asyncio.BaseTransport) -> None:
        """A large body is on its way out over `connection`."""
        self._leaving_over = connection

    def body_left(self) -> None:
        self._leaving_over = None
        self.sent_at = self._loop.time()

    def land(self) -> None:
        """It is over: answered, given up or cancelled. What has not left by now never will."""
        over = self._leaving_over
        if over is not None:
            self.body_left()
            if isinstance(over, asyncio.WriteTransport):
                over.abort()  # close() would go on sending what is buffered


class Transport:
    """Owns the pool of connections. aiohttp connects, and parses responses; requests are written here. Its own client
    costs three times the CPU, and sends an idempotent request a second time when a kept-alive connection died: the
    quota would not know of it (contract C1); a test counts arrivals. No cookies, no redirects, no netrc.

    A proxy only when it is asked for. `anonymous_to`: name of another host than the API, for messages; it gets no
    credentials.
    """

    def __init__(self, settings: Settings, *, anonymous_to: str | None = None) -> None:
        self._settings = settings
        self._named = anonymous_to or settings.url
        self._client: aiohttp.ClientSession | None = None
        self._deadlines = Deadlines()
        self._headers = {
            "Accept": "*/*" if anonymous_to else "application/json",
            "User-Agent": f"bulkops/{_version()}",
            **({} if anonymous_to else credentials_in_headers(settings.auth)),
        }

    async def __aenter__(self) -> Transport:
        self._loop = asyncio.get_running_loop()
        origin = URL(self._settings.url).origin()
        proxy = proxy_for(self._settings.url) if self._settings.tuning.proxy_from_environment else {}
        _refuse_unknown_aiohttp()
        # callers limit concurrency; a second limit here would make requests wait invisibly
        self._client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._wanted = aiohttp.ClientRequest(
            "GET", origin, headers=self._headers, loop=self._loop, session=self._client, **proxy
        )
        self._head = "".join(f"{name}: {value}\r\n" for name, value in self._wanted.headers.items())
        # a proxy that opens no tunnel needs the whole address
        self._before_path = str(origin) if proxy and not self._wanted.is_ssl() else ""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    @property
    def is_open(self) -> bool:
        return self._client is not None

    async def exchange(self, request: Request, request_id: str, attempt_io: AttemptIO) -> Result:
        """Send `request` once and return its result; never raises. Foreign exceptions end here and are not kept as a
        context, because they hold headers and addresses. Cancellation passes through.
        """
        connect_by = asyncio.get_running_loop().time() + self._settings.tuning.connect_timeout_s
        patience = DeadlineTimer(connect_by, self._deadlines)
        attempt_io.limit(patience)
        try:
            return await self._exchange(request, request_id, attempt_io)
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
            return self._broken(error, attempt_io)
        except asyncio.CancelledError:
            if patience.was_lost():
                return self._timed_out(attempt_io)
            raise
        finally:
            patience.close()
            attempt_io.land()

    async def _exchange(self, request: Request, request_id: str, attempt_io: AttemptIO) -> Result:
        client = self._client
        if client is None or client.connector is None:
            raise ConfigError("the session is not open", remedy="use it inside `async with`")
        connection = await self._connected(client.connector)
        body: asyncio.Task[None] | None = None
        is_over = False
        try:
            protocol = connection.protocol
            if protocol is None:
                raise aiohttp.ServerDisconnectedError
            protocol.set_response_params(**_RESPONSE)
            attempt_io.leave()
            body = self._send(request, request_id, protocol, attempt_io)
            head, content = await protocol.read()
            while not is_final(head):
                head, content = await protocol.read()
            attempt_io.on_answer(head.code, head.headers)
            if 200 <= head.code < 300:
                read = await whole_body(content, self._settings.tuning.max_body_bytes)
                if isinstance(read, NoResponse):
                    return read
            else:
                read = await error_body(content)
            is_over = content.at_eof() and (body is None or body.done())
            return RawResponse(status=head.code, headers=head.headers, body=read)
        finally:
            if is_over:
                connection.release()
            else:
                connection.close()
            if body is not None:
                body.cancel()
                await asyncio.gather(body, return_exceptions=True)

    async def _connected(self, connector: aiohttp.BaseConnector) -> Connection:
        """A connection on which the server has sent nothing since its last response: that must not be read as the next
        one."""
        for _ in range(_MOST_STALE):
            connection = await connector.connect(self._wanted, traces=[], timeout=_NO_TIMEOUT)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()
        raise aiohttp.ServerDisconnectedError

    def _send(
        self, request: Request, request_id: str, protocol: ResponseHandler, attempt_io: AttemptIO
    ) -> asyncio.Task[None] | None:
        """Write the request. Returns the task that still writes its body, if that is large."""
        connection = protocol.transport
        if connection is None or connection.is_closing():
            raise aiohttp.ServerDisconnectedError
        body = request.body or b""
        head = self._head_of(request, request_id, len(body)).encode()
        if len(body) <= _LARGE_BODY_BYTES:
            connection.write(head + body)
            return None
        connection.write(head)
        attempt_io.body_leaves(connection)
        return self._loop.create_task(_send_large(body, StreamWriter(protocol, self._loop), attempt_io))

    def _head_of(self, request: Request, request_id: str, body_bytes: int) -> str:
        method, query = request.call.method, f"?{request.query}" if request.query else ""
        kind = f"Content-Type: {request.content_type}\r\n" if request.content_type is not None else ""
        length = f"Content-Length: {body_bytes}\r\n" if body_bytes or method != "GET" else ""
        return (
            f"{method} {self._before_path}{request.path}{query} HTTP/1.1\r\n{self._head}{kind}{length}"
            f"X-Request-Id: {request_id}\r\n{CORRELATION}: {request_id}\r\n\r\n"
        )

    def _timed_out(self, attempt_io: AttemptIO) -> NoResponse:
        if attempt_io.sent_at is not None:
            return NoResponse(kind="timeout", why=f"no response within {attempt_io.timeout_s:g} s")
        within_s = self._settings.tuning.connect_timeout_s
        return NoResponse(kind="connect", why=f"cannot connect to {self._named} within {within_s:g} s")

    def _broken(self, error: Exception, attempt_io: AttemptIO) -> NoResponse:
        if attempt_io.sent_at is not None:
            return NoResponse(
                kind="lost", why=f"the connection was lost before the whole response arrived: {reason_of(error)}"
            )
        why = f"cannot connect to {self._named}: {reason_of(error)}"
        return NoResponse(kind="connect", why=why, is_permanent=is_permanent(error))


async def _send_large(body: bytes, writer: StreamWriter, attempt_io: AttemptIO) -> None:
    """Send a large body in pieces, so that it does not block the loop."""
    view = memoryview(body)
    for start in range(0, len(body), _LARGE_BODY_BYTES):
        await writer.write(view[start : start + _LARGE_BODY_BYTES])
        await writer.drain()
    attempt_io.body_left()


def _refuse_unknown_aiohttp() -> None:
    """Raises: ConfigError when the parts of aiohttp that are used here have other names."""
    parts = (
        (aiohttp.BaseConnector, "connect"),
        (Connection, "release"),
        (ResponseHandler, "set_response_params"),
        (ResponseHandler, "read"),
        (StreamReader, "readany"),
        (StreamWriter, "drain"),
    )
    if not all(hasattr(owner, name) for owner, name in parts):
        raise ConfigError(
            f"bulkops does not work with aiohttp {aiohttp.__version__}",
            remedy="install an aiohttp version that this bulkops was tested with",
        )


def _version() -> str:
    """Of the package that this module is part of; it is loaded before any of its modules is."""
    return str(getattr(sys.modules.get(__name__.partition(".")[0]), "__version__", "0"))
