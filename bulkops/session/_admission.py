"""Admission of requests: checks host, heartbeat, quota, retry budget and deadline, in this order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from bulkops.errors import ApiError, ConfigError, ConnectFailed, RequestTimeout, Unauthorized
from bulkops.pacing import Pacer, RetryBudget, Slot
from bulkops.session._attempt import PendingCall
from bulkops.session._context import Heartbeat, RequestContext
from bulkops.session._host import Host
from bulkops.session._waits import PendingWaits, WaitCancelled

T = TypeVar("T")


class Admission:
    """Gives slots to the requests of one session, until it is stopped. `stopped_by`: why nothing is sent any more: the
    token was refused, or the host was never reached. Requests in flight finish, waiting ones raise.
    """

    def __init__(self, pacer: Pacer, budget: RetryBudget) -> None:
        self.host = Host(give_up=self._never_reached)
        self.stopped_by: ApiError | None = None
        self.heartbeat: Heartbeat | None = None
        self._pacer = pacer
        self._budget = budget
        self._waiting = PendingWaits()
        self._pump: asyncio.Task[None] | None = None

    @property
    def is_started(self) -> bool:
        return self._pump is not None

    def start(self) -> None:
        self._pump = asyncio.create_task(self._pacer.run(), name="bulkops.pacer")
        self._pump.add_done_callback(lambda _: self._waiting.end())  # wake the requests that wait for a slot

    async def end(self) -> asyncio.Task[None] | None:
        """Returns: the task that handed out the slots, which has ended."""
        pump, self._pump = self._pump, None
        self.host.close()
        if pump is not None:
            pump.cancel()
            await asyncio.wait([pump])
        return pump

    def stop(self, error: ApiError) -> None:
        """Send nothing more; the first reason counts."""
        self.stopped_by = self.stopped_by or error
        self._waiting.end()

    def extend(self, by_s: float) -> None:
        """Move the deadlines of all waiting requests by the host's outage."""
        self._waiting.extend(by_s)

    def may_leave(self) -> bool:
        return self._may_send() and self._is_fresh()

    # -- slots --------------------------------------------------------------------------------------------------

    def slot_now(self, pending: PendingCall) -> Slot | None:
        """A slot if no wait is needed, which is the case for most requests. The heartbeat is looked at when the request
        leaves."""
        if not self.host.is_open or not self._may_send() or self._is_late(pending.scope):
            return None
        return self._pacer.slot_now(pending.request.call.quota, key=pending.key)

    async def slot(self, pending: PendingCall) -> Slot:
        """Wait for a slot. Raises: what `_refusal` says."""
        return await self._wait(pending, self._slot(pending))

    async def slot_after(self, pending: PendingCall, pause_s: float) -> Slot:
        """Wait for a slot of a resend: first the backoff, then the retry budget."""
        await self._wait(pending, asyncio.sleep(pause_s))
        pending.tries.spent_s += pause_s
        return await self._wait(pending, self._slot_in_budget(pending))

    async def doubt(self, pending: PendingCall, seconds: float) -> float:
        """As `Host.doubt`. Raises: what `_refusal` says."""
        return await self._wait(pending, self.host.doubt(seconds))

    def settle(self, pending: PendingCall, *, ok: bool | None) -> None:
        """Report the outcome of an allowed resend to the budget, exactly once. `ok` None: nothing was sent."""
        probe, pending.tries.probe = pending.tries.probe, None
        if probe is not None:
            self._budget.settled(pending.request.call.quota, probe=probe, ok=ok)

    async def _slot(self, pending: PendingCall) -> Slot:
        """A slot for the call: not while the host is away, nor while another request tries it."""
        call, scope = pending.request.call, pending.scope
        while True:
            await self.host.approach()
            if self.heartbeat is not None:
                await self.heartbeat.until_fresh()
            slot = await self._pacer.slot(call.quota, key=pending.key, priority=scope.priority)
            if self._is_fresh() and self.host.enter(pending):
                return slot
            slot.unused()

    async def _slot_in_budget(self, pending: PendingCall) -> Slot:
        """A slot, and the budget's permission to use it. A request that waits for its slot holds no permission: the
        single probe of the host must not wait for a full window while resends of other quotas could leave.
        """
        quota = pending.request.call.quota
        while True:
            await self._budget.until_allowed(quota)
            slot = await self._slot(pending)
            pending.tries.probe = self._budget.take(quota)
            if pending.tries.probe is not None:
                return slot
            slot.unused()
            self.host.tried(pending, answered=False)

    # -- waiting ------------------------------------------------------------------------------------------------

    async def _wait(self, pending: PendingCall, awaitable: Awaitable[T]) -> T:
        """Wait until the request may leave, or never can. Raises: what `_refusal` says."""
        counted = pending.scope.counted
        counted.waits += 1
        try:
            if self._may_send() and not self._is_late(pending.scope):
                return await self._waiting.wait(awaitable, until=self._deadline(pending.scope))
        except WaitCancelled:
            pass
        finally:
            counted.waits -= 1
            _never_awaited(awaitable)
        raise self._refusal(pending)

    def _may_send(self) -> bool:
        return self.stopped_by is None and self._pump is not None and not self._pump.done()

    def _is_fresh(self) -> bool:
        return self.heartbeat is None or self.heartbeat.is_fresh

    def _deadline(self, scope: RequestContext) -> float | None:
        """The scope's deadline, extended by the outages that the host has announced since its first request."""
        if scope.away_s is None:
            scope.away_s = self.host.away_s
        return None if scope.deadline is None else scope.deadline + self.host.away_s - scope.away_s

    def _is_late(self, scope: RequestContext) -> bool:
        until = self._deadline(scope)
        return until is not None and asyncio.get_running_loop().time() >= until

    def _never_reached(self) -> None:
        if self.host.unreachable is not None:
            self.stop(self.host.unreachable)

    def _refusal(self, pending: PendingCall) -> Exception:
        """The error that explains why nothing (more) is sent for the call."""
        facts, stopped_by = pending.facts(), self.stopped_by
        if isinstance(stopped_by, Unauthorized):
            error = Unauthorized(
                f"not sent: the server has already refused the token ({stopped_by.said})",
                status=stopped_by.status,
                said=stopped_by.said,
                remedy=stopped_by.remedy,
                **facts,
            )
            error.cause = stopped_by.cause
            return pending.tries.final(error)
        if stopped_by is not None:
            away = ConnectFailed(stopped_by.message, cause=stopped_by.cause, remedy=stopped_by.remedy, **facts)
            return pending.tries.final(away)
        if self._pump is None:
            return ConfigError("the session is not open", remedy="use it inside `async with`")
        if self._pump.done():
            return RuntimeError("the task that hands out the quota's slots has ended")
        late = "not sent: its time limit passed while it waited for a slot"
        remedy = "raise account_timeout_s or call_timeout_s in a client file"
        return pending.tries.final(RequestTimeout(late, remedy=remedy, **facts))


def _never_awaited(awaitable: Awaitable[Any]) -> None:
    """Close a coroutine that has not begun, so that it does not warn."""
    if asyncio.iscoroutine(awaitable):
        awaitable.close()
