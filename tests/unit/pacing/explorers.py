"""Clients that explore a quota of a simulated vendor as fast as the pacer lets them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import attrs

from bulkops.pacing import Explored, Pacer
from bulkops.rate_limit import Limit
from tests.unit.pacing.vendor import BucketServer, FixedServer, Server, SlidingServer, now, pumping, run

ASSUMED = Limit(60, 60.0)
KINDS: dict[str, Callable[[int], Server]] = {
    "sliding": lambda limit: SlidingServer(limit, 60.0),
    "fixed": lambda limit: FixedServer(limit, 60.0),
    "fixed, begun before": lambda limit: FixedServer(limit, 60.0, phase_s=50.0),
    "fixed, half over": lambda limit: FixedServer(limit, 60.0, phase_s=30.0),
    "bucket": lambda limit: BucketServer(limit, 60.0),
}


def exploring(*, known: Sequence[Explored] = (), **changes: Any) -> Pacer:
    settings = {"max_rate": 50.0, "rng": Random(1), "explore": frozenset({"q"})}
    pacer = Pacer({"q": [ASSUMED]}, **{**settings, **changes})
    pacer.learn(known)
    return pacer


@attrs.define
class Work:
    """Clients that send as fast as the pacer lets them, for `lasts_s`."""

    server: Server
    lasts_s: float
    latency_s: float = 0.2
    says_when: bool = True
    at_once: int = 30
    quota: str = "q"
    accepted: list[float] = attrs.field(factory=list)
    refused: list[float] = attrs.field(factory=list)

    async def do(self, *pacers: Pacer) -> None:
        async with asyncio.TaskGroup() as clients:
            for pacer in pacers:
                for _ in range(self.at_once):
                    clients.create_task(self._client(pacer))

    async def _client(self, pacer: Pacer) -> None:
        while now() < self.lasts_s:
            slot = await pacer.slot(self.quota)
            if now() >= self.lasts_s:
                slot.unused()
                return
            slot.left()
            await asyncio.sleep(self.latency_s / 2)
            wait_s = self.server.take(now())
            await asyncio.sleep(self.latency_s / 2)
            if wait_s is None:
                self.accepted.append(now())
                slot.replied()
            else:
                self.refused.append(now())
                slot.refused(wait_s if self.says_when else None)

    def between(self, begin_s: float, end_s: float) -> int:
        return sum(begin_s <= at < end_s for at in self.accepted)


def worked(work: Work, pacer: Pacer | None = None) -> tuple[Work, Pacer]:
    pacer = pacer or exploring()

    async def play() -> None:
        async with pumping(pacer):
            await work.do(pacer)

    run(play())
    return work, pacer
