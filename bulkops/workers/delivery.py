"""`WorkerTeam`: the workers of a run, as its coordinator sees them through the journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, Literal

import attrs

from bulkops.journal import AccountResult, AccountRow
from bulkops.journal.postgres.shared_runs import MOST_LOST, SharedRuns, Stop
from bulkops.outcome import Outcome
from bulkops.workers.dispatch import Dispatcher

_LOOK_S: Final = 0.1
"""Seconds between two looks at what has ended."""
_RECONCILE_S: Final = 1.0
_LATE_S: Final = 3.0
"""Seconds after which an account that was delivered and not claimed is delivered again."""
_ABORT_S: Final = 30.0
"""Seconds to wait for workers to stop accounts after an abort."""

_LOST: Final = AccountResult(
    outcome=Outcome.UNKNOWN,
    failure_class="outcome-unknown",
    cause=f"{MOST_LOST} workers died while they worked on the account",
    reason=f"{MOST_LOST} workers died while they worked on the account",
    remedy="check the account and the logs of the workers; `bulkops resume` tries again",
)


@attrs.define(eq=False)
class _Open:
    """An account that the coordinator wants to be worked on."""

    row: AccountRow
    ended: asyncio.Future[AccountResult]
    sent_at: float


@attrs.define(eq=False, kw_only=True)
class WorkerTeam:
    """See `Team`. `is_successor`: a coordinator before this one has sent accounts, which may be on their way or with
    workers.

    `after`: number of the newest ending that is known; `is_left`: this coordinator goes, and the workers stay.
    """

    run_id: str
    shared: SharedRuns
    dispatcher: Dispatcher
    is_successor: bool
    after: int = 0
    is_left: bool = False
    _open: dict[int, _Open] = attrs.field(factory=dict)
    _early: dict[int, AccountResult] = attrs.field(factory=dict)
    """Accounts of a predecessor that ended before this coordinator came to them."""
    _unsent: list[int] = attrs.field(factory=list)
    _wake: asyncio.Event = attrs.field(factory=asyncio.Event)
    _own_stop: Stop | None = None
    _stop: Stop | None = None
    _stopping_at: float | None = None
    _failure: BaseException | None = None

    @asynccontextmanager
    async def at_work(self, stopped: Callable[[str, str], object]) -> AsyncIterator[None]:
        """See `Team.at_work`."""
        await self._see_stop(stopped)
        watching = asyncio.create_task(self._watch(stopped), name=f"bulkops.team {self.run_id}")
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])
        await self.dispatcher.forget(self.run_id)

    def stop(self, reason: str, kind: Literal["halt", "abort"] = "halt") -> None:
        """See `Team.stop`."""
        if self._own_stop is None or kind == "abort":
            self._own_stop = Stop(reason=reason, kind=kind)
            self._wake.set()

    @property
    def _is_aborting(self) -> bool:
        return self._own_stop is not None and self._own_stop.kind == "abort"

    async def run(self, row: AccountRow) -> AccountResult:
        """See `AccountRunner.run`."""
        if self._failure is not None:
            raise self._failure
        if row.seq in self._early:
            return self._early.pop(row.seq)
        clock = asyncio.get_running_loop().time
        mine = self._open[row.seq] = _Open(row, asyncio.get_running_loop().create_future(), clock())
        if self.is_successor:  # it may be with a worker: the next look tells
            mine.sent_at -= _LATE_S
        else:
            self._unsent.append(row.seq)
        self._wake.set()
        try:
            return await asyncio.shield(mine.ended)
        except asyncio.CancelledError:
            if self._is_aborting and not self.is_left:
                await asyncio.wait([mine.ended], timeout=_ABORT_S)  # delivered once: the workers journal its end
            raise
        finally:
            del self._open[row.seq]

    async def settle(self) -> Collection[int]:
        """See `Team.settle`."""
        if self.is_successor:
            await asyncio.sleep(_RECONCILE_S)  # a claim may be under way
            left_s = _ABORT_S
            while await self.shared.claims(self.run_id) and left_s > 0:
                if self._failure is not None:
                    raise self._failure
                await asyncio.sleep(_LOOK_S)
                if self._stop is not None and self._stop.kind == "abort":
                    left_s -= _LOOK_S
            await self._see_ended()
        return self._early.keys()

    # -- the journal --------------------------------------------------------------------------------------------

    async def _watch(self, stopped: Callable[[str, str], object]) -> None:
        """Follow the journal. A failure reaches everybody who waits for an account."""
        clock = asyncio.get_running_loop().time
        reconcile_at = clock()
        try:
            while True:
                self._wake.clear()
                await self._tell_stop()
                await self._send()
                await self._see_stop(stopped)
                await self._see_ended()
                if clock() >= reconcile_at:
                    reconcile_at = clock() + _RECONCILE_S
                    await self.shared.bury()
                    await self._reconcile()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):  # `wait_for` of Python 3.11 may swallow a cancellation
                        await self._wake.wait()
        except Exception as error:  # noqa: BLE001 - it ends the run: see `run`
            self._failure = error
            for one in self._open.values():
                if not one.ended.done():
                    one.ended.set_exception(error)
                    one.ended.exception()  # its caller may be gone

    async def _tell_stop(self) -> None:
        if self._own_stop is not None and self._own_stop != self._stop:
            stop = self._own_stop
            await self.shared.stop(self.run_id, stop.reason, stop.kind)
            self._stop = stop

    async def _see_stop(self, stopped: Callable[[str, str], object]) -> None:
        stop = await self.shared.stop_of(self.run_id)
        if stop is None:
            return
        if self._stopping_at is None:
            self._stopping_at = asyncio.get_running_loop().time()
        is_news = self._stop is None or (stop.kind == "abort" and self._stop.kind != "abort")
        if is_news:
            self._stop = stop
            stopped(stop.reason, stop.kind)

    async def _send(self) -> None:
        if self._unsent and self._own_stop is None:
            seqs, self._unsent = self._unsent, []
            await self.dispatcher.send(self.run_id, seqs)

    async def _see_ended(self) -> None:
        for ended in await self.shared.ended(self.run_id, after=self.after):
            self.after = ended.number
            self._settle(ended.seq, ended.result)

    async def _reconcile(self) -> None:
        """Deliver again what no live worker has. Once the run is stopping, nobody takes it any more."""
        now = asyncio.get_running_loop().time()
        is_stopping = self._stopping_at is not None
        if is_stopping and now < (self._stopping_at or 0.0) + _RECONCILE_S:
            return  # a claim may be under way
        late = [seq for seq, one in self._open.items() if is_stopping or now >= one.sent_at + _LATE_S]
        free = await self.shared.free(self.run_id, late) if late else []
        if is_stopping:
            for one in free:
                if one.seq in self._open:
                    self._settle(one.seq, _left(self._open[one.seq].row))
            return
        for one in free:
            if one.claims_lost >= MOST_LOST:
                await self.shared.end_account(self.run_id, one.seq, _LOST)
        again = [one.seq for one in free if one.claims_lost < MOST_LOST and one.seq in self._open]
        if again:
            again = _without(again, await self.dispatcher.waiting(self.run_id))
        for seq in again:
            self._open[seq].sent_at = now
        if again:
            await self.dispatcher.send(self.run_id, again, again=True)

    def _settle(self, seq: int, result: AccountResult) -> None:
        one = self._open.get(seq)
        if one is None:
            self._early[seq] = result
        elif not one.ended.done():
            one.ended.set_result(result)


def _left(row: AccountRow) -> AccountResult:
    """Of an account that nobody has taken: the journal stays as it is."""
    outcome = row.outcome if row.outcome in {Outcome.CANCELLED, Outcome.NOT_ATTEMPTED} else Outcome.NOT_ATTEMPTED
    return AccountResult(outcome=outcome)


def _without(seqs: Sequence[int], others: set[int]) -> list[int]:
    return [seq for seq in seqs if seq not in others]
