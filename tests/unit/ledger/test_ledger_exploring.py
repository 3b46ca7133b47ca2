"""Explored quotas and the ledgers: what one process has found, others use, beside it and after it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from bulkops.ledger import Ledger, LocalLedger
from bulkops.ledger.postgres import PostgresLedger
from bulkops.pacing import Explored
from bulkops.runs.credential import hold_credential
from bulkops.secret import Secret
from bulkops.session import ApiSession
from bulkops.settings import Auth, Settings, Tuning
from tests.unit.ledger.machines import ERA_S, ERAS
from tests.unit.ledger.world import Inline, VirtualClock
from tests.unit.pacing.test_pacing_exploration import KINDS, Work
from tests.unit.pacing.vendor import now, pumping, run

FOLDERS = "assumed.customer.folders"


class Rig:
    """Sessions on one credential, in virtual time."""

    def __init__(self, ledger: Ledger, host: str) -> None:
        self.ledger = ledger
        self.host = host

    def session(self, *, explore: bool = True) -> ApiSession:
        tuning = Tuning(explore=explore, server_timeout_s=2.0)
        return ApiSession(Settings(url=self.host, auth=Auth(token=Secret("t" * 20)), tuning=tuning), rng=Random(1))

    async def work(self, work: Work, session: ApiSession, *, label: str = "r1", after_s: float = 0.0) -> list[Explored]:
        await asyncio.sleep(after_s)
        async with (
            pumping(session.pacer),
            hold_credential(session, label, if_running="share", ledger=self.ledger),
        ):
            await work.do(session.pacer)
            return session.pacer.explored()


kinds = pytest.mark.parametrize(
    "kind", ["sliding", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("fixed", "bucket"))]
)


@pytest.fixture(params=["local", "postgres"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    era = next(ERAS)
    if request.param == "local":
        return Rig(LocalLedger(tmp_path, clock=VirtualClock(), executor=Inline()), "http://127.0.0.1:1")
    database = request.getfixturevalue("ledger_database")
    ledger = PostgresLedger(database, clock=VirtualClock(), executor=Inline(), now=lambda: ERA_S * era + now())
    return Rig(ledger, f"http://127.0.0.1:{era}")


def folders(kind: str, limit: int, lasts_s: float) -> Work:
    return Work(KINDS[kind](limit), lasts_s, quota=FOLDERS)


def test_the_next_run_begins_with_what_the_last_one_found(rig: Rig) -> None:
    async def play() -> tuple[list[Explored], list[Explored]]:
        first = await rig.work(folders("sliding", 180, 180.0), rig.session())
        second = folders("sliding", 180, 480.0)
        await asyncio.sleep(60)
        found = await rig.work(second, rig.session())
        assert second.refused == []
        assert second.between(300, 480) > 0.9 * 3 * first[0].requests
        return first, found

    first, second = run(play())
    assert first == second == [Explored(FOLDERS, first[0].requests, 60.0, refused=True)]
    assert 120 <= first[0].requests <= 180


def test_a_run_that_does_not_explore_keeps_to_the_assumed_limit(rig: Rig) -> None:
    async def play() -> None:
        await rig.work(folders("sliding", 600, 120.0), rig.session())
        plain = folders("sliding", 600, 300.0)
        assert await rig.work(plain, rig.session(explore=False), after_s=60.0) == []
        assert plain.between(180, 300) <= 2 * 60

    run(play())


@kinds
def test_two_processes_explore_together(rig: Rig, kind: str) -> None:
    """As fast as one alone, and refused no more often."""
    work = folders(kind, 600, 300.0)

    async def play() -> None:
        await asyncio.gather(
            rig.work(work, rig.session(), label="r1"), rig.work(work, rig.session(), label="r2", after_s=1.0)
        )

    run(play())
    minutes = [work.between(60.0 * minute, 60.0 * minute + 60) for minute in range(5)]
    assert min(minutes[3:]) >= 5 * 60, minutes
    assert len(work.refused) <= 3


@kinds
def test_two_processes_keep_to_an_assumed_limit_that_is_the_true_one(rig: Rig, kind: str) -> None:
    work = folders(kind, 60, 300.0)

    async def play() -> None:
        await asyncio.gather(
            rig.work(work, rig.session(), label="r1"), rig.work(work, rig.session(), label="r2", after_s=1.0)
        )

    run(play())
    assert len(work.refused) <= 3
    assert len(work.accepted) >= 0.85 * 5 * 60
