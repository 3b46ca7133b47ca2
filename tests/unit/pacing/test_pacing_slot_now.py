"""Leaving without waiting: the same answer as `slot`, and never past somebody who waits."""

from __future__ import annotations

import asyncio
from random import Random

from bulkops.pacing import Pacer
from bulkops.rate_limit import Limit
from tests.unit.pacing.test_pacing_pacer import Recorder
from tests.unit.pacing.vendor import in_virtual_time, pumping, run


@in_virtual_time
async def test_it_leaves_while_there_is_room_and_not_afterwards() -> None:
    pacer = Pacer({"q": [Limit(20, 60.0)]}, max_rate=None, rng=Random(1))
    left = []
    for _ in range(3):
        slot = pacer.slot_now("q")
        left.append(slot is not None)
    assert left == [True, False, False]


@in_virtual_time
async def test_it_draws_from_the_smoother() -> None:
    pacer = Pacer({}, max_rate=1.0, unlimited=True, rng=Random(1))
    first, second = pacer.slot_now("q"), pacer.slot_now("q")
    await asyncio.sleep(1.1)
    assert [first is not None, second is not None, pacer.slot_now("q") is not None] == [True, False, True]


def test_nobody_who_waits_is_overtaken() -> None:
    async def main() -> bool:
        pacer = Pacer({"q": [Limit(1, 10.0)]}, max_rate=None, rng=Random(1))
        async with pumping(pacer):
            (await pacer.slot("q")).replied()
            waiting = asyncio.create_task(pacer.slot("q"))
            await asyncio.sleep(10.5)
            overtook = pacer.slot_now("q") is not None
            (await waiting).replied()
            return overtook

    assert run(main()) is False


@in_virtual_time
async def test_only_a_recorded_quota_must_wait_and_only_where_there_is_a_record() -> None:
    pacer = Pacer({"divided": [Limit(60, 60.0)], "recorded": [Limit(60, 3600.0)]}, max_rate=None, rng=Random(1))
    left = [pacer.slot_now("recorded") is not None]
    pacer.recorder = Recorder()
    assert [*left, *(pacer.slot_now(quota) is not None for quota in ("recorded", "divided"))] == [True, False, True]
