"""A vendor in virtual time: the three kinds of windows a server may count in, and a clock that can be stalled."""

from __future__ import annotations

import asyncio
import functools
import math
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from bulkops.pacing import Pacer
from bulkops.rate_limit import Limit
from tests.virtual_time import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

P = ParamSpec("P")
T = TypeVar("T")


class StallingLoop(VirtualLoop):
    """A virtual clock that code can push on while it "computes": everybody else sees the time only afterwards."""

    def stall(self, seconds: float) -> None:
        self._now += seconds


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run on a clock that starts at 0 and jumps over every wait."""
    loop = StallingLoop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Play a test as `run` does."""

    @functools.wraps(test)
    def play(*args: P.args, **kwargs: P.kwargs) -> None:
        run(test(*args, **kwargs))

    return play


def now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def pumping(pacer: Pacer) -> AsyncIterator[Pacer]:
    """The pacer with its pump running, as the session owns it."""
    pump = asyncio.create_task(pacer.run())
    try:
        yield pacer
    finally:
        pump.cancel()
        await asyncio.wait([pump])
        if not pump.cancelled():
            pump.result()


class Server(Protocol):
    def take(self, at: float) -> float | None:
        """Count a request. None: accepted; else refused, and seconds until one would be accepted."""


class SlidingServer:
    """A log: at most `limit` accepted in any window of `window_s`."""

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit, self.window_s = limit, window_s
        self._log: deque[float] = deque()

    def take(self, at: float) -> float | None:
        while self._log and self._log[0] <= at - self.window_s:
            self._log.popleft()
        if len(self._log) >= self.limit:
            return self._log[0] + self.window_s - at
        self._log.append(at)
        return None


class FixedServer:
    """Counts afresh every `window_s`, from `phase_s` on."""

    def __init__(self, limit: int, window_s: float, *, phase_s: float = 0.0) -> None:
        self.limit, self.window_s, self.phase_s = limit, window_s, phase_s
        self._window = -math.inf
        self._count = 0

    def take(self, at: float) -> float | None:
        window = (at - self.phase_s) // self.window_s
        if window != self._window:
            self._window, self._count = window, 0
        if self._count >= self.limit:
            return self.phase_s + (window + 1) * self.window_s - at
        self._count += 1
        return None


class BucketServer:
    """A token bucket: `burst` tokens when full (and at the start), refilled without steps at limit / window_s."""

    def __init__(self, limit: int, window_s: float, *, burst: int | None = None) -> None:
        self.rate = limit / window_s
        self.burst = limit if burst is None else burst
        self._tokens = float(self.burst)
        self._at = -math.inf

    def take(self, at: float) -> float | None:
        if self._at > -math.inf:
            self._tokens = min(self.burst, self._tokens + (at - self._at) * self.rate)
        self._at = at
        if self._tokens < 1 - 1e-9:
            return (1 - self._tokens) / self.rate
        self._tokens -= 1
        return None


def check(limit: Limit, times: Sequence[float], *, phase: float) -> None:
    """No window of T holds more than N of `times` (sorted), and none of the three servers refuses one."""
    n, window_s = limit.requests, limit.window_s
    for first, beyond in zip(times, times[n:], strict=False):
        assert beyond - first >= window_s - 1e-6, f"{n + 1} requests within {beyond - first} s, from {first}"
    servers: list[Server] = [
        SlidingServer(n, window_s - 1e-6),
        FixedServer(n, window_s, phase_s=phase * window_s),
        BucketServer(n, window_s),
    ]
    for server in servers:
        for at in times:
            assert server.take(at) is None, f"{type(server).__name__} refused at {at}"
