"""The ledger of one user on one machine: SQLite and kernel locks in the state directory, beside the event loop."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import anyio
import attrs

from bulkops.clock import BEAT_S, MARGIN_S, Clock, SystemClock
from bulkops.errors import JournalError
from bulkops.ledger.base import Credential, Lease, LeaseTerms
from bulkops.ledger.leasing import BeatingLease, again, begun_in_thread
from bulkops.ledger.quota_sharing import Allotment, dividing
from bulkops.ledger.slots import Request, Settled
from bulkops.ledger.transactions import LedgerTransactions
from bulkops.locks import state_directory
from bulkops.pacing import Explored, Full, HeldSlot, Pacer, Settle, is_recorded
from bulkops.rate_limit import Limit

T = TypeVar("T")


class LocalLedger:
    """The ledger in a directory; without one, in the user's state directory, which is made when missing.

    `executor`: where it writes, for each lease; else a thread of its own.
    """

    def __init__(
        self, directory: Path | None = None, *, clock: Clock | None = None, executor: Executor | None = None
    ) -> None:
        self._directory = directory
        self._clock = clock or SystemClock()
        self._executor = executor

    @asynccontextmanager
    async def lease(self, credential: Credential, pacer: Pacer, *, label: str, share: bool) -> AsyncIterator[Lease]:
        """See `Ledger.lease`."""
        async with (
            self.join(
                LeaseTerms.of(credential, pacer, label=label, share=share), slots=pacer.held(recorded=True)
            ) as member,
            dividing(member, pacer),
        ):
            yield member

    @asynccontextmanager
    async def join(self, terms: LeaseTerms, *, slots: Sequence[HeldSlot] = ()) -> AsyncIterator[LocalLease]:
        """Be one of the processes on a credential. Leaving without `LocalLease.end` leaves the record of a killed
        process.

        `slots`: of recorded quotas, that requests before this lease hold. Raises: as `Ledger.lease`.
        """

        def begin(transactions: LedgerTransactions) -> None:
            transactions.begin(terms, slots)

        def make() -> LedgerTransactions:
            return LedgerTransactions(self._directory or state_directory(), self._clock)

        async with begun_in_thread(self._executor, make, begin) as (transactions, executor):
            lease = LocalLease(transactions, executor)
            try:
                yield lease
            finally:
                with anyio.CancelScope(shield=True):
                    await lease.until_quiet()


@attrs.define(eq=False)
class _Asked:
    request: Request
    answer: asyncio.Future[int | Full]


class LocalLease(BeatingLease):
    """One process's lease. Requests that ask for a slot while a commit is on its way share the next one."""

    def __init__(self, transactions: LedgerTransactions, executor: Executor) -> None:
        self._transactions = transactions
        self._executor = executor
        self._clock = transactions.clock
        self._beat_boot_s = -math.inf
        self._settled: list[Settled] = []
        self._asked: list[_Asked] = []
        self._committing: asyncio.Task[None] | None = None
        self._broken: JournalError | None = None
        self._has_ended = False

    @property
    def is_fresh(self) -> bool:
        """See `Lease.is_fresh`: a successor allows for requests until the margin after the newest heartbeat."""
        return (
            self._broken is None and not self._has_ended and self._clock.boot_time_s() <= self._beat_boot_s + MARGIN_S
        )

    @property
    def is_due(self) -> bool:
        """See `Member.is_due`. A loop whose clock jumps renews no more often than any other."""
        return self._clock.boot_time_s() > self._beat_boot_s + BEAT_S / 2

    async def renew(self, *, part: float, used: float, explored: Sequence[Explored] = ()) -> Allotment:
        """See `Member.renew`."""
        settled = self._take_settled()
        allotment = await self._in_thread(
            lambda: self._transactions.renew(settled, part=part, used=used, explored=explored)
        )
        self._beat_boot_s = self._transactions.beat_boot_s  # the caller acts on the allotment before anything else runs
        return allotment

    def records(self, limits: Sequence[Limit]) -> bool:
        """See `SlotRecorder.records`."""
        return is_recorded(limits)

    async def take(self, quota: str, key: str | None, limits: Sequence[Limit]) -> Settle | Full:
        """See `SlotRecorder.take`."""
        self._check()
        asked = _Asked(Request(quota, key, limits), asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit())
        try:
            taken = await asked.answer
        except asyncio.CancelledError:
            if asked.answer.done() and not asked.answer.cancelled():  # answered and cancelled in one turn of the loop
                self._give_back(asked.answer)
            raise
        return taken if isinstance(taken, Full) else self._settler(taken)

    async def end(self, slots: Sequence[HeldSlot], *, explored: Sequence[Explored] = ()) -> None:
        """See `Member.end`."""
        await self.until_quiet()
        settled = self._take_settled()
        await self._in_thread(lambda: self._transactions.end(settled, slots, explored=explored))

    async def until_quiet(self) -> None:
        """Take no more requests, and wait for the last commit."""
        self._has_ended = True
        if self._committing is not None:
            await asyncio.wait([self._committing])

    async def _commit(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, []
                await self._commit_these(asked)
        finally:
            self._committing = None

    async def _commit_these(self, asked: Sequence[_Asked]) -> None:
        settled = self._take_settled()
        requests = [one.request for one in asked]
        try:
            answers = await self._in_thread(lambda: self._transactions.take(settled, requests))
        except JournalError as error:
            for one in asked:
                if not one.answer.done():
                    one.answer.set_exception(again(error))
            return
        for one, answer in zip(asked, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(answer)
            elif not isinstance(answer, Full):  # cancelled meanwhile: it never leaves
                self._settler(answer)(None)

    def _give_back(self, answer: asyncio.Future[int | Full]) -> None:
        if answer.exception() is None and not isinstance(taken := answer.result(), Full):
            self._settler(taken)(None)

    def _settler(self, slot_id: int) -> Settle:
        def settle(counted_in_s: float | None) -> None:
            counted = None if counted_in_s is None else self._clock.boot_time_s() + counted_in_s
            self._settled.append(Settled(slot_id, counted))

        return settle

    def _take_settled(self) -> list[Settled]:
        settled, self._settled = self._settled, []
        return settled

    async def _in_thread(self, job: Callable[[], T]) -> T:
        """The job's result. After one failure no later job counts, and no request may leave."""
        self._check()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, job)
        except JournalError as error:
            self._broken = self._broken or error
            raise
