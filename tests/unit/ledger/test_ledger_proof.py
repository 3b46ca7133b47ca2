"""C1 over several processes: whoever starts, shares, ends or is killed, no window sees more than its limit.

Real leases on a real ledger, real pacers; virtual are the vendor and the time.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import attrs
import pytest
from hypothesis import Phase, given, settings, strategies as st

from bulkops.clock import MARGIN_S
from bulkops.ledger import LocalLedger
from tests.unit.ledger.world import (
    SERVER_TIMEOUT_S,
    Inline,
    Process,
    VirtualClock,
    World,
    flood,
    process,
    sequences,
    starts_of,
)
from tests.unit.pacing.vendor import run

MEMORY = Path("/dev/shm")


def played(*all_processes: Process) -> World:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as directory:
        world = World(LocalLedger(Path(directory), clock=VirtualClock(), executor=Inline()))
        run(world.play(list(all_processes)))
    return world


def proof(all_processes: list[Process], phase: float) -> None:
    played(*all_processes).check(phase=phase)


@given(sequences, st.floats(0, 1))
@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])  # the slow one finds the smallest example
def test_no_window_sees_more_than_its_limit_whatever_becomes_of_processes(
    all_processes: list[Process], phase: float
) -> None:
    """For fixed, sliding and bucket servers; nobody starves. See the proof of one process in tests/unit/pacing."""
    proof(all_processes, phase)


@pytest.mark.slow
@given(sequences, st.floats(0, 1))
@settings(max_examples=500)
def test_no_window_sees_more_than_its_limit_in_many_lives(all_processes: list[Process], phase: float) -> None:
    proof(all_processes, phase)


@given(st.integers(0, 15), st.sampled_from([None, 0]), st.floats(0, 5))
@settings(max_examples=20)
def test_after_an_orderly_end_the_next_one_sends_at_once(count: int, session: int | None, pause_s: float) -> None:
    first, second = process(0.0, flood(count)), process(10.0 + pause_s, flood(1))
    world = played(attrs.evolve(first, session=session), attrs.evolve(second, session=session))
    assert starts_of(world, 1) == [pytest.approx(10.0 + pause_s, abs=1e-4)]
    at_once = played(process(0.0, flood(15)), process(0.3, flood(1), if_running="wait"))
    assert starts_of(at_once, 1)[0] < 2.0, "one slot of 16 was left"


@given(st.integers(0, 3), st.floats(0.1, 0.9))
@settings(max_examples=10)
def test_after_a_kill_the_next_one_waits_as_long_as_it_must(beats: int, later_s: float) -> None:
    killed = process(0.0, flood(200, latency_s=1.0), killed_after_s=beats + later_s)
    world = played(killed, process(5.0, flood(1)))
    assert starts_of(world, 1) == [pytest.approx(beats + MARGIN_S + SERVER_TIMEOUT_S + 5.0, abs=0.1)]


def test_each_departure_restarts_the_waiting_for_its_share() -> None:
    """Three share; two are killed, one almost a window after the other. The third takes what is free, and no more."""
    three = [process(0.0, flood(300)), process(0.0, flood(300)), process(0.0, flood(300))]
    world = played(attrs.evolve(three[0], killed_after_s=20.0), attrs.evolve(three[1], killed_after_s=24.5), three[2])
    world.check(phase=0.0)
