"""C1 over several processes: whoever starts, shares, ends or is killed, no window sees more than its limit.

Real leases on a real ledger, real pacers; virtual are the vendor and the time.
"""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import Executor, Future
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import Phase, given, settings, strategies as st

from bulkops.clock import MARGIN_S, Instant
from bulkops.errors import JournalError, RunLocked
from bulkops.ledger import LocalLedger
from bulkops.runs.credential import CredentialUse, hold_credential
from bulkops.secret import Secret
from bulkops.session import ApiSession
from bulkops.settings import Auth, Limit, Settings, Tuning
from tests.unit.pacing.vendor import check, now, pumping, run

SERVER_TIMEOUT_S = 2.0
FOREVER_S = 1e4
MEMORY = Path("/dev/shm")

QUOTAS: dict[str, tuple[Limit, ...]] = {
    "divided": (Limit(16, 5.0),),
    "two windows": (Limit(16, 1.0), Limit(24, 4.0)),
    "hourly": (Limit(5, 125.0),),
    "one a second": (Limit(1, 1.0),),
    "by account": (Limit(20, 2.0), Limit(2, 15.0, "workspace")),
}


class VirtualClock:
    """The boot clock is the event loop's."""

    def now(self) -> Instant:
        at = asyncio.get_running_loop().time()
        return Instant("boot", 1000.0 + at, 5e8 + at)

    def boot_time_s(self) -> float:
        return self.now().boot_s


class Inline(Executor):
    """Work takes no time, so that time does not pass meanwhile."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - whoever asked gets it
            future.set_exception(error)
        return future


@attrs.frozen
class Request:
    """`counted` 0 to 1: when the server counts it, between leaving and the end."""

    quota: str
    key: str
    connects_s: float
    latency_s: float
    counted: float
    fate: str


@attrs.frozen
class Process:
    """`requests` leave as they may, `at_once` of them wait at a time. `killed_after_s`: None, it ends well.

    `session`: processes of one number are runs of one client, one after the other.
    """

    starts_at: float
    if_running: Any
    requests: tuple[Request, ...]
    at_once: int
    killed_after_s: float | None
    session: int | None


request = st.builds(
    Request,
    quota=st.sampled_from([*QUOTAS, "divided", "divided"]),
    key=st.sampled_from("ab"),
    connects_s=st.sampled_from([0.0, 0.0, 0.3, 2.5]),
    latency_s=st.sampled_from([0.01, 0.5, 1.5]),
    counted=st.sampled_from([0.0, 0.5, 1.0]),
    fate=st.sampled_from(["replied"] * 5 + ["lost", "unused"]),
)

processes = st.builds(
    Process,
    starts_at=st.floats(0, 30),
    if_running=st.sampled_from(["share", "share", "wait", "fail"]),
    requests=st.one_of(
        st.lists(request, max_size=30).map(tuple),
        st.builds(lambda one, times: (one,) * times, request, st.integers(1, 60)),
    ),
    at_once=st.integers(1, 30),
    killed_after_s=st.none() | st.floats(0, 20),
    session=st.none() | st.integers(0, 1),
)


class World:
    """Plays processes on one credential. `counted`: (time, quota, key) of each request that the server counted."""

    def __init__(self, directory: Path, quotas: dict[str, tuple[Limit, ...]] = QUOTAS) -> None:
        self.ledger = LocalLedger(directory, clock=VirtualClock(), executor=Inline())
        tuning = Tuning(quotas=quotas, max_rate=None, server_timeout_s=SERVER_TIMEOUT_S)
        self.settings = Settings(url="http://127.0.0.1:1", auth=Auth(token=Secret("t" * 20)), tuning=tuning)
        self.counted: list[tuple[float, str, str]] = []
        self.left: list[tuple[float, int]] = []
        self._sessions: dict[int, tuple[ApiSession, asyncio.Lock]] = {}

    async def play(self, all_processes: list[Process]) -> None:
        async with asyncio.timeout(FOREVER_S), asyncio.TaskGroup() as group:  # who still waits then has starved
            for number, process in enumerate(all_processes):
                group.create_task(self.live(number, process))

    async def live(self, number: int, process: Process) -> None:
        await asyncio.sleep(process.starts_at)
        session, alone = ApiSession(self.settings, rng=Random(1)), asyncio.Lock()
        if process.session is not None and process.killed_after_s is None:
            session, alone = self._sessions.setdefault(process.session, (session, alone))
        async with alone, pumping(session.pacer):
            work = asyncio.create_task(self._work(number, process, session))
            await asyncio.wait([work], timeout=process.killed_after_s)
            if work.done():
                work.result()
                return
            if isinstance(session.heartbeat, CredentialUse):
                kill(session.heartbeat.lease)
            work.cancel()
            await asyncio.wait([work])
            if not work.cancelled():
                work.exception()  # of one that met the end of its lease before its own

    async def _work(self, number: int, process: Process, session: ApiSession) -> None:
        waiting = list(reversed(process.requests))

        async def client(use: CredentialUse) -> None:
            while waiting:
                await self._send(number, waiting.pop(), session, use)

        try:
            async with (
                hold_credential(session, str(number), if_running=process.if_running, ledger=self.ledger) as use,
                asyncio.TaskGroup() as clients,
            ):
                for _ in range(process.at_once):
                    clients.create_task(client(use))
        except RunLocked:
            assert process.if_running == "fail"

    async def _send(self, number: int, request: Request, session: ApiSession, use: CredentialUse) -> None:
        """As the session does it."""
        while True:
            await use.until_fresh()
            slot = await session.pacer.slot(request.quota, key=request.key)
            left_at = None
            try:
                if not use.is_fresh:
                    continue
                await asyncio.sleep(request.connects_s)
                if request.fate == "unused":
                    return
                if not use.is_fresh:
                    continue
                slot.left()
                left_at = now()
                self.left.append((left_at, number))
                await asyncio.sleep(request.latency_s)
            finally:
                if left_at is None:
                    slot.unused()
                elif request.fate == "lost" or now() < left_at + request.latency_s - 1e-5:
                    self._count(left_at + request.counted * SERVER_TIMEOUT_S, request)
                    slot.lost()
                else:
                    self._count(left_at + request.counted * request.latency_s, request)
                    slot.replied()
            return

    def _count(self, at: float, request: Request) -> None:
        self.counted.append((at, request.quota, request.key))

    def check(self, *, phase: float) -> None:
        for quota, limits in QUOTAS.items():
            for limit in limits:
                for key in "ab" if limit.key is not None else [None]:
                    times = [at for at, name, of in self.counted if name == quota and key in {None, of}]
                    check(limit, sorted(times), phase=phase)


def kill(lease: Any) -> None:
    """The kernel gives the lock back, and nothing more is written."""
    lease._book._lock.close()
    lease._broken = JournalError("killed")


def played(*all_processes: Process) -> World:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as directory:
        world = World(Path(directory))
        run(world.play(list(all_processes)))
    return world


def proof(all_processes: list[Process], phase: float) -> None:
    played(*all_processes).check(phase=phase)


sequences = st.lists(processes, min_size=1, max_size=5)


@given(sequences, st.floats(0, 1))
@settings(max_examples=30, phases=[Phase.explicit, Phase.generate])  # the slow one finds the smallest example
def test_no_window_sees_more_than_its_limit_whatever_becomes_of_processes(
    all_processes: list[Process], phase: float
) -> None:
    """For fixed, sliding and bucket servers; nobody starves. See the proof of one process in tests/unit/pacing."""
    proof(all_processes, phase)


@pytest.mark.slow
@given(sequences, st.floats(0, 1))
@settings(max_examples=500)
def test_no_window_sees_more_than_its_limit_in_many_lives(all_processes: list[Process], phase: float) -> None:
    proof(all_processes, phase)


def flood(count: int, *, quota: str = "divided", latency_s: float = 0.01) -> tuple[Request, ...]:
    return (Request(quota, "a", 0.0, latency_s, 1.0, "replied"),) * count


def process(starts_at: float, requests: tuple[Request, ...], **changes: Any) -> Process:
    return attrs.evolve(Process(starts_at, "share", requests, 30, None, None), **changes)


def starts_of(world: World, number: int) -> list[float]:
    return [at for at, who in world.left if who == number]


@given(st.integers(0, 15), st.sampled_from([None, 0]), st.floats(0, 5))
@settings(max_examples=20)
def test_after_an_orderly_end_the_next_one_sends_at_once(count: int, session: int | None, pause_s: float) -> None:
    first, second = process(0.0, flood(count)), process(10.0 + pause_s, flood(1))
    world = played(attrs.evolve(first, session=session), attrs.evolve(second, session=session))
    assert starts_of(world, 1) == [pytest.approx(10.0 + pause_s, abs=1e-4)]
    at_once = played(process(0.0, flood(15)), process(0.3, flood(1), if_running="wait"))
    assert starts_of(at_once, 1)[0] < 2.0, "one slot of 16 was left"


def test_after_an_orderly_end_the_true_windows_count() -> None:
    world = played(process(0.0, flood(16)), process(3.0, flood(16)))
    last = max(starts_of(world, 0))
    assert last < 1.0
    assert starts_of(world, 1)[0] == pytest.approx(min(starts_of(world, 0)) + 0.01 + 5.0, abs=0.1)
    world.check(phase=0.5)


@given(st.integers(0, 3), st.floats(0.1, 0.9))
@settings(max_examples=10)
def test_after_a_kill_the_next_one_waits_as_long_as_it_must(beats: int, later_s: float) -> None:
    killed = process(0.0, flood(200, latency_s=1.0), killed_after_s=beats + later_s)
    world = played(killed, process(5.0, flood(1)))
    assert starts_of(world, 1) == [pytest.approx(beats + MARGIN_S + SERVER_TIMEOUT_S + 5.0, abs=0.1)]


def test_a_newcomer_gets_its_share_when_the_other_has_made_room() -> None:
    world = played(process(0.0, flood(400)), process(10.0, flood(100)))
    first = starts_of(world, 1)[0]
    assert 10.0 < first <= 10.0 + 5.0 + 1.5
    together = [who for at, who in world.left if first + 6 <= at <= first + 26]
    assert together.count(1) == pytest.approx(together.count(0), abs=4)


def test_a_newcomer_beside_one_that_is_idle_need_not_wait_for_a_window() -> None:
    world = played(process(0.0, flood(4) + flood(80, quota="one a second")), process(8.0, flood(8)))
    assert starts_of(world, 1)[0] < 8.0 + 1.5


def test_each_departure_restarts_the_waiting_for_its_share() -> None:
    """Three share; two are killed, one almost a window after the other. The third takes what is free, and no more."""
    three = [process(0.0, flood(300)), process(0.0, flood(300)), process(0.0, flood(300))]
    world = played(attrs.evolve(three[0], killed_after_s=20.0), attrs.evolve(three[1], killed_after_s=24.5), three[2])
    world.check(phase=0.0)


def test_the_last_of_three_goes_on_at_once_after_orderly_ends() -> None:
    world = played(process(0.0, flood(50)), process(0.0, flood(60)), process(0.0, flood(300)))
    world.check(phase=0.0)
    ends = max(starts_of(world, 0) + starts_of(world, 1))
    alone = [at for at in starts_of(world, 2) if ends + 7 < at < ends + 17]
    assert len(alone) >= 2 * 16 * 0.9
