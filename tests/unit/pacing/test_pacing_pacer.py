"""The pacer as the session sees it: slots, keys, cancellation, restarts, events, statistics."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Sequence
from random import Random
from typing import Any

import pytest

from bulkops.events import Event, QuotaChanged
from bulkops.pacing import Full, HeldSlot, Pacer, Settle, Slot, WakeableSleep, is_recorded
from bulkops.rate_limit import Limit
from bulkops.settings import Tuning
from tests.unit.pacing.vendor import StallingLoop, in_virtual_time, now, pumping, run


def make(*limits: Limit, **changes: Any) -> Pacer:
    return Pacer({"q": limits}, **{"max_rate": None, "rng": Random(1), **changes})


def is_instant(coroutine: Coroutine[Any, Any, Slot]) -> Slot | None:
    """The slot, if the coroutine gives it without suspending once."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        slot: Slot = done.value
        return slot
    with pytest.raises(asyncio.CancelledError):
        coroutine.throw(asyncio.CancelledError)
    return None


async def drain(pacer: Pacer, count: int, **wanted: Any) -> list[float]:
    """Take `count` slots one after the other; each is replied to at once. Returns: when each was granted."""
    times = []
    for _ in range(count):
        slot = await pacer.slot("q", **wanted)
        times.append(slot.granted_at)
        slot.replied()
    return times


@in_virtual_time
async def test_a_free_slot_is_given_without_suspending() -> None:
    pacer = make(Limit(60, 10.0), max_rate=1.0)
    first = is_instant(pacer.slot("q"))
    assert first is not None
    assert (first.quota, first.waited_s, first.granted_at) == ("q", 0.0, 0.0)
    await asyncio.sleep(1.0)
    assert is_instant(pacer.slot("q")) is not None
    assert is_instant(pacer.slot("q")) is None, "the smoother has no token"


@in_virtual_time
async def test_nobody_snatches_a_token_the_pump_waits_for() -> None:
    pacer = make(Limit(100, 10.0), max_rate=1.0)
    served: list[str] = []

    async def send(name: str, seq: int) -> None:
        (await pacer.slot("q", priority=(0, seq))).replied()
        served.append(name)

    async with pumping(pacer), asyncio.TaskGroup() as clients:
        for name in ("first", "second"):
            clients.create_task(send(name, 1))
        await asyncio.sleep(0.5)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, StallingLoop)
        loop.stall(1.0)  # now there is a token, and the pump has not run
        assert is_instant(pacer.slot("q")) is None
        clients.create_task(send("third", 0))
    assert served == ["first", "third", "second"]


@pytest.mark.parametrize("end", ["replied", "lost", "unused", "refused"])
@in_virtual_time
async def test_a_slot_ends_once(end: str) -> None:
    pacer = make(Limit(20, 10.0))
    slot = await pacer.slot("q")
    ends: dict[str, Callable[[], None]] = {
        "replied": slot.replied,
        "lost": slot.lost,
        "unused": slot.unused,
        "refused": lambda: slot.refused(1.0),
    }
    ends[end]()
    before = pacer.statistics()["q"]
    for again in ends.values():
        again()
    assert pacer.statistics()["q"] == before
    assert before.in_flight == 0
    assert before.used == (0 if end == "unused" else 1)
    assert before.requests == (0 if end == "unused" else 1)
    assert (before.lost, before.refused) == (int(end == "lost"), int(end == "refused"))
    assert before.closed_for_s == (1.0 if end == "refused" else 0.0)


@pytest.mark.parametrize(
    ("connects_s", "gives_up_after_s", "free_again_at"),
    [(0.0, 1.0, 40 + 10), (0.0, 45.0, 45 + 10), (5.0, 1.0, 45 + 10), (5.0, 45.0, 50 + 10)],
)
@in_virtual_time
async def test_a_lost_request_counts_until_the_server_gives_it_up(
    connects_s: float, gives_up_after_s: float, free_again_at: float
) -> None:
    pacer = make(Limit(1, 10.0), server_timeout_s=40.0)
    async with pumping(pacer):
        slot = await pacer.slot("q")
        await asyncio.sleep(connects_s)
        slot.left()
        await asyncio.sleep(gives_up_after_s)
        slot.lost()
        [granted_at] = await drain(pacer, 1)
    assert free_again_at < granted_at < free_again_at + 0.01


@pytest.mark.parametrize("turn", ["queued", "granted"])
@in_virtual_time
async def test_a_cancelled_waiter_takes_nothing_with_it(turn: str) -> None:
    pacer = make(Limit(1, 10.0))
    async with pumping(pacer):
        first = await pacer.slot("q")
        waiters = [asyncio.create_task(pacer.slot("q")) for _ in range(3)]
        await asyncio.sleep(1.0)
        assert pacer.statistics()["q"].waiting == 3
        if turn == "queued":
            waiters[0].cancel()
        else:
            first.unused()
            await asyncio.sleep(0)  # the pump's turn
            assert pacer.statistics()["q"].in_flight == 1
            waiters[0].cancel()  # its slot is there, and it has not run yet
        assert await asyncio.wait([waiters[0]])
        assert waiters[0].cancelled()
        if turn == "queued":
            first.unused()
        slot = await asyncio.wait_for(waiters[1], 1.0)
        statistics = pacer.statistics()["q"]
        assert (statistics.in_flight, statistics.waiting, statistics.requests) == (1, 1, 1)
        slot.unused()
        (await asyncio.wait_for(waiters[2], 1.0)).unused()
        assert pacer.statistics()["q"].waiting == 0


@in_virtual_time
async def test_a_waiter_that_comes_while_others_are_being_cancelled_does_not_wait_for_ever() -> None:
    pacer = make(Limit(1, 10.0))
    async with pumping(pacer):
        (await pacer.slot("q")).replied()
        gone = asyncio.create_task(pacer.slot("q"))
        await asyncio.sleep(1.0)
        pacer.wake()  # the pump looks when the waiter's future is cancelled, and its task has not run yet
        later = asyncio.create_task(pacer.slot("q"))
        gone.cancel()
        assert (await asyncio.wait_for(later, 60.0)).granted_at == pytest.approx(10.0, abs=0.1)
    assert gone.cancelled()


@in_virtual_time
async def test_a_sleeper_that_was_woken_need_not_be_woken_again() -> None:
    """It looks in its turn. Thousands of requests may end in the turn before, and each would ask when it may go on."""
    sleep = WakeableSleep()
    sleeper = asyncio.create_task(sleep.sleep_until(10.0))
    await asyncio.sleep(1.0)
    assert sleep.is_asleep
    sleep.wake()
    assert not sleep.is_asleep
    await sleeper
    assert (now(), sleep.is_asleep) == (1.0, False)


@in_virtual_time
async def test_a_thousand_cancelled_at_once_leave_no_trace() -> None:
    pacer = make(Limit(1, 10.0))
    async with pumping(pacer):
        first = await pacer.slot("q")
        waiters = [asyncio.create_task(pacer.slot("q")) for _ in range(1000)]
        await asyncio.sleep(1.0)
        for waiter in waiters[:-1]:
            waiter.cancel()
        await asyncio.wait(waiters[:-1])
        assert pacer.statistics()["q"].waiting == 1
        first.unused()
        (await asyncio.wait_for(waiters[-1], 1.0)).unused()
        assert pacer.statistics()["q"].waiting == 0


class TestKeys:
    """A window counted apart for each key."""

    def test_a_key_that_is_used_up_lets_others_pass_and_comes_back_in_order(self) -> None:
        served: list[tuple[str, int, float]] = []

        async def main() -> None:
            pacer = make(Limit(100, 1.0), Limit(2, 10.0, "workspace"))

            async def send(key: str, seq: int) -> None:
                slot = await pacer.slot("q", key=key, priority=(0, seq))
                served.append((key, seq, round(slot.granted_at)))
                slot.replied()

            async with pumping(pacer), asyncio.TaskGroup() as clients:
                for seq in range(6):
                    clients.create_task(send("a", seq))
                clients.create_task(send("b", 9))

        run(main())
        a = [(seq, at) for key, seq, at in served if key == "a"]
        assert a == [(0, 0), (1, 0), (2, 10), (3, 10), (4, 20), (5, 20)]
        assert ("b", 9, 0) in served

    @in_virtual_time
    async def test_keys_that_are_used_up_come_back_each_at_its_own_time(self) -> None:
        pacer = make(Limit(1, 10.0, "workspace"))
        served: list[tuple[str, float]] = []

        async def send(key: str) -> None:
            slot = await pacer.slot("q", key=key)
            served.append((key, round(slot.granted_at)))
            slot.replied()

        async with pumping(pacer), asyncio.TaskGroup() as clients:
            for key in ("a", "b", "c"):
                await send(key)
                clients.create_task(send(key))
                await asyncio.sleep(2.0)
        assert served == [("a", 0), ("b", 2), ("c", 4), ("a", 10), ("b", 12), ("c", 14)]

    @in_virtual_time
    async def test_a_newcomer_does_not_overtake_those_of_its_key(self) -> None:
        pacer = make(Limit(100, 1.0), Limit(1, 10.0, "workspace"))
        async with pumping(pacer):
            (await pacer.slot("q", key="a")).replied()
            early = asyncio.create_task(pacer.slot("q", key="a", priority=(0, 1)))
            await asyncio.sleep(9.9)
            loop = asyncio.get_running_loop()
            assert isinstance(loop, StallingLoop)
            loop.stall(1.0)  # the key is free again, and the pump has not noticed
            late = asyncio.create_task(pacer.slot("q", key="a", priority=(0, 2)))
            done, _ = await asyncio.wait([early, late], return_when=asyncio.FIRST_COMPLETED)
            assert done == {early}
            early.result().replied()
            assert (await late).waited_s == pytest.approx(10.0, abs=0.1)

    @in_virtual_time
    async def test_a_better_waiter_of_the_same_key_goes_first(self) -> None:
        pacer = make(Limit(1, 1.0), Limit(10, 100.0, "workspace"))
        served = []

        async def send(seq: int) -> None:
            slot = await pacer.slot("q", key="a", priority=(0, seq))
            served.append(seq)
            slot.replied()

        async with pumping(pacer), asyncio.TaskGroup() as clients:
            (await pacer.slot("q", key="b")).replied()
            for seq in (5, 3, 4, 1, 2):
                clients.create_task(send(seq))
        assert served == [1, 2, 3, 4, 5]

    @in_virtual_time
    async def test_in_flight_then_cancelled_then_unused(self) -> None:
        """A key held by requests in flight has no time to wait for; each end brings the next, past the cancelled."""
        pacer = make(Limit(100, 1.0), Limit(1, 10.0, "workspace"))
        async with pumping(pacer):
            first = await pacer.slot("q", key="a")
            gone, stays = (asyncio.create_task(pacer.slot("q", key="a", priority=(0, n))) for n in range(2))
            await asyncio.sleep(50)
            gone.cancel()
            await asyncio.wait([gone])
            first.unused()
            slot = await asyncio.wait_for(stays, 1.0)
            slot.replied()
            last = asyncio.create_task(pacer.slot("q", key="a"))
            await asyncio.sleep(1)
            last.cancel()
            await asyncio.sleep(20)
            assert pacer.statistics()["q"].waiting == 0

    @in_virtual_time
    async def test_without_a_shared_window_only_the_key_counts(self) -> None:
        pacer = make(Limit(1, 10.0, "workspace"))
        async with pumping(pacer):
            assert (await drain(pacer, 2, key="a"))[1] > 10
            assert await drain(pacer, 1, key="b") == [pytest.approx(now())]

    @in_virtual_time
    async def test_many_keys_are_forgotten_when_idle(self) -> None:
        pacer = make(Limit(5, 10.0, "workspace"))
        kept = await pacer.slot("q", key="kept")
        for number in range(3000):
            (await pacer.slot("q", key=str(number))).replied()
            await asyncio.sleep(1)
        queue = pacer._quotas["q"].queue
        assert len(queue._lines) < 1100
        assert "kept" in queue._lines
        kept.unused()


class TestAfterOthers:
    def test_a_killed_process_closes_each_quota_for_its_own_longest_window(self) -> None:
        """(limits, seconds until its last request is counted, when the first leaves). Recorded quotas do not wait."""
        table: list[tuple[tuple[Limit, ...], float, float]] = [
            ((Limit(50, 60.0),), 42.0, 102.0),
            ((Limit(50, 60.0),), -15.0, 45.0),
            ((Limit(50, 1.0),), 42.0, 43.0),
            ((Limit(50, 1.0),), -15.0, 0.0),
            ((Limit(50, 1.0), Limit(90, 60.0)), -15.0, 45.0),
            ((Limit(50, 120.0),), 0.0, 120.0),
            ((Limit(50, 3600.0),), 42.0, 0.0),
            ((Limit(50, 1.0), Limit(1, 60.0, "workspace")), 42.0, 0.0),
            ((Limit(1, 1.0),), 42.0, 0.0),
        ]

        async def main(limits: tuple[Limit, ...], killed_in_s: float, *, known_before: bool) -> float:
            pacer = make(*limits)
            async with pumping(pacer):
                if known_before:
                    (await pacer.slot("q")).unused()
                pacer.inherit((), killed_in_s=killed_in_s)
                [granted_at] = await drain(pacer, 1)
                assert pacer.statistics()["q"].refused == 0
            return granted_at

        for limits, killed_in_s, opens_at in table:
            for known_before in (True, False):
                found = run(main(limits, killed_in_s, known_before=known_before))
                assert found == pytest.approx(opens_at, abs=0.02)

    def test_a_quota_met_later_waits_only_for_what_is_left(self) -> None:
        async def main() -> float:
            pacer = make(Limit(50, 10.0))
            async with pumping(pacer):
                pacer.inherit((), killed_in_s=0.0)
                await asyncio.sleep(4.0)
                return (await drain(pacer, 1))[0]

        assert run(main()) == pytest.approx(10.0, abs=0.01)

    def test_inherited_slots_come_free_one_by_one(self) -> None:
        async def main() -> list[float]:
            pacer = make(Limit(20, 60.0))
            pacer.inherit([HeldSlot("q", None, -10.0 - n, 60.0) for n in range(20)])
            async with pumping(pacer):
                assert pacer.statistics() == {}
                return await drain(pacer, 2)

        assert run(main()) == pytest.approx([31.0, 32.0], abs=0.1)

    def test_inherited_slots_do_not_hold_up_an_opening(self) -> None:
        """Seen: with 30 of 500 slots taken the next request waited until one came free, for the opening is 5 %."""

        async def main(taken: int) -> list[float]:
            pacer = make(Limit(500, 100.0))
            pacer.inherit([HeldSlot("q", None, 0.0, 100.0)] * taken)
            async with pumping(pacer):
                return await drain(pacer, 25)

        assert run(main(30)) == [0.0] * 25
        assert run(main(480))[20:] == pytest.approx([100.0] * 5, abs=0.1)

    def test_a_forecast_sees_what_an_opening_quota_lets_leave(self) -> None:
        async def main() -> tuple[int | None, int]:
            pacer = make(Limit(500, 100.0))
            pacer.inherit([HeldSlot("q", None, 0.0, 100.0)] * 30)
            async with pumping(pacer):
                await drain(pacer, 1)
                standing = pacer.standings()["q"]
                return standing.allowed, len(standing.taken_s[0])

        assert run(main()) == (25 + 30, 31)

    @in_virtual_time
    async def test_what_is_inherited_later_replaces_what_was_inherited_before(self) -> None:
        pacer = make(Limit(20, 60.0))
        used = []
        async with pumping(pacer):
            await drain(pacer, 1)
            for count in (5, 7, 0):
                pacer.inherit([HeldSlot("q", None, 0.0, 60.0)] * count)
                used.append(pacer.statistics()["q"].used)
        assert used == [6, 8, 1]

    @in_virtual_time
    async def test_own_slots_are_told_to_those_who_follow(self) -> None:
        pacer = Pacer(
            {"q": [Limit(80, 60.0)], "by-key": [Limit(20, 60.0), Limit(9, 600.0, "workspace")]},
            max_rate=None,
            server_timeout_s=40.0,
            rng=Random(1),
        )
        pacer.inherit([HeldSlot("q", None, 0.0, 60.0)])
        async with pumping(pacer):
            answered, lost, unused, under_way = [await pacer.slot("q") for _ in range(4)]
            (await pacer.slot("by-key", key="a")).replied()
            answered.replied()
            unused.unused()
            await asyncio.sleep(10.0)
            lost.lost()
            assert [slot.counted_in_s for slot in pacer.held(recorded=False)] == [-10.0, 30.0, 40.0]
            assert [(slot.quota, slot.key, slot.counted_in_s) for slot in pacer.held(recorded=True)] == [
                ("by-key", "a", -10.0)
            ]
            under_way.replied()
            await asyncio.sleep(61.0)
            assert [slot.counted_in_s for slot in pacer.held(recorded=False)] == [-31.0]
            assert len(pacer.held(recorded=True)) == 1
            await asyncio.sleep(600.0)
            assert pacer.held(recorded=False) == pacer.held(recorded=True) == []


class Recorder:
    """A record that answers as it is told."""

    def __init__(self, *answers: Full | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[float, str | None]] = []
        self.settled: list[float | None] = []

    def records(self, limits: Sequence[Limit]) -> bool:
        return is_recorded(limits)

    async def take(self, quota: str, key: str | None, limits: Sequence[Limit]) -> Settle | Full:
        self.asked.append((now(), key))
        await asyncio.sleep(0.1)
        return (self.answers.pop(0) if self.answers else None) or self.settled.append


class TestRecordedQuotas:
    @in_virtual_time
    async def test_a_request_leaves_when_it_is_on_record(self) -> None:
        pacer = make(Limit(20, 60.0), Limit(2, 600.0, "workspace"))
        pacer.recorder = recorder = Recorder()
        async with pumping(pacer):
            slot = await pacer.slot("q", key="a")
            assert now() == pytest.approx(0.1, abs=1e-3)
            slot.replied()
            (await pacer.slot("q", key="b")).unused()
            assert recorder.settled == [0.0, None]

    @in_virtual_time
    async def test_one_that_finds_no_room_asks_again_when_it_is_told(self) -> None:
        pacer = make(Limit(20, 60.0), Limit(2, 600.0, "workspace"))
        pacer.recorder = recorder = Recorder(Full(7.0, is_key=True), Full(3.0, is_key=False))
        async with pumping(pacer):
            first = asyncio.create_task(pacer.slot("q", key="a"))
            await asyncio.sleep(1.0)
            second = asyncio.create_task(pacer.slot("q", key="b"))
            for slot in await asyncio.gather(first, second):
                slot.replied()
            assert recorder.asked == [
                (0.0, "a"),
                (pytest.approx(1.0), "b"),  # another key need not wait
                (pytest.approx(4.1), "b"),
                (pytest.approx(7.1), "a"),
            ]
            assert pacer.statistics()["q"].requests == 2

    @in_virtual_time
    async def test_one_that_is_cancelled_meanwhile_holds_no_slot(self) -> None:
        pacer = make(Limit(2, 60.0))
        pacer.recorder = Recorder()
        async with pumping(pacer):
            waiting = asyncio.create_task(pacer.slot("q"))
            await asyncio.sleep(0.05)
            assert pacer.statistics()["q"].in_flight == 1
            waiting.cancel()
            await asyncio.wait([waiting])
            assert pacer.statistics()["q"].used == 0

    @in_virtual_time
    async def test_a_part_divides_the_other_quotas_alone(self) -> None:
        small, large = [Limit(15, 10.0)], [Limit(16, 10.0)]
        pacer = Pacer({"small": small, "large": large}, max_rate=None, rng=Random(1))
        async with pumping(pacer):
            pacer.set_part(0.25)
            for quota in ("small", "large"):
                (await pacer.slot(quota)).replied()
            statistics = pacer.statistics()
            assert (statistics["small"].limit, statistics["large"].limit) == (15, 4)
            assert pacer.used_part() == 1 / 16
            pacer.set_part(0.0)
            waiting = asyncio.create_task(pacer.slot("large"))
            (await pacer.slot("small")).replied()
            await asyncio.sleep(100.0)
            assert not waiting.done()
            assert pacer.statistics()["large"].closed_for_s == pytest.approx(10.0, abs=0.1)
            pacer.set_part(1.0)
            (await asyncio.wait_for(waiting, 0.01)).replied()


@pytest.mark.parametrize(
    ("limit", "share", "allowed"), [(100, 0.6, 60), (100, 0.29, 29), (10, 0.25, 2), (1, 0.1, 1), (7, 1.0, 7)]
)
@in_virtual_time
async def test_share_scales_every_limit_down(limit: int, share: float, allowed: int) -> None:
    pacer = make(Limit(limit, 10.0), share=share)
    await pacer.slot("q")
    assert pacer.statistics()["q"].limit == allowed


def test_without_arguments_it_waits_as_the_settings_say() -> None:
    defaults = {name: parameter.default for name, parameter in inspect.signature(Pacer).parameters.items()}
    for name in ("max_rate", "server_timeout_s", "backoff_base_s", "backoff_cap_s"):
        assert defaults[name] == getattr(Tuning(), name), name


@pytest.mark.parametrize("unlimited", [False, True])
@in_virtual_time
async def test_the_part_may_change_on_the_way(*, unlimited: bool) -> None:
    """What is taken stays taken; what is more is opened carefully."""
    limits = (Limit(20, 10.0), Limit(32, 100.0))
    pacer = Pacer({"q": limits}, max_rate=None, rng=Random(1), unlimited=unlimited)
    async with pumping(pacer):
        assert set(await drain(pacer, 16)) == {0.0}
        pacer.set_part(0.5)
        (await pacer.slot("later")).replied()
        statistics = pacer.statistics()
        if unlimited:
            assert await drain(pacer, 20) == [0.0] * 20
            return
        assert (statistics["q"].limit, statistics["later"].limit) == (10, 30)
        assert pacer.used_part() == 0.8
        waiter = asyncio.create_task(pacer.slot("q"))
        await asyncio.sleep(20.0)
        assert not waiter.done(), "the wider window is full by its new limit, 16"
        pacer.set_part(1.0)
        (await asyncio.wait_for(waiter, 0.01)).replied()


@in_virtual_time
async def test_unlimited_means_no_window_but_429s_still_close() -> None:
    pacer = make(Limit(1, 10.0), unlimited=True)
    async with pumping(pacer):
        assert set(await drain(pacer, 500)) == {0.0}
        (await pacer.slot("q")).refused(3.0)
        assert await drain(pacer, 1) == [pytest.approx(3.0)]


def test_a_closing_is_told_as_what_is_left_of_it() -> None:
    async def main() -> list[float]:
        pacer = make(Limit(60, 60.0))
        async with pumping(pacer):
            await asyncio.sleep(100.0)
            (await pacer.slot("q")).refused(5.0)
            left_s = []
            for _ in range(3):
                left_s.append(pacer.statistics()["q"].closed_for_s)
                await asyncio.sleep(3.0)
            return left_s

    assert run(main()) == pytest.approx([5.0, 2.0, 0.0])


@in_virtual_time
async def test_a_name_nobody_documented_gets_sixty_a_minute() -> None:
    pacer = make(Limit(1, 10.0))
    (await pacer.slot("unheard.of")).replied()
    statistics = pacer.statistics()
    assert set(statistics) == {"unheard.of"}
    assert (statistics["unheard.of"].limit, statistics["unheard.of"].window_s) == (60, 60.0)


@pytest.mark.parametrize(("rate", "count", "seconds"), [(50.0, 101, 2.0), (3000.0, 3015, 1.0), (None, 5000, 0.0)])
def test_the_smoother_spreads_departures_of_all_quotas(rate: float | None, count: int, seconds: float) -> None:
    async def main() -> list[float]:
        pacer = Pacer({}, max_rate=rate, unlimited=True, rng=Random(1))
        times: list[float] = []

        async def send(number: int) -> None:
            slot = await pacer.slot(f"q{number % 3}")
            times.append(slot.granted_at)
            slot.replied()

        async with pumping(pacer), asyncio.TaskGroup() as clients:
            for number in range(count):
                clients.create_task(send(number))
        return times

    times = run(main())
    assert times[-1] == pytest.approx(seconds, rel=0.01, abs=1e-9)
    if rate is not None:
        burst = max(1, int(rate * 0.005))
        for first, beyond in zip(times, times[burst:], strict=False):
            assert beyond - first >= 1 / rate - 1e-5


@in_virtual_time
async def test_the_token_goes_to_who_is_furthest_along_when_it_comes() -> None:
    pacer = Pacer({"a": [Limit(9, 9.0)], "b": [Limit(1000, 1.0)]}, max_rate=1.0, rng=Random(1))
    served: list[int] = []

    async def send(quota: str, seq: int) -> None:
        (await pacer.slot(quota, priority=(0, seq))).replied()
        served.append(seq)

    async with pumping(pacer), asyncio.TaskGroup() as clients:
        clients.create_task(send("a", 9))
        clients.create_task(send("a", 5))
        await asyncio.sleep(0.5)
        clients.create_task(send("b", 1))
        clients.create_task(send("b", 7))
    assert served == [9, 1, 5, 7]


@in_virtual_time
async def test_a_token_is_not_spent_on_waiters_that_left() -> None:
    pacer = make(Limit(50, 9.0), max_rate=1.0)
    async with pumping(pacer):
        (await pacer.slot("q")).replied()
        waiter = asyncio.create_task(pacer.slot("q"))
        await asyncio.sleep(0.5)
        waiter.cancel()
        await asyncio.sleep(5.0)
        assert pacer.statistics()["q"].requests == 1


def test_every_change_is_an_event() -> None:
    events: list[Event] = []

    async def main() -> None:
        pacer = make(Limit(60, 60.0), observe=events.append)
        async with pumping(pacer):
            await drain(pacer, 3)
            slots = [await pacer.slot("q") for _ in range(2)]
            slots[0].refused(5.0)
            slots[1].refused(5.0)
            await drain(pacer, 1)

    run(main())
    changes = [(event.change, event.allowed, event.closed_for_s) for event in events if isinstance(event, QuotaChanged)]
    assert changes == [
        ("opened", 3, 0.0),
        ("grown", 5, 0.0),
        ("closed", 5, 5.0),
        ("reopened", 5, 0.0),
        ("grown", 8, 0.0),
    ]


@in_virtual_time
async def test_statistics_add_up() -> None:
    pacer = make(Limit(2, 10.0))
    async with pumping(pacer):
        for _ in range(3):
            await drain(pacer, 1)
        slot = await pacer.slot("q")
        waiter = asyncio.create_task(pacer.slot("q"))
        await asyncio.sleep(0)
        statistics = pacer.statistics()["q"]
        assert (statistics.requests, statistics.in_flight, statistics.waiting) == (4, 1, 1)
        assert (statistics.used, statistics.allowed, statistics.limit, statistics.window_s) == (2, 2, 2, 10.0)
        assert statistics.waited_s == pytest.approx(10.0, abs=0.1)
        slot.replied()
        waiter.cancel()


def test_work_does_not_grow_with_the_number_of_waiters() -> None:
    """C2: O(log n) each, counted as comparisons of orders; a scan of the waiters would need 50 million."""
    compared = 0

    class Counted(int):
        def __lt__(self, other: int) -> bool:
            nonlocal compared
            compared += 1
            return int(self) < int(other)

    async def main(count: int) -> None:
        pacer = make(Limit(200, 1.0), Limit(100, 1.0, "workspace"))
        rng = Random(3)

        async def send(number: int) -> None:
            slot = await pacer.slot("q", key=str(number % 50), priority=(Counted(rng.randrange(10**9)), number))
            slot.replied()

        async with pumping(pacer), asyncio.TaskGroup() as clients:
            for number in range(count):
                clients.create_task(send(number))

    run(main(10_000))
    assert compared < 10_000 * 80


def test_an_emptied_quota_goes_on_at_an_even_pace() -> None:
    """Others have used it up, says the server; a header that is wrong costs no more than the burst."""

    async def main(remaining: int | None) -> list[float]:
        pacer = make(Limit(10, 10.0))
        times = []
        async with pumping(pacer):
            for _ in range(5):
                slot = await pacer.slot("q")
                times.append(slot.granted_at)
                slot.replied(remaining)
        return times

    assert run(main(None)) == run(main(3)) == [0.0] * 5
    assert run(main(0)) == pytest.approx([0.0, 1.0, 2.0, 3.0, 4.0], abs=0.05)
