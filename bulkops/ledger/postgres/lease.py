"""`PostgresLedger`: slots of common quotas for processes of several machines.

A process exchanges with the database a few times a second, for all its quotas at once: a heartbeat, slots given back,
slots taken for the next half second, and what responses have taught. The pacer still decides which request leaves next.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager, nullcontext, suppress
from functools import partial
from typing import Final, TypeVar

import attrs

from bulkops.clock import BEAT_S, MARGIN_S, Clock, SystemClock
from bulkops.errors import JournalError
from bulkops.ledger.base import Credential, Lease, LeaseTerms
from bulkops.ledger.leasing import BeatingLease, again, begun_in_thread
from bulkops.ledger.postgres.beats import beating
from bulkops.ledger.postgres.database import LedgerDatabase
from bulkops.ledger.postgres.messages import Keyed, Recorded, Reply, Request
from bulkops.ledger.postgres.opened_quota import GAP_S, OpenedQuota, plain
from bulkops.pacing import Explored, Full, HeldSlot, Pacer, Quota, Settle, WakeableSleep, window_length_s
from bulkops.postgres import DatabaseUrl
from bulkops.rate_limit import Limit

T = TypeVar("T")

_ENDED: Final = JournalError(
    "the lease on the credential has ended", remedy="send requests only while the run is in progress"
)


class PostgresLedger:
    """The ledger in a database. All processes that use the same one keep to the quotas together, whatever runs they
    are in.

    `executor`: where it talks to the database, for each lease; else a thread of its own. `now`: for tests, the time by
    which the database acts.
    """

    def __init__(
        self,
        database: DatabaseUrl,
        *,
        clock: Clock | None = None,
        executor: Executor | None = None,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        self._executor = executor
        self._now = now

    @asynccontextmanager
    async def lease(self, credential: Credential, pacer: Pacer, *, label: str, share: bool) -> AsyncIterator[Lease]:
        """See `Ledger.lease`."""
        terms = LeaseTerms.of(credential, pacer, label=label, share=share)

        def begin(database: LedgerDatabase) -> None:
            database.begin(terms)

        def make() -> LedgerDatabase:
            return LedgerDatabase(self._database, self._clock, self._now)

        async with begun_in_thread(self._executor, make, begin) as (database, executor):
            rejoin = partial(database.begin, attrs.evolve(terms, share=True))
            lease = PostgresLease(database, executor, self._clock, pacer, rejoin=rejoin)
            with beating(database, executor, self._clock) if self._executor is None else nullcontext():
                async with lease.kept():
                    yield lease


@attrs.define(eq=False)
class _Asked:
    """A request that waits to be on record."""

    keyed: Keyed
    answer: asyncio.Future[Recorded]


@attrs.define(eq=False)
class PostgresLease(BeatingLease):
    """See `Lease`; and the pacer's `SlotSource` and `SlotRecorder`."""

    _database: LedgerDatabase
    _executor: Executor
    _clock: Clock
    _pacer: Pacer
    _rejoin: Callable[[], None]
    _new: list[tuple[Quota, Sequence[HeldSlot]]] = attrs.field(factory=list)
    _quotas: dict[int, OpenedQuota] = attrs.field(factory=dict)
    _asked: list[_Asked] = attrs.field(factory=list)
    _settled: list[tuple[int, int, float | None]] = attrs.field(factory=list)
    """Of recorded requests: process, record, and the loop time at which the server has counted it."""
    _explored: Sequence[Explored] = ()
    _exchange: int = 0
    _seen: int = 0
    _sent_at: float = -math.inf
    _done_at: float = -math.inf
    _sleep: WakeableSleep = attrs.field(factory=WakeableSleep)
    _keeping: asyncio.Task[None] = attrs.field(init=False)
    _broken: JournalError | None = None
    _is_ending: bool = False

    # -- Lease --------------------------------------------------------------------------------------------------

    @property
    def is_fresh(self) -> bool:
        """See `Lease.is_fresh`: slots of a dead process are held until the margin after its newest heartbeat."""
        is_recent = self._clock.boot_time_s() <= self._database.beat_boot_s + MARGIN_S
        return is_recent and self._broken is None and not self._is_ending

    @property
    def statements(self) -> int:
        """Calls of the database so far."""
        return self._database.statements

    # -- SlotSource, SlotRecorder -------------------------------------------------------------------------------

    def share(self, quota: Quota, held: Sequence[HeldSlot]) -> None:
        """See `SlotSource.share`."""
        self._new.append((quota, held))
        self.wake()

    def wake(self) -> None:
        """See `SlotSource.wake`."""
        self._sleep.wake()

    def records(self, limits: Sequence[Limit]) -> bool:
        """See `SlotRecorder.records`: only windows that the vendor counts apart for each key."""
        return any(limit.key is not None for limit in limits)

    async def take(self, quota: str, key: str | None, limits: Sequence[Limit]) -> Settle | Full:
        """See `SlotRecorder.take`."""
        self._check()
        keyed = [(limit.requests, window_length_s(limit.window_s)) for limit in limits if limit.key is not None]
        asked = _Asked(Keyed(quota, plain(key), keyed), asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        self.wake()
        try:
            recorded = await asked.answer
        except asyncio.CancelledError:
            if asked.answer.done() and not asked.answer.cancelled() and asked.answer.exception() is None:
                self._never_left(asked.answer.result())  # answered and cancelled in one turn of the loop
            raise
        if recorded.record_id is None:
            return Full(recorded.again_in_s or GAP_S, is_key=True)
        return self._settler(recorded.record_id)

    # -- exchanges ----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """While inside, the pacer takes its slots here."""
        self._sent_at = self._pacer.now()
        self._pacer.recorder = self
        self._pacer.share_slots(self)
        # A plain task, not a task group: that would wrap the run's own error into a group.
        self._keeping = asyncio.create_task(self._keep(), name="bulkops.lease")
        try:
            yield
        finally:
            self._is_ending = self._database.is_ending = True
            self.wake()
            await asyncio.wait([self._keeping])
            self._pacer.recorder = None
            self._pacer.share_slots(None)
            self._keeping.result()

    async def _keep(self) -> None:
        """Exchange when it is time, until the end. After a failure no request may leave any more."""
        try:
            while not self._is_ending:
                if (at := self._due_at()) > self._pacer.now():
                    await self._sleep.sleep_until(at)
                else:
                    await self._exchange_now()
            # Where that cannot be written, the slots come free as after a kill.
            with suppress(JournalError):
                await self._exchange_now()
                if self._settled:  # of requests that were cancelled while they were put on record
                    await self._exchange_now()
                await self._in_thread(self._database.end)
        except JournalError as error:
            self._break(error)
        except Exception as error:
            self._break(
                JournalError(
                    f"the ledger has failed: {type(error).__name__}: {error}",
                    remedy="this is a bug in bulkops: please report it",
                )
            )
            raise
        finally:
            for one in self._asked:
                if not one.answer.done():
                    one.answer.set_exception(again(self._broken or _ENDED))

    def _break(self, error: JournalError) -> None:
        """`until_fresh` raises it for those who want to send."""
        self._broken = error
        self._pacer.share_slots(None)  # wakes them

    def _due_at(self) -> float:
        now = self._pacer.now()
        if self._new or self._asked:
            return now
        gap_until = self._done_at + GAP_S
        return min([self._sent_at + BEAT_S, *(quota.due_at(now, gap_until) for quota in self._quotas.values())])

    async def _exchange_now(self) -> None:
        """Open new quotas, then one exchange. A process that was declared dead begins anew."""
        while not (await self._open_new() and await self._converse()):
            await self._begin_anew()
        self._pacer.wake()

    async def _open_new(self) -> bool:
        while self._new:
            quota, held = self._new[0]
            opening = OpenedQuota.opening(quota, held, self._pacer.now())
            reply = await self._in_thread(partial(self._database.open, opening))
            if reply is None:
                return False
            self._new.pop(0)
            self._quotas[reply.quota_id] = OpenedQuota.opened(quota, opening, reply, self._pacer.now())
        return True

    async def _converse(self) -> bool:
        now = self._sent_at = self._pacer.now()
        process_id, quotas = self._database.process_id, list(self._quotas.values())
        asked, self._asked = self._asked, []
        settled, self._settled = self._settled, []
        self._exchange += 1
        request = Request(
            exchange=self._exchange,
            seen=self._seen,
            back=[row for quota in quotas for row in quota.back(process_id, now, is_ending=self._is_ending)],
            take=[] if self._is_ending else [wish for quota in quotas if (wish := quota.wish(now)) is not None],
            told=[told for quota in quotas if (told := quota.told(now)) is not None],
            settled=[
                (record_id, None if counted_by is None else counted_by - now)
                for of, record_id, counted_by in settled
                if of == process_id
            ],
            record=[one.keyed for one in asked],
            explored=[one for one in self._pacer.explored() if one not in self._explored],
        )
        try:
            reply = await self._in_thread(lambda: self._database.exchange(request, watch=True))
        except Exception:
            self._asked += asked
            raise
        if reply is None:
            self._asked += asked
            return False
        self._seen = self._exchange
        self._take_in(reply, asked)
        return True

    def _take_in(self, reply: Reply, asked: Sequence[_Asked]) -> None:
        now = self._done_at = self._pacer.now()
        self._explored = reply.explored
        self._pacer.learn(reply.explored)
        for taken in reply.quotas:
            self._quotas[taken.quota_id].answered(
                taken, process_id=self._database.process_id, exchange=self._exchange, now=now
            )
        for one, recorded in zip(asked, reply.records, strict=True):
            if one.answer.done():  # cancelled meanwhile
                self._never_left(recorded)
            else:
                one.answer.set_result(recorded)

    async def _begin_anew(self) -> None:
        """Others have declared this process dead: it stood still. They hold what it had taken, as after a kill."""
        for quota in self._quotas.values():
            if quota.quota.shared is not None:
                quota.quota.shared.clear()
        self._new = [(quota.quota, ()) for quota in self._quotas.values()] + self._new
        self._quotas.clear()
        await self._in_thread(self._rejoin)

    def _never_left(self, recorded: Recorded) -> None:
        if recorded.record_id is not None:
            self._settler(recorded.record_id)(None)

    def _settler(self, record_id: int) -> Settle:
        process_id = self._database.process_id

        def settle(counted_in_s: float | None) -> None:
            counted_by = None if counted_in_s is None else self._pacer.now() + counted_in_s
            self._settled.append((process_id, record_id, counted_by))

        return settle

    async def _in_thread(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, job)
