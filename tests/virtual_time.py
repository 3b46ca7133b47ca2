"""An event loop whose clock jumps over every wait: an hour of backoff passes in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing but threads: the time in which nothing happens passes at once."""

    passed: Callable[[float], None]
    threads: set[asyncio.Future[Any]]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None or self.threads:
            return super().select(None)
        self.passed(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at 0 and ends with a TimeoutError at `limit_s`; time passes only while everybody waits."""

    TICK_S = 1e-6

    def __init__(self, *, limit_s: float = 1e7) -> None:
        self._now = 0.0
        self.virtual_limit_s = limit_s
        self._threads: set[asyncio.Future[Any]] = set()
        selector = _Jumping()
        selector.passed = self._pass
        selector.threads = self._threads
        super().__init__(selector)
        self._clock_resolution = self.TICK_S

    def time(self) -> float:
        return self._now

    def call_at(  # type: ignore[override]  # its type variables would say nothing here
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """A timer within the same tick would fire for ever (aiolimiter sets such)."""
        return super().call_at(max(when, self.time() + self.TICK_S), callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        future: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        self._threads.add(future)
        future.add_done_callback(self._threads.discard)
        return future

    def _pass(self, seconds: float) -> None:
        self._now = round(self._now + seconds, 6)
        if self._now >= self.virtual_limit_s:
            raise TimeoutError(f"{self.virtual_limit_s} virtual seconds have passed")


def run_virtual(coroutine: Coroutine[Any, Any, T], *, limit_s: float = 1e7) -> T:
    """Run on a virtual clock; TimeoutError after `limit_s` virtual seconds."""
    loop = VirtualLoop(limit_s=limit_s)
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


class _Counted(socket.socket):
    """Knows how many bytes it has sent and received."""

    sent = received = 0

    def send(self, *given: Any) -> int:
        count = super().send(*given)
        self.sent += count
        return count

    def sendmsg(self, *given: Any) -> int:
        count = super().sendmsg(*given)
        self.sent += count
        return count

    def recv(self, *given: Any) -> bytes:
        data = super().recv(*given)
        self.received += len(data)
        return data

    def recv_into(self, *given: Any) -> int:
        count = super().recv_into(*given)
        self.received += count
        return count


class SocketLoop(asyncio.SelectorEventLoop):
    """A virtual clock over TCP connections whose both ends live on this loop: work takes no time on a slow machine.

    Time jumps to the next timer when each end has received what the other one sent, and no thread of an executor is at
    work. While that is not known - a connection begins or ends, another thread runs - nothing must have arrived for
    `QUIET_S`. It does not count what other processes do, nor bytes over TLS, Unix sockets or `add_reader`.
    """

    QUIET_S = 0.03

    def __init__(self) -> None:
        super().__init__()
        self._now = super().time()
        self._threads: set[asyncio.Future[Any]] = set()
        self._connecting = 0
        self._ends: dict[tuple[Any, Any], _Counted] = {}
        self._really_select = self._selector.select  # type: ignore[attr-defined]  # what typeshed leaves out
        self._selector.select = self._select_or_jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        future: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        self._threads.add(future)
        future.add_done_callback(self._threads.discard)
        return future

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        self._connecting += 1
        try:
            await super().sock_connect(sock, address)
        finally:
            self._connecting -= 1

    def _make_socket_transport(self, sock: socket.socket, *given: Any, **more: Any) -> asyncio.Transport:
        with suppress(OSError):  # the other side has ended it already
            ends = sock.getsockname(), sock.getpeername()
            sock = self._ends[ends] = _Counted(fileno=sock.detach())
            sock.setblocking(False)
        made: asyncio.Transport = super()._make_socket_transport(sock, *given, **more)  # type: ignore[misc]
        return made

    def _select_or_jump(self, timeout: float | None) -> list[Any]:
        if not timeout or self._threads:
            return list(self._really_select(timeout if not timeout else None))
        ready = list(self._really_select(0 if self._is_quiet() else self.QUIET_S))
        self._now += 0.0 if ready else timeout
        return ready

    def _is_quiet(self) -> bool:
        others = {thread.name for thread in threading.enumerate()} - {"MainThread"}
        if self._connecting or not all(name.startswith("asyncio_") for name in others):
            return False
        self._ends = {ends: end for ends, end in self._ends.items() if end.fileno() != -1}
        return all(
            (there, here) in self._ends and self._ends[there, here].received == end.sent
            for (here, there), end in self._ends.items()
        )


OVER_SOCKETS = "asyncio", {"loop_factory": SocketLoop}
over_sockets = pytest.mark.parametrize("anyio_backend", [OVER_SOCKETS], ids=["virtual"])
"""A mark for a test that compares times while its server and its client speak over real sockets."""
