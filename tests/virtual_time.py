"""An event loop whose clock jumps over every wait: an hour of backoff passes in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
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


class SocketLoop(asyncio.SelectorEventLoop):
    """A virtual clock over real sockets whose both ends live on this loop: on the slowest machine work takes no time.

    Time jumps to the next timer when nothing has arrived for `QUIET_S` - what one end sent, the other has by then - and
    no thread of an executor is at work. Other threads and processes it knows nothing of.
    """

    QUIET_S = 0.03

    def __init__(self) -> None:
        super().__init__()
        self._now = super().time()
        self._threads: set[asyncio.Future[Any]] = set()
        self._really_select = self._selector.select  # type: ignore[attr-defined]  # what typeshed leaves out
        self._selector.select = self._select_or_jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        future: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        self._threads.add(future)
        future.add_done_callback(self._threads.discard)
        return future

    def _select_or_jump(self, timeout: float | None) -> list[Any]:
        if not timeout or self._threads:
            return list(self._really_select(timeout if not timeout else None))
        ready = list(self._really_select(self.QUIET_S))
        self._now += 0.0 if ready else timeout
        return ready


OVER_SOCKETS = "asyncio", {"loop_factory": SocketLoop}
over_sockets = pytest.mark.parametrize("anyio_backend", [OVER_SOCKETS], ids=["virtual"])
"""A mark for a test that compares times while its server and its client speak over real sockets."""
