"""A server that takes bursts of a tenth only, and one whose limit is half of what is documented: 20 windows of work.

In virtual time: the real pacer, requests that take 20 to 100 ms, a server that counts when half of that has passed.
`time` is against the true limit; `waste` is the share of requests that were refused. With and without `Retry-After`.
The peer is the exact sliding log (pyrate-limiter's algorithm) that bursts and obeys `Retry-After`.
"""

from __future__ import annotations

import asyncio
import math
import statistics
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from benchmarks.kit.harness import Row, arguments, publish
from benchmarks.kit.limiters import SendLog
from benchmarks.kit.windows import WINDOWS, Bucket, Window
from bulkops.pacing import Pacer
from bulkops.rate_limit import Limit
from tests.virtual_time import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

T = TypeVar("T")

LIMIT: Final = 600
WINDOW_S: Final = 60.0
WINDOWS_OF_WORK: Final = 20
WORKERS: Final = 200
LATENCY_S: Final = (0.02, 0.1)

Settle = Callable[[float | None], None]
"""Told of the answer: None for a good one, else Retry-After in seconds (infinity: refused without saying when)."""


def run_virtual(coroutine: Coroutine[Any, Any, T]) -> T:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


@attrs.define
class Vendor:
    """Counts in `window`; `rate_per_s` is what it truly allows, `requests` is all that it is asked."""

    window: Window
    rate_per_s: float
    requests: int
    says_when: bool
    chance: Random
    good: int = 0
    refused: int = 0

    async def answer(self) -> float | None:
        transit_s = self.chance.uniform(*LATENCY_S) / 2
        await asyncio.sleep(transit_s)
        wait_s = self.window.take(asyncio.get_running_loop().time())
        await asyncio.sleep(transit_s)
        if wait_s is None:
            self.good += 1
            return None
        self.refused += 1
        return math.ceil(wait_s) if self.says_when else math.inf


async def work(vendor: Vendor, acquire: Callable[[], Awaitable[Settle]]) -> tuple[float, float]:
    """All the requests through WORKERS workers. Returns time against the true limit, and the share refused."""
    requests = vendor.requests
    numbers = iter(range(requests))

    async def worker() -> None:
        for _ in numbers:
            while True:
                settle = await acquire()
                retry_after_s = await vendor.answer()
                settle(retry_after_s)
                if retry_after_s is None:
                    break

    await asyncio.gather(*(worker() for _ in range(WORKERS)))
    took_s = asyncio.get_running_loop().time()
    return took_s / (requests / vendor.rate_per_s), vendor.refused / (vendor.good + vendor.refused)


@asynccontextmanager
async def pumped(pacer: Pacer) -> AsyncIterator[None]:
    pump = asyncio.create_task(pacer.run())
    try:
        yield
    finally:
        pump.cancel()
        await asyncio.wait([pump])


async def with_pacer(vendor: Vendor, seed: int) -> tuple[float, float]:
    pacer = Pacer({"q": [Limit(LIMIT, WINDOW_S)]}, max_rate=None, rng=Random(seed))

    async def acquire() -> Settle:
        slot = await pacer.slot("q")

        def settle(retry_after_s: float | None) -> None:
            if retry_after_s is None:
                slot.replied()
            else:
                slot.refused(retry_after_s if retry_after_s < math.inf else None)

        return settle

    async with pumped(pacer):
        return await work(vendor, acquire)


async def with_log(vendor: Vendor, _: int) -> tuple[float, float]:
    """A log that bursts; after a refusal everybody waits as told, or a second."""
    log = SendLog(LIMIT, WINDOW_S)
    closed_until = 0.0
    clock = asyncio.get_running_loop().time

    def settle(retry_after_s: float | None) -> None:
        nonlocal closed_until
        if retry_after_s is not None:
            closed_until = clock() + (retry_after_s if retry_after_s < math.inf else 1.0)

    async def acquire() -> Settle:
        await log.acquire()
        while (pause_s := closed_until - clock()) > 0:  # noqa: ASYNC110 - another refusal may come meanwhile
            await asyncio.sleep(pause_s)
        return settle

    return await work(vendor, acquire)


def vendors(kind: str, work_windows: int, *, says_when: bool, seed: int) -> dict[str, Vendor]:
    """By name: every server of a kind, made anew."""
    true = LIMIT / WINDOW_S
    if kind == "burst":
        windows: dict[str, tuple[Window, float]] = {"token bucket": (Bucket(LIMIT, WINDOW_S, burst=LIMIT // 10), true)}
    else:
        windows = {name: (made(LIMIT // 2, WINDOW_S), true / 2) for name, made in WINDOWS.items()}
    return {
        name: Vendor(window, rate, int(rate * WINDOW_S * work_windows), says_when, Random(seed))
        for name, (window, rate) in windows.items()
    }


Client = Callable[[Vendor, int], Coroutine[Any, Any, tuple[float, float]]]


def measured(kind: str, client: Client, seeds: int, work_windows: int) -> dict[str, tuple[float, float]]:
    """(time, waste) by server and by whether it says when to come back: medians over the seeds."""
    found: dict[str, tuple[float, float]] = {}
    for says_when in (True, False):
        for name in vendors(kind, 1, says_when=says_when, seed=0):
            runs = [
                run_virtual(client(vendors(kind, work_windows, says_when=says_when, seed=seed)[name], seed))
                for seed in range(seeds)
            ]
            label = f"{name}, {'with' if says_when else 'no'} Retry-After"
            found[label] = (statistics.median(one[0] for one in runs), statistics.median(one[1] for one in runs))
    return found


WHATS: Final = {
    "burst": ("burst of only 10 % allowed", 2.0),
    "half": ("documented limit wrong by half", 4.0),
}


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    seeds, work_windows = (1, 1) if smoke else (3, WINDOWS_OF_WORK)
    rows: list[Row] = []
    details: dict[str, Any] = {}
    for kind, (what, waste_bar) in WHATS.items():
        ours = details[kind] = measured(kind, with_pacer, seeds, work_windows)
        log = details[f"{kind}, bursting log"] = measured(kind, with_log, 1, work_windows)
        for place, bar, name, unit in ((0, 1.10, "time / true limit", ""), (1, waste_bar, "waste", " %")):
            scale = 100 if unit else 1
            rows.append(
                Row(
                    what=f"{what}, 20 windows, worst server: {name}",
                    measured=scale * max(one[place] for one in ours.values()),
                    bar=bar,
                    better="below",
                    unit=unit,
                    peers={"bursting log": scale * max(one[place] for one in log.values())},
                )
            )
    details["facts"] = [
        f"{WHATS[kind][0]}, {server}: time {took:.3f}, waste {waste:.1%}"
        for kind in WHATS
        for server, (took, waste) in details[kind].items()
    ]
    publish("wrong_limits", rows, smoke=smoke, details=details)


if __name__ == "__main__":
    main()
