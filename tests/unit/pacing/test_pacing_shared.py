"""Quotas whose slots come one by one from a store that other processes use too."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from random import Random
from typing import Any

import attrs
import pytest

from bulkops.pacing import HORIZON_S, LAST_PLACE, HeldSlot, Pacer, Quota, SharedQuota, SharedWidth, WindowUsage
from bulkops.pacing.limit_after_429 import AdaptiveLimit
from bulkops.rate_limit import Limit
from tests.unit.pacing.vendor import in_virtual_time, now, pumping

NOBODY = WindowUsage(0, 0, 0)
WIDE_OPEN = SharedWidth(allowed=20, is_opening=False, burst=0, closed_for_s=0.0)


@attrs.define
class Store:
    """Gives what the test puts into the hand."""

    quotas: dict[str, Quota] = attrs.field(factory=dict)
    held: list[HeldSlot] = attrs.field(factory=list)
    woken: int = 0

    def share(self, quota: Quota, held: Sequence[HeldSlot]) -> None:
        self.quotas[quota.name] = quota
        self.held += held

    def wake(self) -> None:
        self.woken += 1

    def hand(self, quota: str = "q") -> SharedQuota:
        shared = self.quotas[quota].shared
        assert shared is not None
        return shared


def pacer(window_s: float = 60.0, **changes: Any) -> Pacer:
    known: dict[str, Any] = {"max_rate": None, "server_timeout_s": 40.0, "rng": Random(1)}
    return Pacer({"q": (Limit(20, window_s),)}, **(known | changes))


@in_virtual_time
async def test_a_request_leaves_at_the_moment_of_its_slot() -> None:
    store = Store()
    async with pumping(pacer()) as one:
        one.share_slots(store)
        waiting = asyncio.create_task(one.slot("q"))
        await asyncio.sleep(1.0)
        assert not waiting.done()
        assert store.woken
        assert store.quotas["q"].leaving_within(now(), HORIZON_S) == 1
        store.hand().add("s", 3.0)
        one.wake()
        await waiting
        assert now() == pytest.approx(3.0, abs=0.001)


@in_virtual_time
async def test_who_is_furthest_along_gets_the_first_slot_in_hand() -> None:
    store = Store()
    left: list[int] = []

    async def send(progress: int) -> None:
        slot = await one.slot("q", priority=(-progress, 0))
        left.append(progress)
        slot.replied()

    async with pumping(pacer()) as one, asyncio.TaskGroup() as group:
        one.share_slots(store)
        for progress in (1, 3, 2):
            group.create_task(send(progress))
        await asyncio.sleep(1.0)
        for number in range(3):
            store.hand().add(number, 1.0)
        one.wake()
    assert left == [3, 2, 1]


@pytest.mark.parametrize("limits", [(Limit(20, 60.0),), (Limit(20, 60.0), Limit(1, 60.0, "workspace"))])
@in_virtual_time
async def test_the_places_of_those_behind_the_hand_are_told(limits: tuple[Limit, ...]) -> None:
    store = Store()
    async with pumping(Pacer({"q": limits}, server_timeout_s=40.0, rng=Random(1))) as one:
        one.share_slots(store)
        waiting = [
            asyncio.create_task(one.slot("q", key=str(priority), priority=priority))
            for priority in [(-1, 7), (0, 2), (-1, 9), (0, 1), (0, 3)]
        ]
        await asyncio.sleep(0)
        waiting[-1].cancel()
        await asyncio.sleep(0)
        queue = store.quotas["q"].queue
        places = queue.places(0, 4)
        assert places == sorted(places)
        assert (places[1] - places[0], places[2:]) == (2, [1, 2]), "the furthest along, then in order of the inventory"
        assert queue.places(1, 5) == [*places[1:], LAST_PLACE, LAST_PLACE]
        assert queue.places(4, 1) == [LAST_PLACE]
        for one_waiting in waiting:
            one_waiting.cancel()
        await asyncio.wait(waiting)


@in_virtual_time
async def test_each_slot_goes_back_as_its_request_ended() -> None:
    store, one = Store(), pacer()
    one.share_slots(store)
    assert one.slot_now("q") is None, "the hand is empty"
    for number in range(4):
        store.hand().add(number, 0.0)
    store.quotas["q"].adaptation.adopt(WIDE_OPEN, now())
    slots = [one.slot_now("q") for _ in range(4)]
    await asyncio.sleep(1.0)
    for slot, end in zip(slots, ("replied", "refused", "lost", "unused"), strict=True):
        assert slot is not None
        slot.refused(0.0) if end == "refused" else getattr(slot, end)()
    back = [(one_back.slot, one_back.counted_by, one_back.refused) for one_back in store.hand().returned]
    assert back == [(0, 1.0, False), (1, 1.0, True), (2, 40.0, False), (3, None, False)]


@in_virtual_time
async def test_requests_from_before_are_told_and_its_own_are_remembered_afterwards() -> None:
    store, one = Store(), pacer()
    first = one.slot_now("q")
    assert first is not None
    first.replied()
    await asyncio.sleep(2.0)
    one.share_slots(store)
    assert [(slot.quota, slot.counted_in_s) for slot in store.held] == [("q", -2.0)]
    store.hand().add("s", 0.0)
    second = one.slot_now("q")
    assert second is not None
    one.share_slots(None)
    second.replied()
    assert one.statistics()["q"].used == 2
    assert one.slot_now("q") is not None, "alone again, it needs no hand"


def test_a_hand_holds_what_may_leave_soon_and_no_more() -> None:
    hand = SharedQuota(most=6)
    assert hand.wanted(4, 0.0) == 4
    assert hand.wanted(100, 0.0) == 6
    for number in range(3):
        hand.add(number, 10.0)
    assert hand.wanted(4, 10.0) == 1
    for _ in range(2):
        hand.take(10.0)
    assert hand.wanted(0, 10.1) == 1, "two have just left: as many may come"
    assert hand.wanted(0, 10.0 + 2 * HORIZON_S) == 0


def test_a_slot_that_nobody_needs_goes_back() -> None:
    hand = SharedQuota()
    hand.add("s", 10.0)
    hand.return_unused(10.0 + HORIZON_S + 0.1, waiting=True)
    assert not hand.returned
    hand.return_unused(10.0 + HORIZON_S - 0.1, waiting=False)
    assert not hand.returned
    hand.return_unused(10.0 + HORIZON_S + 0.1, waiting=False)
    assert [(back.slot, back.counted_by) for back in hand.returned] == [("s", None)]
    assert hand.free_at() == math.inf


# -- what others have learned -------------------------------------------------------------------------------------


def limit(allowed: int, **changes: Any) -> AdaptiveLimit:
    found = AdaptiveLimit(limit=100, window_s=60.0, base_s=1.0, cap_s=60.0, rng=Random(1))
    found.adopt(
        SharedWidth(**({"allowed": allowed, "is_opening": False, "burst": 0, "closed_for_s": 0.0} | changes)), 0.0
    )
    return found


def test_another_process_closes_the_quota() -> None:
    one = limit(50)
    one.granted(0.9, 1)
    one.hear_closing(7.0)
    assert one.may_leave_at(1.0) == 7.0
    assert one.refused(0.9, 1.5, WindowUsage(5, 1, 4), retry_after_s=3.0) == [], "it left before the closing"
    assert one.closed_until == 7.0
    one.hear_closing(6.0)
    assert one.closed_until == 7.0
    assert one.departures_by(6.9) == 0
    assert one.departures_by(7.1) == math.inf


def test_another_process_changes_the_width() -> None:
    one = limit(5, is_opening=True)
    assert one.is_opening
    one.adopt(SharedWidth(allowed=300, is_opening=True, burst=0, closed_for_s=0.0), 1.0)
    assert (one.allowed, one.is_opening) == (100, False), "no more than its own limit"
    assert one.width(2.0) == SharedWidth(100, True, 0, 0.0)


def test_spaced_departures_are_divided_among_processes() -> None:
    one = limit(100, burst=4)
    one.share_with(2)
    for _ in range(6):
        one.granted(0.0, 1)
    assert one.width(0.0).burst == 4
    leaves_at = one.may_leave_at(0.0)
    assert leaves_at > 0
    one.granted(leaves_at, 1)
    assert one.may_leave_at(leaves_at) - leaves_at == pytest.approx(60.0 / 100 * 2)
    assert one.departures_by(leaves_at + 0.5) == 0
    one.adopt(SharedWidth(allowed=100, is_opening=False, burst=0, closed_for_s=0.0), 1.0)
    assert one.may_leave_at(leaves_at) == leaves_at


@pytest.mark.parametrize(("others", "is_spaced"), [(NOBODY, False), (WindowUsage(30, 8, 20), True)])
@in_virtual_time
async def test_refusals_of_others_count(others: WindowUsage, is_spaced: bool) -> None:
    """One refusal of its own teaches nothing; with eight of others, the burst was too large."""
    store, one = Store(), pacer()
    one.share_slots(store)
    assert one.slot_now("q") is None
    quota = store.quotas["q"]
    quota.adaptation.adopt(WIDE_OPEN, now())
    for number in range(10):
        store.hand().add(number, 0.0)
    slots = [one.slot_now("q") for _ in range(10)]
    quota.hear(others, 2)
    for slot in slots:
        assert slot is not None
        slot.refused(1.0) if slot is slots[-1] else slot.replied()
    assert bool(quota.adaptation.width(now()).burst) == is_spaced


def with_half_used(window_s: float) -> tuple[Pacer, Quota]:
    """A pacer alone on its quota, and the quota: ten of its twenty slots are used."""
    store, one = Store(), pacer(window_s)
    one.share_slots(store)
    assert one.slot_now("q") is None
    quota = store.quotas["q"]
    quota.adaptation.adopt(WIDE_OPEN, now())
    for number in range(10):
        store.hand().add(number, 0.0)
        slot = one.slot_now("q")
        assert slot is not None
        slot.replied()
    return one, quota


@in_virtual_time
async def test_each_of_two_processes_is_ready_for_what_the_other_leaves() -> None:
    """Else accounts wait to start while the other's slots are free."""
    one, quota = with_half_used(60.0)
    assert one.grants_within("q", 5.0) == 10, "alone it has the other half too"
    quota.hear(WindowUsage(10, 0, 10), 2)
    assert one.grants_within("q", 5.0) == 10, "its half is used; one window more"


@in_virtual_time
async def test_no_process_gets_ready_for_the_slots_of_another_hour() -> None:
    """Else accounts begin an effect and wait for the next hour."""
    one, quota = with_half_used(3600.0)
    assert one.grants_within("q", 5.0) == 10, "the other half of this hour"
    quota.hear(WindowUsage(10, 0, 10), 2)
    assert one.grants_within("q", 5.0) == 0
