"""The end that a run foresees while it is on, against the one that it has, on a virtual clock."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from bulkops.events import AccountEnded, AccountStarted
from bulkops.operations import Operation
from bulkops.outcome import Outcome
from bulkops.runs import Policy
from bulkops.runs.progress import Eta, Progress
from bulkops.secret import Secret
from bulkops.session import ApiSession
from bulkops.settings import Auth, Settings, Tuning
from tests.unit.forecast.test_forecast_kept import LOOKS, ROLLOUT, SOAK_S, really
from tests.unit.pacing.vendor import now, run

SLOW_IMPORT_S = 40.0
"""Whether the last imports are slow is luck."""


class Said(Operation):
    """An operation that is wrong about its cost: it forgets its last calls."""

    def __init__(self, calls: Any) -> None:
        self._cost = {call: float(count) for call, count in calls}

    def cost(self, foreseen: Any) -> Any:
        return self._cost


def session_of(**tuning: Any) -> Any:
    auth = Auth(token=Secret("token"))
    return ApiSession(Settings(url="http://127.0.0.1:1", auth=auth, tuning=Tuning(**tuning)))


def eta_of(progress: Progress) -> Eta | None:
    asked = progress.question()
    return None if asked is None else asked()


async def foreseen(calls: Any, said: Any, waves: Any, concurrency: Any, every_s: Any) -> Any:
    """(When, seconds foreseen, by what) during a run, and when it really ended."""
    session = session_of()
    policy = Policy(concurrency=concurrency, waves=",".join(map(str, waves)), soak_s=SOAK_S)
    progress = Progress(Said(said), session, policy, total=sum(waves))
    seen = []

    async def ask() -> None:
        while True:
            await asyncio.sleep(every_s)
            seen.append((now(), eta_of(progress)))

    asking = asyncio.create_task(ask())
    await really(calls, waves, concurrency, {}, session.settings.tuning, 5, progress.observe, session.pacer)
    ended_at = now()
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking
    return seen, ended_at


@pytest.mark.parametrize(
    ("calls", "said", "waves", "concurrency", "every_s", "bound_by"),
    [
        (ROLLOUT, ROLLOUT, [200], 200, 60.0, "assumed.customer.folders"),
        (ROLLOUT, ROLLOUT[:3], [10, 150], 100, 60.0, "assumed.customer.folders"),
        (LOOKS, [], [1500], 200, 20.0, "embedded.recipes.get"),
    ],
)
def test_the_end_is_foreseen_all_along(
    calls: Any, said: Any, waves: Any, concurrency: int, every_s: float, bound_by: str
) -> None:
    seen, ended_at = run(foreseen(calls, said, waves, concurrency, every_s))
    assert len(seen) >= 5
    for at, eta in seen:
        really_left_s = ended_at - at
        assert eta.seconds == pytest.approx(really_left_s, abs=max(0.03 * ended_at, SLOW_IMPORT_S))
    assert [eta.bound_by for at, eta in seen if at < 0.7 * ended_at] == [bound_by] * sum(
        at < 0.7 * ended_at for at, _ in seen
    )


def test_nothing_is_foreseen_before_anything_is_known() -> None:
    async def scene() -> None:
        progress = Progress(Said([]), session_of(), Policy(), total=10)
        assert eta_of(progress) is None
        progress.observe(AccountStarted(account="1", seq=1))
        assert eta_of(progress) is None
        progress.observe(AccountEnded(account="1", seq=1, outcome=Outcome.CHANGED, cause=None, elapsed_s=1.0))
        assert eta_of(progress) is None

    run(scene())


def test_an_account_that_ends_without_a_start_is_one_less_to_do() -> None:
    async def scene() -> list[int]:
        progress = Progress(Said(LOOKS), session_of(), Policy(), total=300)
        progress.observe(AccountEnded(account="1", seq=1, outcome=Outcome.SKIPPED, cause=None, elapsed_s=0.0))
        return list(progress._pace().waves)

    assert run(scene()) == [299]


def test_a_soak_that_is_on_is_counted_down() -> None:
    seen, ended_at = run(foreseen(LOOKS[:1], LOOKS[:1], [20, 20], 20, 7.0))
    soaking = [(at, eta) for at, eta in seen if 3 < at < SOAK_S]
    assert len(soaking) >= 3
    for at, eta in soaking:
        assert eta.seconds == pytest.approx(ended_at - at, abs=1.5)


def test_a_quota_that_a_429_has_closed_opens_when_the_server_says() -> None:
    async def scene() -> Any:
        session = session_of()
        progress = Progress(Said(LOOKS), session, Policy(), total=10)
        before = eta_of(progress)
        slot = await session.pacer.slot("embedded.recipes.list")
        slot.refused(500.0)
        return before, eta_of(progress)

    before, after = run(scene())
    assert before.seconds < 20
    assert after.seconds == pytest.approx(500 + before.seconds, abs=5)
    assert after.bound_by == "embedded.recipes.list"
