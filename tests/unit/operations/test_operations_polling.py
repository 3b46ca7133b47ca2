"""How often imports are asked, and how late their ends are noticed: in virtual time, with the real pacer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

import bulkops
from bulkops.errors import InputError
from bulkops.models import PackageExport
from bulkops.operations.partner_export import _finished
from bulkops.operations.polling import LikelyFinish, Polling
from bulkops.pacing import Pacer
from bulkops.rate_limit import Limit
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Tuning
from bulkops.steps import memory_of
from tests.here import client_of
from tests.unit.pacing.vendor import pumping
from tests.virtual_time import run_virtual

FIRST_S = 2.0


def durations(count: int) -> list[float]:
    """Mostly 2 to 20 s, six of a hundred up to a minute, as the sandbox draws them."""
    rng = Random(7)
    return [rng.uniform(20, 60) if rng.random() < 0.06 else 2 + 18 * rng.random() ** 2 for _ in range(count)]


def tight() -> Pacer:
    return Pacer({"tight": [Limit(1, 1e6)]}, max_rate=None, rng=Random(1))


@asynccontextmanager
async def somebody_waiting(pacer: Pacer) -> AsyncIterator[None]:
    """A quota that is used up, and one who wants it."""
    (await pacer.slot("tight")).replied()
    waiter = asyncio.create_task(pacer.slot("tight"))
    await asyncio.sleep(0)
    try:
        yield
    finally:
        waiter.cancel()
        await asyncio.wait([waiter])


async def ask_to_the_end(pacer: Pacer, likely: LikelyFinish, duration_s: float) -> tuple[int, float]:
    """Polls, and seconds from the import's end to its being noticed."""
    clock = asyncio.get_running_loop().time
    ends_at = clock() + duration_s
    polling = Polling(FIRST_S, likely, pacer)
    polls = 0
    while True:
        await polling.wait()
        polls += 1
        polling.note(done=clock() >= ends_at)
        if clock() >= ends_at:
            return polls, clock() - ends_at


async def run_of(waves: Sequence[Sequence[float]], pacer: Pacer) -> list[tuple[int, float]]:
    """Imports in waves, as the quota of the folders lets them through."""
    likely = LikelyFinish(FIRST_S)
    found: list[tuple[int, float]] = []
    for wave in waves:
        found += await asyncio.gather(*(ask_to_the_end(pacer, likely, one) for one in wave))
    return found


def test_while_others_wait_an_import_costs_little_more_than_one_poll() -> None:
    async def main() -> list[tuple[int, float]]:
        lengths = durations(300)
        async with pumping(tight()) as pacer, somebody_waiting(pacer):
            return await run_of([lengths[place : place + 30] for place in range(0, 300, 30)], pacer)

    found = run_virtual(main())
    assert sum(polls for polls, _ in found) / len(found) <= 1.3
    assert sum(late for _, late in found) / len(found) <= 16


def test_when_nobody_else_waits_the_end_is_noticed_soon() -> None:
    async def main() -> list[tuple[int, float]]:
        async with pumping(tight()) as pacer:
            return await run_of([durations(30)], pacer)

    found = run_virtual(main())
    assert max(late for _, late in found) <= 0.15 * 60 + FIRST_S
    assert sorted(late for _, late in found)[15] <= FIRST_S


def test_a_sleeper_notices_that_the_others_are_through() -> None:
    async def main() -> float:
        likely = LikelyFinish(FIRST_S)
        likely.age_s = 1000.0
        async with pumping(tight()) as pacer:
            async with somebody_waiting(pacer):
                asking = asyncio.create_task(ask_to_the_end(pacer, likely, 5.0))
                await asyncio.sleep(50)
                assert not asking.done()
            return (await asking)[1]

    assert run_virtual(main()) <= 45 + 2 * FIRST_S


@pytest.mark.parametrize("start_s", [2.0, 500.0])
def test_the_guess_finds_the_age_at_which_four_of_five_are_done(start_s: float) -> None:
    likely = LikelyFinish(FIRST_S)
    likely.age_s = start_s
    rng = Random(3)
    ages = []
    for _ in range(4000):
        asked_at_s = likely.age_s
        likely.note(asked_at_s, done=rng.uniform(0, 100) <= asked_at_s)
        ages.append(likely.age_s)
    late = sorted(ages[2000:])
    assert 70 <= late[1000] <= 87


def test_many_that_say_the_same_at_once_do_not_drive_the_guess_away() -> None:
    likely = LikelyFinish(FIRST_S)
    for _ in range(1000):
        likely.note(FIRST_S, done=False)
    assert likely.age_s <= FIRST_S * 1.2


def test_the_guess_never_falls_below_the_first_poll() -> None:
    likely = LikelyFinish(FIRST_S)
    for _ in range(1000):
        likely.note(likely.age_s, done=True)
    assert likely.age_s == FIRST_S


async def test_the_accounts_of_a_run_learn_from_each_other(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []

    async def note(ctx: bulkops.Context) -> None:
        seen.append(memory_of(ctx).shared)

    async with Sandbox(SandboxSettings(customers=0)) as vendor, client_of(vendor) as workato:
        report = await bulkops.run(note, accounts=[1, 2, 3], workato=workato, journal=tmp_path)
    assert report.ok
    assert len(seen) == 3
    assert all(one is seen[0] for one in seen)


TUNING = Tuning(first_poll_s=FIRST_S, import_deadline_s=60.0)


class Exports:
    """Exports of which one is finished from a time on."""

    def __init__(self, finished_at: float) -> None:
        self.asked: list[float] = []
        self._finished_at = finished_at

    async def get(self, package_id: int) -> PackageExport:
        now = asyncio.get_running_loop().time()
        self.asked.append(now)
        return PackageExport(id=package_id, status="completed" if now >= self._finished_at else "in_progress")


@pytest.mark.parametrize(
    ("finished_at", "asked"),
    [(0.0, [2.0]), (7.0, [2.0, 5.0, 9.5]), (40.0, [2.0, 5.0, 9.5, 16.25, 26.25, 36.25, 46.25])],
)
def test_an_export_is_asked_for_ever_more_rarely_up_to_five_first_delays(
    finished_at: float, asked: list[float]
) -> None:
    exports = Exports(finished_at)
    made = run_virtual(_finished(exports.get, PackageExport(id=7, status="in_progress"), 5, TUNING))
    assert made.is_finished
    assert exports.asked == pytest.approx(asked, abs=0.01)


def test_an_export_that_does_not_end_is_given_up_after_the_deadline_of_imports() -> None:
    exports = Exports(1e9)
    with pytest.raises(InputError, match="the export of manifest 5 is still in_progress after 60 s"):
        run_virtual(_finished(exports.get, PackageExport(id=7, status="in_progress"), 5, TUNING))
    assert 60.0 < exports.asked[-1] < 60.0 + 5 * FIRST_S + 1
