"""CPU per grant of a quota while 1,000 and 10,000 wait, beside aiolimiter and others; and who overtakes whom.

As many wait all the time: who was granted asks again at once. What is measured begins when the first windows are over.
A grant overtakes by as many places as it came later than the first who still waits.

Then a drain: each waiter asks three times and is gone. In each quarter of a second four tenths of them are granted.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from functools import partial
from importlib import import_module
from random import Random
from typing import Any, Final, cast

from aiolimiter import AsyncLimiter

from benchmarks.kit.harness import Candidate, Row, arguments, publish, ratio, rounds, version
from benchmarks.wrong_limits import pumped
from bulkops.pacing import Pacer
from bulkops.rate_limit import Limit

BAR: Final = 1 / 3
DRAIN_BAR: Final = 0.5
DRAIN_WINDOW_S: Final = 0.25
DRAIN_SHARE: Final = 0.4
"""Of the waiters, in a window: most of the time many wait."""
EACH_ASKS: Final = 3
LIMIT: Final = 200
WINDOW_S: Final = 0.2
WARM: Final = 3 * LIMIT
MOST_FOR_THE_SLOW: Final = 1_000
"""These poll: with more waiters they take minutes."""

Acquire = Callable[[], Awaitable[object]]


class Order:
    """Numbers those who come, and notes how far a grant overtakes."""

    def __init__(self) -> None:
        self.places = 0
        self.cpu_s = 0.0
        self._arrived = 0
        self._first_waiting = 0
        self._granted: set[int] = set()

    def arrive(self) -> int:
        self._arrived += 1
        return self._arrived - 1

    def grant(self, number: int) -> None:
        self.places = max(self.places, number - self._first_waiting)
        self._granted.add(number)
        while self._first_waiting in self._granted:
            self._granted.discard(self._first_waiting)
            self._first_waiting += 1


async def waiting(acquire: Acquire, waiters: int, grants: int, order: Order | None = None) -> float:
    """CPU seconds per grant, with a constant number of waiters."""
    granted = 0
    began_s = ended_s = 0.0
    over = asyncio.Event()

    async def waiter() -> None:
        nonlocal granted, began_s, ended_s
        while True:
            number = order.arrive() if order else 0
            await acquire()
            if order:
                order.grant(number)
            granted += 1
            if granted == WARM:
                began_s = time.process_time()
            elif granted == WARM + grants:
                ended_s = time.process_time()
                over.set()

    tasks = [asyncio.create_task(waiter()) for _ in range(waiters)]
    await over.wait()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return (ended_s - began_s) / grants


async def with_pacer(waiters: int, grants: int, order: Order | None = None) -> float:
    pacer = Pacer({"q": [Limit(LIMIT, WINDOW_S)]}, max_rate=None, rng=Random(1))

    async def acquire() -> None:
        (await pacer.slot("q")).replied()

    async with pumped(pacer):
        return await waiting(acquire, waiters, grants, order)


async def with_aiolimiter(waiters: int, grants: int, order: Order | None = None) -> float:
    return await waiting(AsyncLimiter(LIMIT, WINDOW_S).acquire, waiters, grants, order)


async def with_pyrate(waiters: int, grants: int, order: Order | None = None) -> float:
    pyrate = import_module("pyrate_limiter")
    limiter: Any = pyrate.Limiter(pyrate.Rate(LIMIT, int(WINDOW_S * 1000)))
    return await waiting(partial(limiter.try_acquire_async, "q"), waiters, grants, order)


async def with_throttled(waiters: int, grants: int, order: Order | None = None) -> float:
    throttled = import_module("throttled.asyncio")
    quota = throttled.per_duration(timedelta(seconds=1), int(LIMIT / WINDOW_S))
    limiter: Any = throttled.Throttled(key="q", using="token_bucket", quota=quota, timeout=60)
    return await waiting(limiter.limit, waiters, grants, order)


async def drained(acquire: Acquire, waiters: int) -> float:
    """CPU seconds per grant, from the first request to the last grant."""

    async def waiter() -> None:
        for _ in range(EACH_ASKS):
            await acquire()

    began_s = time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(waiters):
            group.create_task(waiter())
    return (time.process_time() - began_s) / (waiters * EACH_ASKS)


async def pacer_drained(waiters: int) -> float:
    pacer = Pacer({"q": [Limit(int(waiters * DRAIN_SHARE), DRAIN_WINDOW_S)]}, max_rate=None, rng=Random(1))

    async def acquire() -> None:
        (await pacer.slot("q")).replied()

    async with pumped(pacer):
        return await drained(acquire, waiters)


async def aiolimiter_drained(waiters: int) -> float:
    return await drained(AsyncLimiter(waiters * DRAIN_SHARE, DRAIN_WINDOW_S).acquire, waiters)


class Least:
    """The least that a limiter with waiters does: a heap of futures, and a timer that releases one window's."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit, self._window_s = limit, window_s
        self._free = limit
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()

    async def acquire(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._waiting:
            if self._free:
                self._free -= 1
                return
            loop.call_later(self._window_s, self._release)
        future = loop.create_future()
        heapq.heappush(self._waiting, (next(self._arrivals), future))
        await future

    def _release(self) -> None:
        for _ in range(min(self._limit, len(self._waiting))):
            heapq.heappop(self._waiting)[1].set_result(None)
        if self._waiting:
            asyncio.get_running_loop().call_later(self._window_s, self._release)


async def least_drained(waiters: int) -> float:
    return await drained(Least(int(waiters * DRAIN_SHARE), DRAIN_WINDOW_S).acquire, waiters)


Client = Callable[..., Coroutine[Any, Any, float]]
"""(waiters, grants[, who notes the order]) -> CPU seconds a grant."""

CLIENTS: Final[Mapping[str, Client]] = {"bulkops": with_pacer, "aiolimiter": with_aiolimiter}
SLOW: Final[Mapping[str, tuple[str, Client]]] = {
    "pyrate-limiter": ("pyrate-limiter", with_pyrate),
    "throttled-py": ("throttled-py", with_throttled),
}


def places(client: Client, waiters: int, grants: int) -> int:
    order = Order()
    asyncio.run(client(waiters, grants, order))
    return order.places


def measure(candidate: Candidate) -> float:
    """What the candidate itself measured, in seconds."""
    return cast("float", asyncio.run(candidate()))


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    grants, count = (200, 1) if smoke else (1_000, 15)
    rows: list[Row] = []
    details: dict[str, Any] = {"facts": []}
    for waiters in (300,) if smoke else (1_000, 10_000):
        candidates = {name: partial(client, waiters, grants) for name, client in CLIENTS.items()}
        figures = rounds(candidates, measure=measure, count=count)
        overtaken = {name: places(client, waiters, 2 * grants) for name, client in CLIENTS.items()}
        slow = {
            name: measure(partial(client, waiters, grants)) / statistics.median(figures["aiolimiter"])
            for name, (distribution, client) in SLOW.items()
            if version(distribution) and waiters <= MOST_FOR_THE_SLOW and not smoke
        }
        rows.append(
            Row(
                what=f"quota with {waiters:,} waiters: CPU per grant / aiolimiter (overtakes by at most "
                f"{overtaken['bulkops']:,} places, aiolimiter {overtaken['aiolimiter']:,})",
                measured=math.inf if overtaken["bulkops"] else ratio(figures, "bulkops", "aiolimiter"),
                bar=BAR,
                better="below",
                peers=slow,
            )
        )
        per_grant = {name: [round(one * 1e6, 2) for one in figure] for name, figure in figures.items()}
        details[f"{waiters} waiters"] = {"cpu_us_per_grant": per_grant, "places": overtaken}
        medians = ", ".join(f"{name} {statistics.median(row):.1f}" for name, row in per_grant.items())
        details["facts"].append(f"{waiters:,} waiters, CPU microseconds a grant, medians: {medians}")
    for waiters in (300,) if smoke else (1_000, 10_000):
        figures = rounds(
            {
                "bulkops": partial(pacer_drained, waiters),
                "aiolimiter": partial(aiolimiter_drained, waiters),
                "a heap of futures": partial(least_drained, waiters),
            },
            measure=measure,
            count=count,
        )
        rows.append(
            Row(
                what=f"quota that {waiters:,} waiters drain at once: CPU per grant / aiolimiter",
                measured=ratio(figures, "bulkops", "aiolimiter"),
                bar=DRAIN_BAR,
                better="below",
                peers={"a heap of futures": ratio(figures, "a heap of futures", "aiolimiter")},
            )
        )
        details[f"{waiters} drain"] = {name: [round(one * 1e6, 2) for one in row] for name, row in figures.items()}
    publish("quota_cpu", rows, smoke=smoke, details=details)


if __name__ == "__main__":
    main()
