"""The promised finish time against the executor and the pacer themselves, on a virtual clock: within 3 %."""

from __future__ import annotations

import asyncio
import itertools
import statistics
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from bulkops.catalogue import CALLS, QUOTAS
from bulkops.events import AccountEnded, AccountStarted, AttemptEnded, WaveChanged, ignore
from bulkops.executor import fan_out
from bulkops.forecast import IMPORT, POLL, RunShape, foresee, names_of, opening, stages_of
from bulkops.operations.polling import LikelyFinish, Polling
from bulkops.outcome import Outcome
from bulkops.pacing import Pacer
from bulkops.rate_limit import Limit
from bulkops.sandbox.imports import import_time_s
from bulkops.settings import Tuning
from tests.unit.pacing.vendor import now, pumping, run
from tests.work import lines_run

LATENCY_S = 0.3
SOAK_S = 30.0
ROLLOUT = [
    ("managed_users.folders.list", 1),
    ("managed_users.folders.create", 1),
    (IMPORT, 1),
    ("managed_users.recipes.list", 1),
    ("managed_users.connections.list", 1),
    ("managed_users.connections.update", 1),
    ("managed_users.recipes.list", 1),
    ("managed_users.recipes.start", 2),
    ("managed_users.recipes.list", 1),
]
LOOKS = [("managed_users.recipes.list", 1), ("managed_users.recipes.get", 3)]
SEEDS = range(16)
"""Of the runs whose mean is compared. Many, for one microsecond changes who is served first, and with it when the last
import ends."""
NARROW = {"embedded.recipes.get": (Limit(100, 10.0), Limit(700, 400.0))}


def fair_draws(rng: Any) -> Iterator[Any]:
    """Pairs from the unit square, every hundred of them evenly spread: no run is luckier than another."""
    while True:
        rows, columns = list(range(100)), list(range(100))
        rng.shuffle(rows)
        rng.shuffle(columns)
        yield from [((row + 0.5) / 100, (column + 0.5) / 100) for row, column in zip(rows, columns, strict=True)]


class Account:
    """Sends its requests one after the other, as operations do through the session."""

    def __init__(self, calls: Any, pacer: Any, likely: Any, rng: Any, observe: Any) -> None:
        self.calls, self.pacer, self.likely, self.rng, self.observe = calls, pacer, likely, rng, observe
        self.draws = fair_draws(rng)

    async def __call__(self, seq: Any) -> None:
        progress = 0
        self.observe(AccountStarted(account=str(seq), seq=seq))
        for call, count in self.calls:
            for _ in range(count):
                await self.send(call, progress, seq)
                progress += 1
            if call == IMPORT:
                await self.poll(progress, seq)
        self.observe(AccountEnded(account=str(seq), seq=seq, outcome=Outcome.CHANGED, cause=None, elapsed_s=0.0))

    async def send(self, call: Any, progress: Any, seq: Any) -> None:
        slot = await self.pacer.slot(CALLS[call].quota, key=str(seq), priority=(-progress, seq))
        left_at = now()
        await asyncio.sleep(LATENCY_S * self.rng.uniform(0.5, 1.5))
        slot.replied()
        self.observe(
            AttemptEnded(
                request_id="1",
                call=call,
                account=str(seq),
                quota=slot.quota,
                attempt=1,
                waited_s=slot.waited_s,
                latency_s=now() - left_at,
                status=200,
                error=None,
            )
        )

    async def poll(self, progress: Any, seq: Any) -> None:
        done_at = now() + import_time_s(next(self.draws))
        polling = Polling(2.0, self.likely, self.pacer)
        done = False
        while not done:
            await polling.wait()
            await self.send(POLL, progress, seq)
            done = now() >= done_at
            polling.note(done=done)


async def really(
    calls: Any,
    waves: Any,
    concurrency: Any,
    quotas: Any,
    tuning: Any,
    seed: Any,
    observe: Any = ignore,
    pacer: Any = None,
) -> Any:
    pacer = pacer or Pacer(quotas, max_rate=tuning.max_rate, share=tuning.share, rng=Random(1))
    account = Account(calls, pacer, LikelyFinish(2.0), Random(seed), observe)
    seqs = itertools.count()
    async with pumping(pacer):
        for place, size in enumerate(waves, start=1):
            if place > 1:
                await asyncio.sleep(SOAK_S)
            observe(WaveChanged(run_id="r", number=place, of=len(waves), size=size, state="started"))
            async for outcome in fan_out(account, itertools.islice(seqs, size), concurrency=concurrency):
                outcome.unwrap()
        return now()


def promised(calls: Any, waves: Any, concurrency: Any, quotas: Any, tuning: Any) -> Any:
    stages = stages_of(calls, LATENCY_S)
    pace = RunShape(waves=waves, concurrency=concurrency, soak_s=SOAK_S)
    return foresee(stages, pace=pace, standings=opening(quotas, names_of(stages), tuning), tuning=tuning)


def kept(seeds: Any, calls: Any, waves: Any, concurrency: Any, quotas: Any, tuning: Any, bound_by: Any) -> None:
    quotas, tuning = {**QUOTAS, **quotas}, Tuning(**tuning)
    took_s = [run(really(calls, waves, concurrency, quotas, tuning, seed)) for seed in seeds]
    foreseen = promised(calls, waves, concurrency, quotas, tuning)
    assert foreseen.seconds == pytest.approx(statistics.fmean(took_s), rel=0.03)
    assert foreseen.bound_by == bound_by


@pytest.mark.parametrize(
    ("calls", "waves", "concurrency", "quotas", "tuning", "bound_by"),
    [
        (ROLLOUT, [460], 200, {}, {}, "assumed.customer.folders"),
        (LOOKS, [600], 200, {}, {}, "embedded.recipes.list"),
        (LOOKS, [600], 200, {}, {"max_rate": 20.0}, "max_rate"),
        (LOOKS, [600], 200, NARROW, {}, "embedded.recipes.get"),
        (LOOKS[1:], [1500], 300, {}, {"max_rate": None}, "embedded.recipes.get"),
    ],
)
def test_the_finish_time_is_kept_within_three_percent(
    calls: Any, waves: Any, concurrency: int, quotas: Any, tuning: Any, bound_by: str
) -> None:
    kept([6], calls, waves, concurrency, quotas, tuning, bound_by)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("waves", "concurrency", "tuning", "bound_by"),
    [
        ([300], 200, {}, "assumed.customer.folders"),
        ([5, 60, 240], 60, {}, "assumed.customer.folders"),
        ([400], 20, {}, "assumed.customer.folders"),
        ([200], 200, {"share": 0.5}, "assumed.customer.folders"),
    ],
)
def test_it_is_the_mean_of_runs_whose_last_imports_are_luck(
    waves: Any, concurrency: int, tuning: Any, bound_by: str
) -> None:
    kept(SEEDS, ROLLOUT, waves, concurrency, {}, tuning, bound_by)


def test_a_large_fleet_costs_no_more_to_foresee_than_a_small_one() -> None:
    def finish_s(accounts: Any) -> Any:
        return promised(ROLLOUT, [accounts], 200, QUOTAS, Tuning()).seconds

    assert finish_s(100_000) == pytest.approx(100_000 / 30 * 60, rel=0.01)
    assert lines_run(lambda: finish_s(100_000)) < 5 * lines_run(lambda: finish_s(1_000))
