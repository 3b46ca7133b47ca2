"""A proxy in front of the sandbox that answers chosen accounts badly: every byte of a bad answer is under control."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import attrs

MOST_BYTES = 512 * 1024 * 1024
"""Endless answers end here: a client that takes more than this has failed its test already."""


@attrs.frozen(kw_only=True)
class Asked:
    """One request: "GET folders" is its `call`, and `number` says how many of these the account has sent."""

    call: str
    number: int
    target: str
    good: Callable[[], Any]
    """Hands the request on and gives the sandbox's whole answer: the effect happens."""


Answer = Callable[[Asked], AsyncIterator[bytes]]


@attrs.frozen(kw_only=True)
class Trick:
    """`at`: a pattern for the calls that it answers; the others are handed on. `lives`: a kept-alive connection stays
    open after it."""

    name: str
    at: str
    answer: Answer
    lives: bool = False


def head(status: int = 200, *lines: str, length: int | None = None) -> bytes:
    """The beginning of an answer. `length` None: no Content-Length."""
    all_lines = [f"HTTP/1.1 {status} Whatever", "Content-Type: application/json", *lines]
    if length is not None:
        all_lines.append(f"Content-Length: {length}")
    return "\r\n".join([*all_lines, "", ""]).encode()


def whole(body: bytes, status: int = 200, *lines: str) -> bytes:
    return head(status, *lines, length=len(body)) + body


class HostileProxy:
    """`tricks`: account -> what it does. `url` is what the client talks to; `asked` counts what arrived by account;
    `down`: it answers nobody; `away_until`: until this loop time it answers everybody with 503 and Retry-After."""

    def __init__(self, target: str, tricks: Mapping[str, Trick]) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname, parts.port)
        self._tricks = tricks
        self._server: asyncio.Server
        self.asked: Counter[str] = Counter()
        self.down = False
        self.away_until = 0.0
        self.arrivals: list[float] = []
        self._calls: Counter[tuple[str, str]] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._one(reader, writer):
                    pass
        except asyncio.CancelledError:
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort() if self.down else writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection may be used again."""
        request = await _message(reader)
        self.arrivals.append(asyncio.get_running_loop().time())
        if self.down:
            return False
        away_s = math.ceil(self.away_until - self.arrivals[-1])
        if away_s > 0:
            writer.write(whole(b'{"message": "Maintenance"}', 503, f"Retry-After: {away_s}"))
            await writer.drain()
            return True
        method, target, _ = request.split(b"\r\n", 1)[0].decode().split(" ", 2)
        segments = target.partition("?")[0].split("/")  # "", api, managed_users, ACCOUNT, NOUN, ...
        account = segments[3] if len(segments) > 3 else ""
        self.asked[account] += 1
        call = f"{method} {'/'.join(re.sub(r'^[0-9]+$', 'ID', segment) for segment in segments[4:])}"
        self._calls[account, call] += 1
        trick = self._tricks.get(account)
        if trick is None or not re.fullmatch(trick.at, call):
            writer.write(await self._hand_on(request))
            await writer.drain()
            return True
        number = self._calls[account, call]
        asked = Asked(call=call, number=number, target=target, good=lambda: self._hand_on(request))
        sent = 0
        async for part in trick.answer(asked):
            writer.write(part)
            await writer.drain()
            sent += len(part)
            if sent > MOST_BYTES:
                return False
        return trick.lives

    async def _hand_on(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self._target)
        try:
            writer.write(request)
            return await _message(reader)
        finally:
            writer.close()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One request or answer with its body, which has a length."""
    start = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: *([0-9]+)", start, re.IGNORECASE)
    return start + (await reader.readexactly(int(length[1])) if length else b"")
