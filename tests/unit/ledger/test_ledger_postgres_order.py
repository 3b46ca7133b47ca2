"""C2 over several machines: a run's accounts leave in order, whichever worker has them. The database is real, its clock
is virtual.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

from bulkops.ledger import Credential
from bulkops.ledger.postgres import PostgresLedger
from bulkops.pacing import Pacer, window_length_s
from bulkops.postgres import DatabaseUrl
from bulkops.rate_limit import Limit
from tests.unit.ledger.machines import ERA_S, ERAS
from tests.unit.ledger.world import Inline, VirtualClock
from tests.unit.pacing.vendor import now, pumping, run

WINDOW = Limit(20, 20.0)


def departures(database: DatabaseUrl, *workers: tuple[float, Sequence[int]]) -> list[tuple[float, int]]:
    """When each account's request left, and its place. Workers: when each begins, and the places of its accounts."""
    era = next(ERAS)
    ledger = PostgresLedger(database, clock=VirtualClock(), executor=Inline(), now=lambda: ERA_S * era + now())
    left: list[tuple[float, int]] = []

    async def send(pacer: Pacer, place: int) -> None:
        slot = await pacer.slot("q", priority=(0, place))
        left.append((now(), place))
        await asyncio.sleep(0.05)
        slot.replied()

    async def work(begins_at: float, places: Sequence[int]) -> None:
        await asyncio.sleep(begins_at)
        pacer = Pacer({"q": (WINDOW,)}, server_timeout_s=40.0, rng=Random(1))
        credential = Credential(f"http://127.0.0.1:{era}", "1")
        async with (
            pumping(pacer),
            ledger.lease(credential, pacer, label="r1", share=True),
            asyncio.TaskGroup() as sending,
        ):
            for place in places:
                sending.create_task(send(pacer, place))

    async def play() -> None:
        async with asyncio.TaskGroup() as group:
            for worker in workers:
                group.create_task(work(*worker))

    run(play())
    return left


def test_a_worker_that_began_late_does_not_stay_behind(ledger_database: DatabaseUrl) -> None:
    """In the first window slots go in the order of requests: other workers have not asked yet."""
    left = departures(ledger_database, (0.0, range(0, 80, 2)), (0.0, range(1, 80, 2)), (5.0, range(80, 120)))
    order = [place for _, place in left]
    for begin in range(20, 120, 20):
        assert sorted(order[begin : begin + 20]) == sorted(order[20:])[begin - 20 : begin]
    assert left[-1][0] <= 5 * window_length_s(WINDOW.window_s) + 2.0
