"""C1 and C2 as properties: whatever happens to requests, no window of the server ever sees more than the limit."""

from __future__ import annotations

import asyncio
from random import Random

import attrs
import pytest
from hypothesis import given, settings, strategies as st

from bulkops.pacing import Pacer
from bulkops.rate_limit import Limit
from tests.unit.pacing.vendor import (
    BucketServer,
    FixedServer,
    Server,
    SlidingServer,
    StallingLoop,
    check,
    in_virtual_time,
    now,
    pumping,
    run,
)

SERVER_TIMEOUT_S = 2.0
FOREVER_S = 1e6


@attrs.frozen
class Request:
    """What becomes of one request; `counted` 0 to 1: when the server counts it, between leaving and the end."""

    arrives_after_s: float
    connects_s: float
    latency_s: float
    counted: float
    fate: str
    key: str
    patience_s: float


@attrs.frozen
class Scenario:
    limits: tuple[Limit, ...]
    max_rate: float | None
    requests: tuple[Request, ...]
    stalls: tuple[tuple[float, float], ...]
    dies_at: float | None
    dead_for_s: float
    phase: float


def short(most_s: float) -> st.SearchStrategy[float]:
    """Often nothing, often the same as others: collisions are where things break."""
    return st.one_of(st.just(0.0), st.sampled_from([most_s / 10, most_s]), st.floats(0, most_s))


requests = st.builds(
    Request,
    arrives_after_s=short(0.5),
    connects_s=st.one_of(st.just(0.0), st.floats(0, 2)),
    latency_s=short(3.0),
    counted=st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1),
    fate=st.sampled_from(["replied"] * 6 + ["lost", "cancelled", "impatient", "unused"]),
    key=st.sampled_from("ab"),
    patience_s=short(6.0),
)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    window_s = draw(st.sampled_from([1.0, 3.0, 10.0]))
    limits = [Limit(draw(st.integers(1, 8)), window_s)]
    if draw(st.booleans()):
        limits.append(Limit(draw(st.integers(2, 12)), 3 * window_s))
    if draw(st.booleans()):
        limits.append(Limit(draw(st.integers(1, 5)), 2 * window_s, "workspace"))
    return Scenario(
        limits=tuple(limits),
        max_rate=draw(st.sampled_from([None, None, 3.0, 400.0])),
        requests=tuple(draw(st.lists(requests, min_size=1, max_size=50))),
        stalls=tuple(draw(st.lists(st.tuples(st.floats(0, 20), st.floats(0.01, 2.0)), max_size=4))),
        dies_at=None,
        dead_for_s=0.0,
        phase=draw(st.floats(0, 1)),
    )


class World:
    """Plays a scenario. `counted`: (time, key) of each request that the server counted."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.counted: list[tuple[float, str]] = []
        self.done: set[int] = set()

    async def play(self) -> None:
        scenario = self.scenario
        loop = asyncio.get_running_loop()
        assert isinstance(loop, StallingLoop)
        for at, length_s in scenario.stalls:
            loop.call_at(at, loop.stall, length_s)
        pacer = self._pacer()
        if scenario.dies_at is not None:
            async with pumping(pacer):
                work = asyncio.create_task(self._clients(pacer))
                await asyncio.wait([work], timeout=scenario.dies_at)
                work.cancel()
                await asyncio.wait([work])
            died_at = now()
            # What was on its way at that moment is counted at any time until the server has given it up.
            await asyncio.sleep(scenario.dead_for_s)
            pacer = self._pacer()
            pacer.inherit((), killed_in_s=died_at + SERVER_TIMEOUT_S - now())
        async with pumping(pacer), asyncio.timeout(FOREVER_S):  # who is still waiting then has starved
            await self._clients(pacer)
            for statistics in pacer.statistics().values():
                assert (statistics.waiting, statistics.in_flight, statistics.refused) == (0, 0, 0)

    def _pacer(self) -> Pacer:
        return Pacer(
            {"q": self.scenario.limits},
            max_rate=self.scenario.max_rate,
            server_timeout_s=SERVER_TIMEOUT_S,
            rng=Random(1),
        )

    async def _clients(self, pacer: Pacer) -> None:
        async with asyncio.TaskGroup() as clients:
            for number, request in enumerate(self.scenario.requests):
                if number not in self.done:
                    await asyncio.sleep(request.arrives_after_s)
                    clients.create_task(self._client(pacer, number, request))

    async def _client(self, pacer: Pacer, number: int, request: Request) -> None:
        if request.fate == "impatient":  # may be cancelled in the queue, or in the very turn of its grant
            async with asyncio.TaskGroup() as alone:
                waiter = alone.create_task(self._send(pacer, number, request))
                await asyncio.wait([waiter], timeout=request.patience_s)
                waiter.cancel()
        else:
            await self._send(pacer, number, request)
        self.done.add(number)

    async def _send(self, pacer: Pacer, number: int, request: Request) -> None:
        slot = await pacer.slot("q", key=request.key, priority=(0, number))
        left_at = None
        try:
            await asyncio.sleep(request.connects_s)
            if request.fate == "unused":
                slot.unused()
                return
            slot.left()
            left_at = now()
            await asyncio.sleep(request.latency_s)
        finally:
            if left_at is None:
                slot.unused()
            elif request.fate in {"lost", "cancelled"} or now() < left_at + request.latency_s - 1e-5:
                self._count(left_at + request.counted * SERVER_TIMEOUT_S, request.key)
                slot.lost()
            else:
                self._count(left_at + request.counted * request.latency_s, request.key)
                slot.replied()

    def _count(self, at: float, key: str) -> None:
        self.counted.append((at, key))


@given(scenarios())
@settings(max_examples=250)
def test_no_window_ever_sees_more_than_its_limit_and_nobody_starves(scenario: Scenario) -> None:
    """C1 in virtual time, under arrivals, latencies, moments of counting, stalls, losses, cancellations.

    A sliding log and fixed windows of any phase accept at most N in *some* windows of length T, so "at most N in every
    window of length T" is accepted whole. A token bucket of capacity N, refilled at N / T, accepts everything if and
    only if between any two moments s < t, both counted, there are at most N + (t - s) * N / T requests. At most N in
    every window of T means at most N * (floor((t - s) / T) + 1) there, which is never more: so the bucket accepts it
    too, *provided that it was full at the start* and holds N (a smaller burst is for C3 to find out). The same
    holds for a bucket refilled in steps, since over k * T every step that divides N adds at least k * N.

    Assumed besides: a request without a reply is counted within `server_timeout_s` of leaving; both clocks run at the
    same rate. Several processes, ends and kills: tests/unit/ledger/test_ledger_proof.py.
    """
    world = World(scenario)
    run(world.play())
    counted = sorted(world.counted)
    for limit in scenario.limits:
        if limit.key is None:
            check(limit, [at for at, _ in counted], phase=scenario.phase)
        else:
            for key in "ab":
                check(limit, [at for at, name in counted if name == key], phase=scenario.phase)


@given(
    limit=st.integers(16, 20),
    latency_s=st.sampled_from([0.0, 0.01, 0.3]),
    counted=st.sampled_from([0.0, 0.5, 1.0]),
    dies_at=st.floats(0.01, 12),
    dead_for_s=st.just(0.0) | st.floats(0, 12),
)
@settings(max_examples=40)
def test_a_flood_before_and_after_a_death_keeps_the_limit(
    limit: int, latency_s: float, counted: float, dies_at: float, dead_for_s: float
) -> None:
    """The successor is held until its predecessor's window is over, and not much longer."""
    request = Request(0.0, 0.0, latency_s, counted, "replied", "a", 0.0)
    limits = (Limit(limit, 5.0),)
    world = World(Scenario(limits, None, (request,) * 5 * limit, (), dies_at, dead_for_s, 0.5))
    run(world.play())
    times = sorted(at for at, _ in world.counted)
    check(limits[0], times, phase=0.5)
    after = [at for at in times if at > dies_at + dead_for_s]
    assert not after or after[0] <= dies_at + max(SERVER_TIMEOUT_S + 5.0, dead_for_s) + 0.4


@pytest.mark.parametrize(
    ("times", "is_crowded"),
    [([0, 0, 0], True), ([0, 9, 9.5], True), ([0, 0, 9.999], True), ([0, 0, 10, 10, 20], False)],
)
def test_the_referee_sees_a_crowded_window(times: list[float], is_crowded: bool) -> None:
    limit = Limit(2, 10.0)
    if not is_crowded:
        check(limit, times, phase=0.5)
    else:
        with pytest.raises(AssertionError, match="3 requests within"):
            check(limit, times, phase=0.5)


@pytest.mark.parametrize(
    ("server", "times", "accepted"),
    [
        (SlidingServer(2, 10), [0, 1, 2, 10, 10.5, 11], [1, 1, 0, 1, 0, 1]),
        (FixedServer(2, 10, phase_s=5), [3, 4, 4.5, 5, 6, 7, 15], [1, 1, 0, 1, 1, 0, 1]),
        (BucketServer(2, 10), [0, 0, 0, 4.9, 5, 5.1, 15], [1, 1, 0, 0, 1, 0, 1]),
        (BucketServer(4, 10, burst=1), [0, 1, 2.5, 5, 6], [1, 0, 1, 1, 0]),
    ],
)
def test_servers_count_as_they_say(server: Server, times: list[float], accepted: list[int]) -> None:
    assert [int(server.take(at) is None) for at in times] == accepted


@pytest.mark.parametrize(("latency_s", "limit", "window_s"), [(0.5, 20, 10.0), (2.0, 20, 10.0), (0.1, 100, 1.0)])
def test_use_is_t_over_t_plus_round_trip(latency_s: float, limit: int, window_s: float) -> None:
    """Under load every slot is taken again the moment it is free: one request each T + round trip."""
    windows = 30

    async def main() -> float:
        pacer = Pacer({"q": [Limit(limit, window_s)]}, max_rate=None, rng=Random(1))

        async def send() -> None:
            slot = await pacer.slot("q")
            await asyncio.sleep(latency_s)
            slot.replied()

        async with pumping(pacer), asyncio.TaskGroup() as clients:
            for _ in range(limit):  # the opening is not what is measured
                clients.create_task(send())
            await asyncio.sleep(3 * (window_s + latency_s))
            began = now()
            work = [clients.create_task(send()) for _ in range(limit * windows)]
            await asyncio.wait(work)
            return now() - began

    took_s = run(main())
    cycle_s = window_s + latency_s
    assert took_s == pytest.approx((windows - 1) * cycle_s + latency_s, rel=0.01)


@in_virtual_time
async def test_order_is_progress_then_inventory() -> None:
    """C2 with 1,000 waiters that arrive in any order, and some that arrive while others leave."""
    rng = Random(7)
    priorities = [(-rng.randrange(5), seq) for seq in range(1000)]
    rng.shuffle(priorities)
    served: list[tuple[int, int]] = []
    pacer = Pacer({"q": [Limit(40, 1.0)]}, max_rate=None, rng=Random(1))

    async def send(priority: tuple[int, int]) -> None:
        slot = await pacer.slot("q", priority=priority)
        served.append(priority)
        slot.replied()

    async with pumping(pacer), asyncio.TaskGroup() as clients:
        (await pacer.slot("q", priority=(-9, -1))).replied()
        pacer.inherit((), killed_in_s=-0.5)  # closed for half a second
        for priority in priorities[:900]:
            clients.create_task(send(priority))
        await asyncio.sleep(10.0)
        assert served == sorted(priorities[:900])[: len(served)]
        assert 100 < len(served) < 800
        before = len(served)
        for priority in priorities[900:]:
            clients.create_task(send(priority))
        await asyncio.sleep(0.0001)
        assert len(served) == before
    assert served[before:] == sorted({*priorities} - {*served[:before]})


def test_equals_are_served_in_the_order_of_arrival() -> None:
    served: list[int] = []

    async def main() -> None:
        pacer = Pacer({"q": [Limit(1, 1.0)]}, max_rate=None, rng=Random(1))

        async def send(number: int) -> None:
            slot = await pacer.slot("q")
            served.append(number)
            slot.replied()

        async with pumping(pacer), asyncio.TaskGroup() as clients:
            for number in range(5):
                clients.create_task(send(number))

    run(main())
    assert served == list(range(5))
