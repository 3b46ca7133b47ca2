"""A coordinator's view of its workers ends when its run does."""

from __future__ import annotations

import asyncio

from bulkops.journal import Journal
from bulkops.postgres import DatabaseUrl
from bulkops.workers.delivery import WorkerTeam
from bulkops.workers.dispatch import QueueDispatcher

RUN = "20261122-101530-k3f"


async def test_a_team_that_was_stopped_a_moment_ago_ends(postgres: str) -> None:
    """Between the stop and the end are a few turns of the event loop, as when a run is stopped before it begins."""
    async with Journal.open(postgres) as journal, QueueDispatcher.open(DatabaseUrl.parse(postgres)) as queue:
        for turns in range(5):
            team = WorkerTeam(run_id=RUN, shared=journal.shared_runs, dispatcher=queue, is_successor=False)
            async with asyncio.timeout(60), team.at_work(lambda reason, kind: None):
                while not team._wake._waiters:  # noqa: ASYNC110 - until it waits for its next look
                    await asyncio.sleep(0)
                team.stop("interrupted")
                for _ in range(turns):
                    await asyncio.sleep(0)
