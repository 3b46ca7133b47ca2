"""How others keep a limit: each is a coroutine function that returns when a request of a quota may leave."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any, Final

from aiolimiter import AsyncLimiter

from benchmarks.kit.harness import version

Acquire = Callable[[str], Awaitable[object]]
Limits = Mapping[str, tuple[int, float]]
"""Requests and seconds, by quota."""


def global_aiolimiter(limits: Limits) -> Acquire:
    """One AsyncLimiter at the tightest limit, for everything."""
    tightest = AsyncLimiter(*min(limits.values(), key=lambda limit: limit[0] / limit[1]))
    return lambda quota: tightest.acquire()


def aiolimiter_per_quota(limits: Limits) -> Acquire:
    limiters = {name: AsyncLimiter(*limit) for name, limit in limits.items()}
    return lambda quota: limiters[quota].acquire()


def pyrate_per_quota(limits: Limits) -> Acquire:
    """Exact sliding logs, one a quota."""
    pyrate = import_module("pyrate_limiter")
    limiters: dict[str, Any] = {
        name: pyrate.Limiter(pyrate.Rate(requests, int(window_s * 1000)))
        for name, (requests, window_s) in limits.items()
    }
    return lambda quota: limiters[quota].try_acquire_async(quota)


class SendLog:
    """At most `requests` send times in any window of 1.01 T: what one writes after a first 429 with AsyncLimiter."""

    def __init__(self, requests: int, window_s: float) -> None:
        self._requests = requests
        self._window_s = window_s * 1.01
        self._log: deque[float] = deque()
        self._lock = asyncio.Lock()

    async def acquire(self) -> None:
        clock = asyncio.get_running_loop().time
        async with self._lock:
            if len(self._log) >= self._requests:
                await asyncio.sleep(max(0.0, self._log.popleft() + self._window_s - clock()))
            self._log.append(clock())


def send_log_per_quota(limits: Limits) -> Acquire:
    logs = {name: SendLog(*limit) for name, limit in limits.items()}
    return lambda quota: logs[quota].acquire()


PEERS: Final[Mapping[str, tuple[str, Callable[[Limits], Acquire]]]] = {
    "pyrate-limiter per quota": ("pyrate-limiter", pyrate_per_quota),
    "one AsyncLimiter for all": ("aiolimiter", global_aiolimiter),
    "AsyncLimiter(N, T) per quota": ("aiolimiter", aiolimiter_per_quota),
    "send log with guard per quota": ("aiolimiter", send_log_per_quota),
}


def installed(*names: str) -> list[str]:
    return [name for name in names if version(PEERS[name][0])]
