"""Quotas divided among the processes of one machine: each renews its share of them every second.

* The shares of all processes at work add up to 1 at most. A process gives a share back when its requests fit into
  what it keeps, and takes a larger one only from what is free.
* One that ended in order frees its share at once and leaves its exact slots. Each process that takes freed share holds
  these slots too, so they are counted at least once.
* One that was killed keeps its share until the server has counted its last request and that has left every window.
* A live process without a heartbeat for as long loses its share and must take it again.

Recorded quotas (`pacing.is_recorded`) stay whole: each request takes its slot in the ledger before it leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol

import attrs

from bulkops.clock import BEAT_S
from bulkops.errors import JournalError
from bulkops.pacing import Explored, HeldSlot, Pacer, SlotRecorder

MAX_MEMBERS: Final = 8
"""Maximum number of processes on one credential: more would leave each hardly any slots."""

_ASK_EVERY_S: Final = 0.2
"""Seconds between tries while other processes have not made room yet."""


@attrs.frozen(kw_only=True)
class Allotment:
    """What a membership allows now. `share`: of each divided quota; `members`: processes at work on the credential.

    `has_grown`: the share is larger than before, and this counts now: `slots` of divided quotas that earlier processes
    hold, and `killed_in_s`, seconds until the server has counted all requests of a killed process (minus infinity:
    without one). `explored`: what is known of quotas without a published limit.
    """

    share: float
    members: int
    has_grown: bool = False
    slots: Sequence[HeldSlot] = ()
    killed_in_s: float = float("-inf")
    explored: Sequence[Explored] = ()

    @property
    def fair(self) -> float:
        """The share of each when all have the same."""
        return 1 / self.members


class Member(SlotRecorder, Protocol):
    """One of the processes that divide the quotas. Its share is 0 until the first renewal."""

    @property
    def is_due(self) -> bool:
        """Whether the newest heartbeat is old enough for another one."""

    async def renew(self, *, part: float, used: float, explored: Sequence[Explored]) -> Allotment:
        """A heartbeat; give back what is too much, take what is free. Call it each second.

        `part`: of each divided quota, that this process keeps to from now on; `used`: the largest part of one that its
        own requests hold at the moment; `explored`: what the pacer knows.
        """

    async def end(self, slots: Sequence[HeldSlot], *, explored: Sequence[Explored]) -> None:
        """Nothing is sent any more. `slots`: of divided quotas, held by what was sent."""


@asynccontextmanager
async def dividing(member: Member, pacer: Pacer) -> AsyncIterator[None]:
    """While inside, the pacer keeps to the member's share; then it leaves the exact slots for later processes."""
    division = _Division(member, pacer)
    pacer.set_part(0.0)
    pacer.recorder = member
    try:
        await division.renew()
        # A plain task, not a task group: that would wrap the run's own error into a group.
        renewing = asyncio.create_task(division.keep_renewing(), name="bulkops.lease")
        try:
            yield
        finally:
            try:
                # Where they cannot be written, the next process waits as after a kill.
                with contextlib.suppress(JournalError):
                    await member.end(pacer.held(recorded=False), explored=pacer.explored())
            finally:  # the run may be cancelled while it ends
                await _cancel(renewing)
    finally:
        pacer.recorder = None
        pacer.set_part(1.0)


@attrs.define
class _Division:
    _member: Member
    _pacer: Pacer
    _part: float = 0.0

    async def keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S if self._part else _ASK_EVERY_S)
            try:
                if self._member.is_due or not self._part:
                    await self.renew()
            except JournalError:  # `until_fresh` raises it for those who want to send: wake them
                self._pacer.set_part(1.0)
                return

    async def renew(self) -> None:
        pacer = self._pacer
        while True:
            allotment = await self._member.renew(part=self._part, used=pacer.used_part(), explored=pacer.explored())
            pacer.learn(allotment.explored)
            if allotment.has_grown:
                pacer.inherit(allotment.slots, killed_in_s=allotment.killed_in_s)
            part, before = min(allotment.share, allotment.fair), self._part
            if part != before:
                self._part = part
                pacer.set_part(part)
            if part >= before or pacer.used_part() > part:
                return  # free the unused share now, so that others need not wait a second


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
