"""What every ledger promises, on one machine and in PostgreSQL: real pacers in virtual time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Protocol

import attrs
import pytest

from bulkops.ledger import LocalLedger
from bulkops.ledger.postgres import PostgresLedger
from tests.unit.ledger.machines import ERA_S, ERAS
from tests.unit.ledger.world import Inline, Process, VirtualClock, World, flood, process, starts_of
from tests.unit.pacing.vendor import now, run


class Play(Protocol):
    def __call__(self, *processes: Process) -> World: ...


@pytest.fixture(params=["local", "postgres"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Let processes live on one credential, and check that no window saw more than its limit."""
    era = next(ERAS)

    def played(*processes: Process) -> World:
        if request.param == "local":
            world = World(LocalLedger(tmp_path, clock=VirtualClock(), executor=Inline()))
        else:
            database = request.getfixturevalue("ledger_database")
            ledger = PostgresLedger(database, clock=VirtualClock(), executor=Inline(), now=lambda: ERA_S * era + now())
            world = World(ledger, host=f"http://127.0.0.1:{era}")
        run(world.play(list(processes)))
        world.check(phase=0.5)
        return world

    return played


def sent(world: World) -> Counter[int]:
    return Counter(who for _, who in world.left)


@pytest.mark.parametrize("session", [None, 0])
def test_after_an_orderly_end_the_next_process_sends_at_once(play: Play, session: int | None) -> None:
    first, second = process(0.0, flood(10)), process(6.0, flood(1))
    world = play(attrs.evolve(first, session=session), attrs.evolve(second, session=session))
    assert starts_of(world, 1) == [pytest.approx(6.0, abs=0.01)]


def test_after_an_orderly_end_the_true_windows_count(play: Play) -> None:
    world = play(process(0.0, flood(16)), process(3.0, flood(16)))
    assert max(starts_of(world, 0)) < 1.0
    assert starts_of(world, 1)[0] == pytest.approx(min(starts_of(world, 0)) + 0.01 + 5.0, abs=0.1)


def test_a_newcomer_gets_its_share_when_the_other_has_made_room(play: Play) -> None:
    world = play(process(0.0, flood(160)), process(10.0, flood(60)))
    first = starts_of(world, 1)[0]
    assert 10.0 <= first <= 10.0 + 5.0 + 1.5
    together = [who for at, who in world.left if first + 6 <= at <= first + 21]
    assert together.count(1) == pytest.approx(together.count(0), abs=5)


def test_a_newcomer_beside_one_that_is_idle_need_not_wait_for_a_window(play: Play) -> None:
    world = play(process(0.0, flood(4) + flood(20, quota="one a second")), process(8.0, flood(8)))
    assert starts_of(world, 1)[0] < 8.0 + 1.5


def test_one_that_must_be_alone_is_refused_or_waits(play: Play) -> None:
    world = play(
        process(0.0, flood(20)),
        process(1.0, flood(5), if_running="fail"),
        process(1.0, flood(5), if_running="wait"),
    )
    assert sent(world) == {0: 20, 2: 5}
    assert min(starts_of(world, 2)) >= max(starts_of(world, 0))


@pytest.mark.parametrize("quota", ["divided", "by account"])
def test_after_a_kill_nothing_is_counted_too_early_and_nobody_waits_for_ever(play: Play, quota: Any) -> None:
    requests = flood(30, quota=quota, latency_s=0.5)
    world = play(process(0.0, requests, killed_after_s=1.3), process(2.0, flood(12, quota=quota)))
    assert sent(world)[1] == 12


def test_the_window_of_an_account_is_one_for_all_processes(play: Play) -> None:
    world = play(*(process(0.0, flood(4, quota="by account")) for _ in range(2)))
    times = sorted(at for at, _ in world.left)
    assert len(times) == 8
    assert times[2] - times[0] >= 15.0
    assert times[6] <= 4 * 15.0 + 5.0


def test_the_last_of_three_goes_on_at_once_after_orderly_ends(play: Play) -> None:
    world = play(process(0.0, flood(30)), process(0.0, flood(30)), process(0.0, flood(120)))
    ends = max(starts_of(world, 0) + starts_of(world, 1))
    alone = [at for at in starts_of(world, 2) if ends + 7 < at < ends + 17]
    assert len(alone) >= 2 * 16 * 0.9
