"""Processes on one credential, in virtual time: real leases on a real ledger, real pacers; virtual are the vendor and
the time.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor, Future
from random import Random
from typing import Any

import attrs
from hypothesis import strategies as st

from bulkops.clock import Instant
from bulkops.errors import JournalError, RunLocked
from bulkops.ledger import Ledger
from bulkops.ledger.local import LocalLease
from bulkops.ledger.postgres import PostgresLease
from bulkops.rate_limit import Limit
from bulkops.runs.credential import CredentialUse, hold_credential
from bulkops.secret import Secret
from bulkops.session import ApiSession
from bulkops.settings import Auth, Settings, Tuning
from tests.unit.pacing.vendor import check, now, pumping

SERVER_TIMEOUT_S = 2.0
FOREVER_S = 1e4

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

    def __init__(self, ledger: Ledger, *, host: str = "http://127.0.0.1:1") -> None:
        self.ledger = ledger
        tuning = Tuning(quotas=QUOTAS, max_rate=None, server_timeout_s=SERVER_TIMEOUT_S)
        self.settings = Settings(url=host, auth=Auth(token=Secret("t" * 20)), tuning=tuning)
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
                if not slot.may_leave or not use.is_fresh:
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
    """The process writes nothing more; the kernel gives its lock back."""
    if isinstance(lease, LocalLease):
        lease._transactions._lock.close()
    else:
        assert isinstance(lease, PostgresLease)
        lease._keeping.cancel()
    lease._broken = JournalError("killed")


def flood(count: int, *, quota: str = "divided", latency_s: float = 0.01) -> tuple[Request, ...]:
    return (Request(quota, "a", 0.0, latency_s, 1.0, "replied"),) * count


def process(starts_at: float, requests: tuple[Request, ...], **changes: Any) -> Process:
    return attrs.evolve(Process(starts_at, "share", requests, 30, None, None), **changes)


def starts_of(world: World, number: int) -> list[float]:
    return [at for at, who in world.left if who == number]


sequences = st.lists(processes, min_size=1, max_size=5)
