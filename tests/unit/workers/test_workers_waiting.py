"""The pauses of a worker that cannot join a run yet."""

from __future__ import annotations

from bulkops.workers.worker import Waiting


def test_the_pauses_double_up_to_a_minute() -> None:
    waiting = Waiting("no ledger")
    pauses = []
    for _ in range(6):
        pauses.append(waiting.pause_s)
        waiting = waiting.again("no ledger")
    assert pauses == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]
