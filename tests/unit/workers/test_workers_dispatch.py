"""Deliveries through the queue: each account comes once, several in one delivery, and the queue outlasts a restart."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from bulkops.postgres import DatabaseUrl
from bulkops.workers.dispatch import QueueDispatcher
from tests.postgres import own_server

RUN = "20261122-101530-k3f"


async def delivered(queue: QueueDispatcher, count: int) -> list[int]:
    """The first `count` accounts that a worker gets."""
    came: list[int] = []
    enough = asyncio.Event()

    async def take(seq: int) -> None:
        came.append(seq)
        if len(came) >= count:
            enough.set()

    worker = asyncio.create_task(queue.deliver(RUN, take))
    async with asyncio.timeout(60):
        await enough.wait()
    worker.cancel()
    await asyncio.wait([worker])
    return came


@pytest.mark.parametrize(("sent", "deliveries"), [(1, 1), (3, 3), (9, 5), (200, 25)])
async def test_accounts_sent_together_come_in_a_few_deliveries(postgres: str, sent: int, deliveries: int) -> None:
    async with QueueDispatcher.open(DatabaseUrl.parse(postgres)) as queue:
        await queue.send(RUN, range(sent))
        assert await queue.waiting(RUN) == {*range(sent)}
        with psycopg.connect(postgres) as connection:
            query = "SELECT count(*) FROM bulkops.procrastinate_jobs"
            assert connection.execute(query).fetchone() == (deliveries,)
        assert sorted(await delivered(queue, sent)) == [*range(sent)]
        assert await queue.waiting(RUN) == set()


async def test_an_account_that_is_sent_again_comes_first(postgres: str) -> None:
    async with QueueDispatcher.open(DatabaseUrl.parse(postgres)) as queue:
        await queue.send(RUN, range(100))
        await queue.send(RUN, [7], again=True)
        assert (await delivered(queue, 101))[0] == 7


async def test_a_job_without_accounts_is_left_out(postgres: str) -> None:
    async with QueueDispatcher.open(DatabaseUrl.parse(postgres)) as queue:
        await queue.send(RUN, [1, 2])
        with psycopg.connect(postgres) as connection:
            query = "UPDATE bulkops.procrastinate_jobs SET args = args - 'seqs' WHERE args->'seqs' = '[1]'"
            assert connection.execute(query).rowcount == 1
        assert await queue.waiting(RUN) == {2}


@pytest.mark.slow
async def test_connections_that_a_restart_has_closed_are_replaced_at_once() -> None:
    """One after another, each with a longer pause, they would take half a minute."""
    with own_server() as server:
        async with QueueDispatcher.open(DatabaseUrl.parse(server.url)) as queue:
            pool = queue._app.connector.pool  # type: ignore[attr-defined]
            async with asyncio.timeout(60):
                while pool.get_stats()["pool_size"] < 6:
                    await asyncio.gather(*(queue.send(RUN, [seq]) for seq in range(50)))
            server.stop("fast")
            server.start()
            async with asyncio.timeout(10):
                await queue.send(RUN, [50])
            assert await queue.waiting(RUN) == {*range(51)}
