"""A run in virtual time: the real pacer and admission, accounts that send their calls, a vendor that answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

import attrs
import msgspec

from bulkops.catalogue import CALLS, QUOTAS
from bulkops.events import AttemptEnded
from bulkops.executor import fan_out
from bulkops.forecast import IMPORT, POLL
from bulkops.operations import Operation
from bulkops.operations.foreseen import Foreseen
from bulkops.operations.polling import LikelyFinish, Polling
from bulkops.pacing import Pacer
from bulkops.rate_limit import Limit
from bulkops.runs.halting import Admission
from bulkops.sandbox.imports import import_time_s
from bulkops.settings import Tuning
from tests.virtual_time import run_virtual

LATENCY_S: Final = 0.2


class Costs(Operation):
    """Says what an account costs; `None`: it cannot say."""

    def __init__(self, calls: Sequence[tuple[str, int]] | None) -> None:
        self.calls = calls

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        counted: dict[str, float] = {}
        for call, count in self.calls or ():
            counted[call] = counted.get(call, 0.0) + count * (1.5 if call == POLL else 1.0)
        return counted


@attrs.define
class Played:
    """`seconds`: when the last account ended; `most_open`: accounts in progress at once; `polls`: of all imports."""

    seconds: float
    most_open: int
    polls: int


class VirtualRun:
    """`admits` False: every account may begin at once, as before there was admission."""

    def __init__(
        self,
        calls: Sequence[tuple[str, int]],
        *,
        admits: bool,
        knows: bool = True,
        most: int = 10_000,
        quotas: Mapping[str, Sequence[Limit]] | None = None,
        slowness: float = 1.0,
        seed: int = 1,
    ) -> None:
        self.calls = [(call, count) for call, count in calls if call != POLL]
        self.costs = Costs(calls if knows else None)
        self.admits = admits
        self.most = most
        self.quotas = {**QUOTAS, **(quotas or {})}
        self.slowness = slowness
        self.chance = Random(seed)
        self.likely = LikelyFinish(Tuning().first_poll_s)
        self.most_open = self.polls = 0

    def play(self, accounts: int, *, concurrency: int = 200) -> Played:
        return run_virtual(self._play(accounts, concurrency))

    async def _play(self, accounts: int, concurrency: int) -> Played:
        self.pacer = Pacer(self.quotas, rng=Random(1))
        self.admission = Admission(self.costs, pacer=self.pacer, tuning=Tuning(), most=min(self.most, concurrency))
        pump = asyncio.create_task(self.pacer.run())
        async for outcome in fan_out(self._account, range(accounts), concurrency=concurrency):
            outcome.unwrap()
        ended_at = asyncio.get_running_loop().time()
        self.admission.stop()
        pump.cancel()
        await asyncio.wait([pump])
        return Played(ended_at, self.most_open, self.polls)

    async def _account(self, seq: int) -> None:
        progress = 0
        if self.admits:
            await self.admission.admit(str(seq), (0, seq))
            self.most_open = max(self.most_open, self.admission.open)
        for call, count in self.calls:
            for _ in range(count):
                await self._send(call, progress, seq)
                progress += 1
            if call == IMPORT:
                await self._imported(progress, seq)
        if self.admits:
            self.admission.leave(str(seq), teaches=True)

    async def _send(self, call: str, progress: int, seq: int) -> None:
        slot = await self.pacer.slot(CALLS[call].quota, key=str(seq), priority=(-progress, seq))
        await asyncio.sleep(LATENCY_S * self.chance.uniform(0.5, 1.5))
        slot.replied()
        self.admission.note(attempt(call, seq, slot.waited_s))

    async def _imported(self, progress: int, seq: int) -> None:
        clock = asyncio.get_running_loop().time
        luck = Random(seq)
        done_at = clock() + self.slowness * import_time_s((luck.random(), luck.random()))
        polling = Polling(2.0, self.likely, self.pacer)
        done = False
        while not done:
            await polling.wait()
            await self._send(POLL, progress, seq)
            self.polls += 1
            done = clock() >= done_at
            polling.note(done=done)


def attempt(call: str, seq: int, waited_s: float, **changes: Any) -> AttemptEnded:
    made = AttemptEnded(
        request_id="1",
        call=call,
        account=str(seq),
        quota=CALLS[call].quota,
        attempt=1,
        waited_s=waited_s,
        latency_s=LATENCY_S,
        status=200,
        error=None,
    )
    return msgspec.structs.replace(made, **changes)
