"""Contract C4 as a table, the retry budget as a story, the delay arithmetic."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from bulkops.pacing import RetryBudget, full_jitter
from bulkops.session._retry import Failure, may_resend
from tests.unit.pacing.vendor import in_virtual_time, now, run

CLASSES = ("idempotent", "safe_to_retry", "reconcile_first")


@pytest.mark.parametrize(
    ("failure", "allowed"),
    [
        (Failure("connect"), CLASSES),
        (Failure("status", 429), CLASSES),
        (Failure("lost"), CLASSES[:2]),
        (Failure("timeout"), CLASSES[:2]),
        (Failure("status", 502), CLASSES[:2]),
        (Failure("status", 503), CLASSES[:2]),
        (Failure("status", 504), CLASSES[:2]),
        (Failure("status", 500), CLASSES[:1]),
        (Failure("status", 501), ()),
        (Failure("status", 400), ()),
        (Failure("status", 401), ()),
        (Failure("status", 404), ()),
        (Failure("status", 408), ()),
        (Failure("status", 200), ()),
        (Failure("status"), ()),
    ],
)
def test_what_may_be_sent_again(failure: Failure, allowed: tuple[str, ...]) -> None:
    assert tuple(retry for retry in CLASSES if may_resend(retry, failure)) == allowed


def test_an_unknown_retry_class_is_treated_as_the_most_careful_one() -> None:
    assert not may_resend("whatever", Failure("lost"))


@pytest.mark.parametrize(("attempt", "most_s"), [(0, 1), (1, 2), (3, 8), (6, 60), (5000, 60)])
def test_full_jitter_is_uniform_below_its_bound(attempt: int, most_s: float) -> None:
    rng = Random(5)
    delays = [full_jitter(attempt, base_s=1, cap_s=60, rng=rng) for _ in range(2000)]
    assert 0 <= min(delays) < 0.01 * most_s
    assert 0.99 * most_s < max(delays) <= most_s
    assert sum(delays) / 2000 == pytest.approx(most_s / 2, rel=0.05)


@pytest.mark.parametrize(("base_s", "cap_s"), [(0, 1), (-1, 1), (2, 1)])
def test_full_jitter_says_what_it_needs(base_s: float, cap_s: float) -> None:
    with pytest.raises(ValueError, match="0 < base_s <= cap_s"):
        full_jitter(0, base_s=base_s, cap_s=cap_s, rng=Random(1))


def budget(**changes: float) -> RetryBudget:
    return RetryBudget(**{"capacity": 2, "refund": 0.5, "base_s": 1.0, "cap_s": 8.0, **changes}, rng=Random(2))


async def acquire(budget: RetryBudget, quota: str) -> bool:
    while True:
        await budget.until_allowed(quota)
        probe = budget.take(quota)
        if probe is not None:
            return probe


class TestBudget:
    @in_virtual_time
    async def test_resends_spend_and_successes_refund_up_to_the_capacity(self) -> None:
        spent = budget()
        assert spent.tokens("q") == 2
        assert await acquire(spent, "q") is False
        spent.settled("q", probe=False, ok=False)
        assert (spent.tokens("q"), spent.tokens("other")) == (1, 2)
        for tokens in (1.5, 2, 2):
            spent.succeeded("q")
            assert spent.tokens("q") == tokens
        assert now() == 0, "nobody waited"

    @in_virtual_time
    async def test_when_it_is_empty_one_probes_and_a_good_probe_frees_everybody(self) -> None:
        spent = budget()
        for quota in ("q", "q", "r", "r"):
            await acquire(spent, quota)
        results: list[tuple[str, bool]] = []

        async def resend(quota: str) -> None:
            probe = await acquire(spent, quota)
            results.append((quota, probe))
            await asyncio.sleep(3.0)
            assert probe is False or len(results) == 1, "one probe at a time for the host"
            spent.settled(quota, probe=probe, ok=True)

        async with asyncio.TaskGroup() as callers:
            for quota in ("q", "r", "q"):
                callers.create_task(resend(quota))
        assert results == [("q", True), ("r", False), ("q", False)]
        assert 3.0 < now() <= 1.0 + 3.0 + 3.0

    def test_failed_probes_come_ever_more_rarely_and_one_at_a_time(self) -> None:
        async def main() -> list[float]:
            spent = budget(capacity=0.5)
            waits: list[float] = []
            probing = 0

            async def resend() -> None:
                nonlocal probing
                for _ in range(40):
                    began = now()
                    assert await acquire(spent, "q") is True
                    probing += 1
                    assert probing == 1
                    waits.append(now() - began)
                    await asyncio.sleep(0.1)
                    probing -= 1
                    spent.settled("q", probe=True, ok=False)

            async with asyncio.TaskGroup() as callers:
                for _ in range(3):
                    callers.create_task(resend())
            return [now(), *waits]

        took_s, *waits = run(main())
        assert len(waits) == 120
        assert waits[0] <= 1.0
        assert took_s / 120 == pytest.approx(4.0 + 0.1, rel=0.15), "half of the cap, on average"

    @in_virtual_time
    async def test_successes_of_others_open_it_too_and_the_next_outage_starts_afresh(self) -> None:
        spent = budget(capacity=1)
        await acquire(spent, "q")
        for _ in range(10):
            assert await acquire(spent, "q") is True
            spent.settled("q", probe=True, ok=False)
        one = asyncio.create_task(acquire(spent, "q"))
        other = asyncio.create_task(acquire(spent, "q"))
        await asyncio.sleep(0)
        spent.succeeded("q")
        spent.succeeded("q")
        began = now()
        assert await one is False
        assert now() == began
        assert await other is True
        assert now() - began <= 1.0
        spent.settled("q", probe=True, ok=False)
        began = now()
        assert await acquire(spent, "q") is True
        assert now() - began <= 2.0

    def test_an_outage_that_follows_a_success_is_probed_as_soon_as_the_first(self) -> None:
        async def main(seed: int) -> float:
            spent = RetryBudget(capacity=1, refund=1.0, base_s=1.0, cap_s=8.0, rng=Random(seed))
            await acquire(spent, "q")
            spent.succeeded("q")
            await acquire(spent, "q")
            began = now()
            await acquire(spent, "q")
            return now() - began

        assert max(run(main(seed)) for seed in range(20)) <= 1.0

    @in_virtual_time
    async def test_a_cancelled_prober_passes_the_duty_on(self) -> None:
        spent = budget(capacity=0.5)
        first = asyncio.create_task(acquire(spent, "q"))
        second = asyncio.create_task(acquire(spent, "q"))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await asyncio.wait_for(second, 2.0) is True
