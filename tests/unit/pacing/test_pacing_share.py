"""A part of every limit, changed while requests are under way."""

from __future__ import annotations

import asyncio
import math
from random import Random

from bulkops.pacing import Pacer
from bulkops.rate_limit import Limit
from tests.unit.pacing.vendor import pumping
from tests.virtual_time import run_virtual


async def granted_within(pacer: Pacer, seconds: float) -> int:
    """How many requests leave in so many seconds when there are always more."""
    loop = asyncio.get_running_loop()
    count, end = 0, loop.time() + seconds

    async def client() -> None:
        nonlocal count
        while True:
            slot = await pacer.slot("q")
            count += 1
            await asyncio.sleep(0.01)
            slot.replied()

    clients = [asyncio.create_task(client()) for _ in range(20)]
    await asyncio.sleep(end - loop.time())
    for task in clients:
        task.cancel()
    await asyncio.wait(clients)
    return count


def test_a_part_is_given_up_at_once_and_taken_back_carefully() -> None:
    async def main() -> list[int]:
        pacer = Pacer({"q": [Limit(100, 10.0)]}, max_rate=None, rng=Random(1))
        pump = asyncio.create_task(pacer.run())
        counts = [await granted_within(pacer, 10.0)]
        pacer.set_part(0.5)
        counts.append(await granted_within(pacer, 10.0))
        counts.append(await granted_within(pacer, 10.0))
        pacer.set_part(1.0)
        counts.append(await granted_within(pacer, 20.0))
        pump.cancel()
        await asyncio.wait([pump])
        return counts

    full, shrinking, half, again = run_virtual(main())
    assert full == 100
    assert shrinking <= 50
    assert 45 <= half <= 50
    assert 150 <= again <= 200


def test_a_part_holds_for_quotas_met_later_and_not_where_nothing_is_limited() -> None:
    async def main() -> tuple[int, int]:
        pacer = Pacer({"q": [Limit(100, 10.0)]}, max_rate=None, rng=Random(1))
        pacer.set_part(0.1)
        unlimited = Pacer({}, max_rate=None, unlimited=True, rng=Random(1))
        (await unlimited.slot("q")).replied()
        unlimited.set_part(0.1)
        (await pacer.slot("q")).replied()
        return pacer.statistics()["q"].limit, unlimited.statistics()["q"].limit

    limit, free = run_virtual(main())
    assert limit == 10
    assert free > 1_000_000


def test_what_can_leave_within_a_time_follows_every_limit_that_accounts_share() -> None:
    async def main() -> None:
        limits = [Limit(10, 10.0), Limit(100, 400.0)]
        pacer = Pacer({"q": limits, "k": [Limit(5, 10.0, key="account")]}, max_rate=None, rng=Random(1))
        assert [pacer.grants_within("q", within_s) for within_s in (0.0, 9.9, 25.0, 4000.0)] == [10, 10, 30, 1100]
        assert (pacer.grants_within("k", 1.0), pacer.narrowest("k")) == (math.inf, None)
        unlimited = Pacer({"q": limits}, max_rate=None, unlimited=True, rng=Random(1))
        assert (unlimited.grants_within("q", 1.0), unlimited.narrowest("q")) == (math.inf, None)
        narrowest = []
        for part in (1.0, 0.5, 0.0):  # 0.0: not known yet, for a moment
            pacer.set_part(part)
            narrowest.append(pacer.narrowest("q"))
        assert narrowest == [Limit(10, 10.0), Limit(5, 10.0), Limit(10, 10.0)]
        pacer.set_part(1.0)
        async with pumping(pacer):
            (await pacer.slot("q")).replied()
            assert [pacer.grants_within("q", within_s) for within_s in (0.0, 10.5)] == [9, 19]

    run_virtual(main())
