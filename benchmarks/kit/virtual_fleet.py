"""A whole fleet in virtual time: the real executor, pacer and polling, against a vendor that only counts and answers.

Nothing is on a socket or a disk: what takes days by the quotas takes minutes. The vendor counts every quota in a
sliding window at its documented limits and refuses what is too much; imports take what the sandbox's take.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

import attrs

from benchmarks.kit.windows import Sliding
from bulkops import fan_out
from bulkops.catalogue import CALLS, QUOTAS
from bulkops.forecast import IMPORT, POLL
from bulkops.operations.polling import LikelyFinish, Polling
from bulkops.pacing import Pacer
from bulkops.rate_limit import Limit
from bulkops.sandbox.imports import import_time_s
from bulkops.settings import Tuning
from tests.virtual_time import run_virtual

LATENCY_S: Final = 0.2
ASSUMED: Final = (Limit(60, 60.0),)
YEARS_S: Final = 1e9


@attrs.define
class Vendor:
    """Answers after LATENCY_S, and counts when half of it has passed."""

    quotas: Mapping[str, Sequence[Limit]]
    refused: int = 0
    requests: int = 0
    _windows: dict[str, list[Sliding]] = attrs.field(factory=dict)

    async def answer(self, quota: str) -> bool:
        windows = self._windows.get(quota)
        if windows is None:
            shared = [limit for limit in self.quotas.get(quota, ASSUMED) if limit.key is None]
            windows = self._windows[quota] = [Sliding(limit.requests, limit.window_s) for limit in shared]
        counted_at = asyncio.get_running_loop().time() + LATENCY_S / 2  # all take as long: in order
        self.requests += 1
        taken = [window.take(counted_at) is None for window in windows]
        await asyncio.sleep(LATENCY_S)
        return all(taken)


class Fleet:
    """An account sends `calls`, as (call, how often), one after the other; an import is polled until it is done."""

    def __init__(self, calls: Sequence[tuple[str, int]], *, seed: int) -> None:
        self._calls = [(call, count) for call, count in calls if call != POLL]
        self._chance = Random(seed)
        self._tuning = Tuning()
        self._likely = LikelyFinish(self._tuning.first_poll_s)
        self.vendor = Vendor(QUOTAS)
        self.pacer = Pacer(QUOTAS, max_rate=self._tuning.max_rate, rng=Random(seed))

    async def run(self, accounts: int, concurrency: int) -> float:
        """Returns: when the last account has ended, seconds."""
        pump = asyncio.create_task(self.pacer.run())
        async for outcome in fan_out(self._account, range(accounts), concurrency=concurrency):
            outcome.unwrap()
        ended_at = asyncio.get_running_loop().time()
        pump.cancel()
        await asyncio.wait([pump])
        return ended_at

    async def _account(self, seq: int) -> None:
        progress = 0
        for call, count in self._calls:
            for _ in range(count):
                await self._send(call, progress, seq)
                progress += 1
            if call == IMPORT:
                await self._imported(progress, seq)

    async def _send(self, call: str, progress: int, seq: int) -> None:
        good = False
        while not good:
            slot = await self.pacer.slot(CALLS[call].quota, key=str(seq), priority=(-progress, seq))
            good = await self.vendor.answer(slot.quota)
            if good:
                slot.replied()
            else:
                self.vendor.refused += 1
                slot.refused(None)

    async def _imported(self, progress: int, seq: int) -> None:
        clock = asyncio.get_running_loop().time
        done_at = clock() + import_time_s((self._chance.random(), self._chance.random()))
        polling = Polling(self._tuning.first_poll_s, self._likely, self.pacer)
        done = False
        while not done:
            await polling.wait()
            await self._send(POLL, progress, seq)
            done = clock() >= done_at
            polling.note(done=done)


def rolled(calls: Sequence[tuple[str, int]], accounts: int, *, concurrency: int, seed: int = 1) -> dict[str, float]:
    """Run this number of accounts. Returns: virtual seconds, requests, refused, and the real seconds that it took."""
    began = time.monotonic()

    async def main() -> tuple[float, Vendor]:
        fleet = Fleet(calls, seed=seed)
        return await fleet.run(accounts, concurrency), fleet.vendor

    seconds, vendor = run_virtual(main(), limit_s=YEARS_S)
    return {
        "accounts": accounts,
        "seconds": seconds,
        "requests": vendor.requests,
        "refused": vendor.refused,
        "played_in_s": time.monotonic() - began,
    }
