"""Admission: no more accounts in progress than the quotas carry through, and no run slower by it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

import attrs
import pytest

from bulkops.catalogue import QUOTAS
from bulkops.forecast import IMPORT, POLL
from bulkops.pacing import Pacer
from bulkops.rate_limit import Limit
from bulkops.runs import Policy, most_admitted
from bulkops.runs.halting import Admission
from bulkops.settings import Tuning
from tests.halting.virtual_runs import Costs, VirtualRun, attempt
from tests.virtual_time import run_virtual

M: Final = "managed_users."
ROLLOUT: Final = [
    (M + "folders.list", 1),
    (M + "folders.create", 1),
    (M + "recipes.list", 1),
    (IMPORT, 1),
    (POLL, 1),
    (M + "connections.list", 1),
    (M + "connections.update", 2),
    (M + "recipes.list", 1),
    (M + "recipes.start", 2),
]
FOLDER: Final = [(M + "folders.list", 1), (M + "folders.create", 1)]
PER_SECOND: Final = {"embedded.connections.other": (Limit(1, 1.0),)}
ENTERPRISE: Final = {name: (Limit(600, 60.0),) for name in ("embedded.connections.other", "assumed.customer.folders")}


@pytest.mark.parametrize(
    ("calls", "quotas", "admissions"),
    [
        (ROLLOUT, {}, [({}, 60), ({"knows": False}, 60), ({"most": 51}, 51)]),
        (ROLLOUT, PER_SECOND, [({}, 50)]),
        (ROLLOUT, ENTERPRISE, [({}, 200)]),
        (FOLDER, {}, [({}, 30), ({"knows": False}, 60)]),
    ],
    ids=["rollout", "one a second", "wide quotas", "one write"],
)
def test_a_run_is_no_slower(
    calls: Sequence[tuple[str, int]],
    quotas: Mapping[str, Sequence[Limit]],
    admissions: Sequence[tuple[dict[str, Any], int]],
) -> None:
    """With its cost known or not, and with a cap: each with how many accounts are open at most."""
    at_once = VirtualRun(calls, admits=False, quotas=quotas).play(150)
    for options, most_open in admissions:
        admitted = VirtualRun(calls, admits=True, quotas=quotas, **options).play(150)
        assert admitted.seconds <= 1.005 * at_once.seconds, options
        assert admitted.most_open <= most_open, options
        assert admitted.polls <= 1.1 * at_once.polls, options


@pytest.mark.slow
def test_imports_that_take_far_longer_than_foreseen_are_measured() -> None:
    """Twenty times as long: the forecast's share of the quotas would take them one window after the other."""
    at_once = VirtualRun(ROLLOUT, admits=False, slowness=20).play(300)
    admitted = VirtualRun(ROLLOUT, admits=True, slowness=20).play(300)
    assert admitted.seconds <= 1.02 * at_once.seconds


def admission(
    calls: Sequence[tuple[str, int]] | None, *, quotas: Mapping[str, Sequence[Limit]] = QUOTAS, **options: Any
) -> Admission:
    tuning = Tuning()
    pacer = Pacer(quotas, rng=Random(1), unlimited=options.pop("unlimited", False))
    return Admission(Costs(calls), pacer=pacer, tuning=tuning, most=options.pop("most", 200), **options)


async def asked(made: Admission, count: int) -> list[asyncio.Task[bool]]:
    """So many accounts, of which the last one asks first."""
    tasks = [asyncio.create_task(made.admit(str(seq), (1, seq))) for seq in reversed(range(count))]
    await asyncio.sleep(0)
    return tasks


@pytest.mark.parametrize(
    ("calls", "most"), [(FOLDER, 30), (ROLLOUT, 60)], ids=["one window", "two windows while its import runs"]
)
def test_as_many_start_as_the_binding_quota_has_slots_for(calls: Sequence[tuple[str, int]], most: int) -> None:
    """60 slots a window, two requests each."""

    async def main() -> None:
        made = admission(calls)
        tasks = await asked(made, 100)
        assert made.open == most
        assert sum(task.done() for task in tasks) == most
        made.stop()
        assert sorted(await asyncio.gather(*tasks)) == [False] * (100 - most) + [True] * most

    run_virtual(main())


@pytest.mark.parametrize(("limits_failures", "unknown", "known"), [(False, 30, 31), (True, 10, 21)])
def test_fewer_start_at_first_when_failures_are_limited(limits_failures: bool, unknown: int, known: int) -> None:
    """Each of them may fail beyond the limit. The margin is for the import's time, at one slot a second."""

    async def opened(calls: Sequence[tuple[str, int]] | None) -> int:
        made = admission(calls, limits_failures=limits_failures, quotas={**QUOTAS, **PER_SECOND})
        tasks = await asked(made, 100)
        made.stop()
        await asyncio.gather(*tasks)
        return made.open

    assert (run_virtual(opened(None)), run_virtual(opened(ROLLOUT))) == (unknown, known)


def test_without_a_quota_that_binds_concurrency_is_the_bound() -> None:
    async def main() -> None:
        made = admission(ROLLOUT, unlimited=True)
        await asked(made, 100)
        assert made.open == 100
        capped = admission(ROLLOUT, unlimited=True, most=7)
        waiting = await asked(capped, 100)
        assert capped.open == 7
        capped.stop()
        await asyncio.gather(*waiting)

    run_virtual(main())


def test_those_that_wait_start_in_inventory_order_and_accounts_with_effects_first() -> None:
    async def main() -> None:
        made = admission(FOLDER, most=1)
        order: list[str] = []

        async def account(name: str, priority: tuple[int, int]) -> None:
            assert await made.admit(name, priority)
            order.append(name)
            await asyncio.sleep(1)
            made.leave(name, teaches=False)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(account("first", (1, 0)))
            await asyncio.sleep(0.1)
            for seq in (5, 2, 3):
                tasks.create_task(account(str(seq), (1, seq)))
            tasks.create_task(account("with an effect", (0, 9)))
        assert order == ["first", "with an effect", "2", "3", "5"]
        made.stop()

    run_virtual(main())


def test_a_closed_quota_lets_one_account_try() -> None:
    async def main() -> None:
        pacer = Pacer(QUOTAS, rng=Random(1))
        slot = slot_of(pacer)
        slot.refused(900.0)
        made = Admission(Costs(FOLDER), pacer=pacer, tuning=Tuning(), most=200)
        tasks = await asked(made, 20)
        assert made.open == 1
        assert pacer.held_back == 19, "imports are polled patiently as long as others wait"
        made.stop()
        assert pacer.held_back == 0
        await asyncio.gather(*tasks)

    run_virtual(main())


def slot_of(pacer: Pacer) -> Any:
    slot = pacer.slot_now("assumed.customer.folders")
    assert slot is not None
    slot.left()
    return slot


def test_an_operation_that_cannot_say_its_cost_begins_with_a_few() -> None:
    async def main() -> None:
        made = admission(None)
        tasks = await asked(made, 100)
        assert made.open == 30
        await asyncio.sleep(5)
        assert made.open == 35, "one more each second, until one has shown what it takes"
        (ended,) = [seq for seq in range(100) if tasks[99 - seq].done()][:1]
        made.note(attempt(M + "folders.create", ended, 0.0))
        made.leave(str(ended), teaches=True)
        assert made.open == 60, "60 slots, a request each"
        made.stop()
        await asyncio.gather(*tasks)

    run_virtual(main())


def test_requests_that_will_be_sent_again_do_not_make_room() -> None:
    async def main() -> None:
        made = admission(FOLDER)
        tasks = await asked(made, 31)
        for status in (429, None):
            made.note(attempt(M + "folders.list", 0, 0.0, status=status))
        made.leave("30", teaches=False)
        assert made.open == 30, "one has ended and one has started"
        made.stop()
        await asyncio.gather(*tasks)

    run_virtual(main())


@pytest.mark.parametrize(
    ("calls", "policy", "most"),
    [
        (ROLLOUT, Policy(), 200),
        (ROLLOUT, Policy(max_failures=3), 51),
        (ROLLOUT, Policy(max_failures=3, concurrency=5), 5),
        (FOLDER, Policy(max_failures="2%"), 35),
        (None, Policy(max_failures=3), 200),
    ],
)
def test_the_cap_of_a_promised_worst_case(calls: Sequence[tuple[str, int]] | None, policy: Policy, most: int) -> None:
    pacer = Pacer(QUOTAS, rng=Random(1))
    found = most_admitted(Costs(calls), policy=policy, pacer=pacer, tuning=Tuning())
    assert found == most
    halved = Pacer(QUOTAS, rng=Random(1), share=0.5)
    assert most_admitted(Costs(calls), policy=policy, pacer=halved, tuning=attrs.evolve(Tuning(), share=0.5)) <= found


def test_the_cap_follows_max_rate_where_no_quota_binds() -> None:
    pacer = Pacer(QUOTAS, rng=Random(1), unlimited=True)
    policy = Policy(max_failures=3, concurrency=10_000)

    def most(calls: Sequence[tuple[str, int]] | None, **tuned: Any) -> int:
        return most_admitted(Costs(calls), policy=policy, pacer=pacer, tuning=attrs.evolve(Tuning(), **tuned))

    assert most(FOLDER, max_rate=None) == 10_000
    account_s = 5 * Tuning().first_poll_s
    assert most(FOLDER, max_rate=8.0) == 8 / 2 * (1 + account_s)
    assert most(None, max_rate=8.0) == 10_000, "nobody knows what an account takes"
