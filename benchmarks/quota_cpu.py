"""CPU per grant of a quota with 1,000 and 10,000 waiters, beside aiolimiter and others; and who overtakes whom.

Every waiter asks three times, so that new ones keep coming while others wait. A grant overtakes by as many places as
it came later than the first who still waits.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from functools import partial
from importlib import import_module
from random import Random
from typing import Any, Final

from aiolimiter import AsyncLimiter

from benchmarks.harness import Row, arguments, cpu_s, publish, ratio, rounds, version
from benchmarks.wrong_limits import pumped
from bulkops.pacing import Pacer
from bulkops.settings import Limit

BAR: Final = 1 / 3
ASKS: Final = 3
WINDOW_S: Final = 0.25
SMOKE_WINDOW_S: Final = 0.01
GRANTS_A_WINDOW: Final = 0.4
"""Of the waiters: most of the time many wait."""

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


async def drain(acquire: Acquire, waiters: int, order: Order | None = None) -> None:
    async def waiter() -> None:
        for _ in range(ASKS):
            number = order.arrive() if order else 0
            await acquire()
            if order:
                order.grant(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(waiters):
            group.create_task(waiter())


async def with_pacer(waiters: int, window_s: float, order: Order | None = None) -> None:
    limit = Limit(int(waiters * GRANTS_A_WINDOW), window_s)
    pacer = Pacer({"q": [limit]}, max_rate=None, rng=Random(1))

    async def acquire() -> None:
        (await pacer.slot("q")).replied()

    async with pumped(pacer):
        await drain(acquire, waiters, order)


async def with_aiolimiter(waiters: int, window_s: float, order: Order | None = None) -> None:
    limiter = AsyncLimiter(int(waiters * GRANTS_A_WINDOW), window_s)
    await drain(limiter.acquire, waiters, order)


async def with_pyrate(waiters: int, window_s: float, order: Order | None = None) -> None:
    pyrate = import_module("pyrate_limiter")
    limiter: Any = pyrate.Limiter(pyrate.Rate(int(waiters * GRANTS_A_WINDOW), int(window_s * 1000)))
    await drain(partial(limiter.try_acquire_async, "q"), waiters, order)


async def with_throttled(waiters: int, window_s: float, order: Order | None = None) -> None:
    throttled = import_module("throttled.asyncio")
    quota = throttled.per_duration(timedelta(seconds=1), int(waiters * GRANTS_A_WINDOW / window_s))
    limiter: Any = throttled.Throttled(key="q", using="token_bucket", quota=quota, timeout=60)
    await drain(limiter.limit, waiters, order)


Client = Callable[..., Coroutine[Any, Any, None]]
"""(waiters, seconds of a window[, who notes the order])."""

CLIENTS: Final[Mapping[str, Client]] = {
    "bulkops": with_pacer,
    "aiolimiter": with_aiolimiter,
}
SLOW: Final[Mapping[str, tuple[str, Client]]] = {
    "pyrate-limiter": ("pyrate-limiter", with_pyrate),
    "throttled-py": ("throttled-py", with_throttled),
}


def places(client: Client, waiters: int, window_s: float) -> int:
    order = Order()
    asyncio.run(client(waiters, window_s, order))
    return order.places


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    window_s = SMOKE_WINDOW_S if smoke else WINDOW_S
    rows: list[Row] = []
    details: dict[str, Any] = {}
    for waiters in (30,) if smoke else (1_000, 10_000):
        candidates = {name: partial(client, waiters, window_s) for name, client in CLIENTS.items()}
        figures = rounds(candidates, measure=cpu_s, count=1 if smoke else 15)
        overtaken = {name: places(client, waiters, window_s) for name, client in CLIENTS.items()}
        slow = {
            name: cpu_s(partial(client, waiters, window_s)) / statistics.median(figures["aiolimiter"])
            for name, (distribution, client) in SLOW.items()
            if version(distribution) and waiters <= MOST_FOR_THE_SLOW and not smoke
        }
        rows.append(
            Row(
                what=f"quota with {waiters:,} waiters: CPU per grant / aiolimiter (overtakes by at most "
                f"{overtaken['bulkops']:,} places, aiolimiter {overtaken['aiolimiter']:,})",
                measured=ratio(figures, "bulkops", "aiolimiter"),
                bar=BAR,
                better="below",
                peers=slow,
            )
        )
        per_grant = {name: [round(one / waiters / ASKS * 1e6, 2) for one in figure] for name, figure in figures.items()}
        details[f"{waiters} waiters"] = {"cpu_us_per_grant": per_grant, "places": overtaken}
    publish("quota_cpu", rows, smoke=smoke, details=details)


if __name__ == "__main__":
    main()
