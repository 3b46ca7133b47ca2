"""A server of the test's own making, on a real socket: it counts what arrives and answers what the test says."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from random import Random
from typing import Any

import attrs
import pytest

from bulkops.client import Account, Workato
from bulkops.secret import Secret
from bulkops.session import ApiSession
from bulkops.settings import Auth, Settings, Tuning

TOKEN = "wrkaus-S3cr3t/tok+en=="


@attrs.define
class Seen:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float


class Out:
    """How the test answers one request."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def body(self, status: int, body: bytes = b"", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.raw("\r\n".join([*lines, "", ""]).encode() + body)

    async def json(self, status: int, value: Any, **headers: str) -> None:
        await self.body(status, json.dumps(value).encode(), Content_Type="application/json", **headers)

    def reset(self) -> None:
        self.writer.transport.abort()

    def close(self) -> None:
        self.writer.close()


Handler = Callable[[Seen, Out], Awaitable[None]]


class Server:
    """Answers with `handler`; `seen` is every request in order, `connections` how many were accepted."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.connections = 0
        self.url = ""
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def handler(self, seen: Seen, out: Out) -> None:
        del seen
        await out.json(200, {"id": 1, "name": "x"})

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _ = head[0].split(" ", 2)
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                seen = Seen(method, target, headers, body, asyncio.get_running_loop().time())
                self.seen.append(seen)
                await self.handler(seen, Out(writer))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listener = await asyncio.start_server(made.connected, "127.0.0.1", 0)
    made.port = listener.sockets[0].getsockname()[1]
    made.url = f"http://127.0.0.1:{made.port}"
    yield made
    listener.close()
    made.end()
    await asyncio.sleep(0)
    await listener.wait_closed()


def quick(**changes: Any) -> Tuning:
    """Tuning in which an hour's backoff takes a second; a reply that does come may take its time on a busy machine."""
    values: dict[str, Any] = {
        "unlimited": True,
        "max_rate": None,
        "server_timeout_s": 0.2,
        "attempt_timeout_s": 30.0,
        "connect_timeout_s": 30.0,
        "call_timeout_s": 60.0,
        "backoff_base_s": 0.002,
        "backoff_cap_s": 0.02,
    }
    return Tuning(**(values | changes))


@pytest.fixture
def settings_for() -> Callable[..., Settings]:
    def make(url: str, *, auth: Auth | None = None, **changes: Any) -> Settings:
        return Settings(url=url, auth=auth or Auth(token=Secret(TOKEN)), tuning=quick(**changes))

    return make


@pytest.fixture
def session_for(settings_for: Callable[..., Settings]) -> Callable[..., ApiSession]:
    def make(url: str, *, observe: Any = None, **changes: Any) -> ApiSession:
        more = {} if observe is None else {"observe": observe}
        return ApiSession(settings_for(url, **changes), rng=Random(7), **more)

    return make


@pytest.fixture
async def session(server: Server, session_for: Callable[..., ApiSession]) -> AsyncIterator[ApiSession]:
    async with session_for(server.url) as made:
        yield made


@pytest.fixture
async def workato(server: Server, settings_for: Callable[..., Settings]) -> AsyncIterator[Workato]:
    async with Workato.from_settings(settings_for(server.url)) as made:
        yield made


@pytest.fixture
def account(workato: Workato) -> Account:
    return workato.account("EA/1")


@pytest.fixture
def deaf() -> Iterator[socket.socket]:
    """A port where nobody listens, and that nobody else is given: connections are refused until the test listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest.fixture
def token() -> str:
    return TOKEN
