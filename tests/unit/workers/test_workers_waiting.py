"""A worker that cannot join a run yet: its pauses, and the reason that it shows."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bulkops.journal import Journal
from bulkops.journal.location import DatabaseLocation
from bulkops.journal.postgres.shared_runs import WAITS
from bulkops.postgres import DatabaseUrl
from bulkops.workers.coordinator import Coordinator
from bulkops.workers.worker import Waiting, Worker

RUN = "20261122-101530-k3f"


def test_the_pauses_double_up_to_a_minute() -> None:
    waiting = Waiting("no ledger")
    pauses = []
    for _ in range(6):
        pauses.append(waiting.pause_s)
        waiting = waiting.again("no ledger")
    assert pauses == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]


async def test_workers_shows_why_a_worker_waits_now(postgres: str) -> None:
    location = DatabaseLocation(DatabaseUrl.parse(postgres))
    worker = Worker(location=location, concurrency=1, code=None, grace_s=0, observe=print, say=print)
    leaving = asyncio.Event()
    leaving.set()  # no pauses
    shown = []
    async with Journal.open(location) as journal:
        worker._journal = journal
        await journal.shared_runs.begin_worker({"concurrency": 1})
        for reason in ("no connection", "the vendor is away", "no connection"):
            await worker._wait(RUN, reason, leaving, is_stuck=reason == "no connection")
            [row] = [one for one in await journal.shared_runs.workers() if one.state == "alive"]
            shown.append(row.stuck)
    assert shown == [f"{WAITS}no connection", None, f"{WAITS}no connection"]


async def test_a_coordinator_without_a_connection_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bulkops.workers.coordinator._AGAIN_S", 0.0)
    location = DatabaseLocation(DatabaseUrl.parse("postgresql://127.0.0.1:1/fleet"))
    environment: Any = SimpleNamespace(record=SimpleNamespace(run_id=RUN), journal=SimpleNamespace(location=location))
    nobody: Any = None
    coordinator = Coordinator(environment, nobody, print)
    for _ in range(3):
        await coordinator.run()
    assert caplog.text.count("worker.cannot_coordinate_yet") == 1
