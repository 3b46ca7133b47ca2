"""The bare server as a child process, and how fast it can be."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import attrs

CONNECTIONS: Final = 50
PIPELINED: Final = 8


@attrs.frozen
class Served:
    url: str

    def counts(self) -> dict[str, Any]:
        """What the server saw so far, and its CPU seconds."""
        with urllib.request.urlopen(f"{self.url}/_counts", timeout=30) as answer:
            counted: dict[str, Any] = json.load(answer)
        return counted


@contextmanager
def served(*arguments: str) -> Iterator[Served]:
    """A bare server in its own process; ends with the block, or with this process."""
    command = [sys.executable, "-m", "benchmarks.kit.bare_server", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Served(process.stdout.readline().strip())
        finally:
            process.stdin.close()


class _Firing(asyncio.Protocol):
    """Keeps a number of requests on their way until `left` are done: as little client as can be."""

    def __init__(self, left: int, size: int, done: asyncio.Future[None]) -> None:
        self._left, self._size, self._done = left, size, done
        self._sent = self._got = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._fire(PIPELINED)

    def data_received(self, data: bytes) -> None:
        before, self._got = self._got // self._size, self._got + len(data)
        arrived = self._got // self._size
        if arrived >= self._left:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
        else:
            self._fire(min(arrived - before, self._left - self._sent))

    def _fire(self, number: int) -> None:
        if number > 0:
            self._sent += number
            self._transport.write(b"GET /api/managed_users/1/recipes/1 HTTP/1.1\r\nHost: x\r\n\r\n" * number)


def ceiling(server: Served, requests: int) -> dict[str, float]:
    """Replies a second that the server gives to the leanest client, on the clock and per second of its own CPU.

    The second does not depend on who else uses the machine.
    """
    with urllib.request.urlopen(f"{server.url}/api/managed_users/1/recipes/1", timeout=30) as answer:
        size = len(answer.read()) + _head_bytes(answer)
    before = server.counts()["cpu_s"]
    began = time.perf_counter()
    asyncio.run(_fire(server.url, requests, size))
    took_s = time.perf_counter() - began
    return {"per_s": requests / took_s, "per_cpu_s": requests / (server.counts()["cpu_s"] - before)}


def _head_bytes(answer: Any) -> int:
    lines = [f"{name}: {value}" for name, value in answer.getheaders()]
    return len("\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode())


async def _fire(url: str, requests: int, size: int) -> None:
    loop = asyncio.get_running_loop()
    host, _, port = url.removeprefix("http://").partition(":")
    each = requests // CONNECTIONS
    waiters = [loop.create_future() for _ in range(CONNECTIONS)]
    for waiter in waiters:
        await loop.create_connection(partial(_Firing, each, size, waiter), host, int(port))
    await asyncio.gather(*waiters)
