"""C1 over several machines: the same proof for the ledger in PostgreSQL. The database is real, its clock is virtual."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings, strategies as st

from bulkops.ledger.postgres import PostgresLedger
from bulkops.postgres import DatabaseUrl
from tests.unit.ledger.machines import ERA_S, ERAS
from tests.unit.ledger.world import Inline, Process, VirtualClock, World, sequences
from tests.unit.pacing.vendor import now, run


def played(database: DatabaseUrl, *all_processes: Process) -> World:
    era = next(ERAS)
    ledger = PostgresLedger(database, clock=VirtualClock(), executor=Inline(), now=lambda: ERA_S * era + now())
    world = World(ledger, host=f"http://127.0.0.1:{era}")
    run(world.play(list(all_processes)))
    return world


@given(sequences, st.floats(0, 1))
@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])  # the slow one finds the smallest example
def test_no_window_sees_more_than_its_limit_whatever_becomes_of_processes(
    ledger_database: DatabaseUrl, all_processes: list[Process], phase: float
) -> None:
    """For fixed, sliding and bucket servers; nobody starves."""
    played(ledger_database, *all_processes).check(phase=phase)


@pytest.mark.slow
@given(sequences, st.floats(0, 1))
@settings(max_examples=150)
def test_no_window_sees_more_than_its_limit_in_many_lives(
    ledger_database: DatabaseUrl, all_processes: list[Process], phase: float
) -> None:
    played(ledger_database, *all_processes).check(phase=phase)
