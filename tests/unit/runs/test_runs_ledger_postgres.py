"""A run whose journal is in PostgreSQL keeps its quotas there too, together with the runs of other machines."""

from __future__ import annotations

import asyncio

import attrs
import psycopg
import pytest

import bulkops
from bulkops import Outcome, Policy
from bulkops.client import session_of
from bulkops.errors import RunLocked
from bulkops.journal import Journal, Location
from bulkops.ledger import Lease, LocalLedger
from bulkops.ledger.postgres import PostgresLease, PostgresLedger
from bulkops.rate_limit import Limit
from bulkops.runs.credential import CredentialUse, ledger_of
from bulkops.sandbox import Sandbox, SandboxSettings
from tests.here import client_of

FIRST = 4100231
QUOTA = "assumed.customer.folders"


async def touch(ctx: bulkops.Context) -> None:
    async for _ in ctx.account.folders.list():
        pass


def test_the_ledger_is_where_the_journal_is() -> None:
    assert isinstance(ledger_of("postgresql://ann:hunter2pw@db/fleet"), PostgresLedger)
    assert isinstance(ledger_of("./somewhere"), LocalLedger)
    assert "hunter2pw" not in repr(vars(ledger_of("postgresql://ann:hunter2pw@db/fleet")))


async def test_two_runs_on_one_database_stay_within_a_quota(postgres: str) -> None:
    settings = SandboxSettings(customers=40, time_scale=60.0, quotas={QUOTA: (Limit(20, 60.0),)})
    leases: list[Lease] = []

    async def look(ctx: bulkops.Context) -> None:
        use = session_of(client).heartbeat
        assert isinstance(use, CredentialUse)
        leases.append(use.lease)
        await touch(ctx)

    async with (
        Sandbox(settings) as vendor,
        client_of(vendor, max_rate=None) as client,
        client_of(vendor, max_rate=None) as other,
    ):
        share = Policy(if_running="share")
        reports = await asyncio.gather(
            bulkops.run(look, accounts=range(FIRST, FIRST + 20), workato=client, journal=postgres, policy=share),
            bulkops.run(touch, accounts=range(FIRST + 20, FIRST + 40), workato=other, journal=postgres, policy=share),
        )
        counted = vendor.requests()["quotas"][QUOTA]
    assert all(report.ok for report in reports)
    assert all(isinstance(lease, PostgresLease) for lease in leases)
    assert counted["requests"] == 40
    assert counted["refused"] == 0
    assert counted["limits"][0]["max_in_window"] <= 20
    with psycopg.connect(postgres) as admin:
        assert admin.execute("SELECT count(*) FROM bulkops.ledger_processes").fetchone() == (0,)
        assert admin.execute("SELECT count(*) FROM bulkops.ledger_slots WHERE held").fetchone() == (0,)


async def test_another_run_on_the_database_is_refused_unless_it_shares(postgres: str) -> None:
    async with Sandbox(SandboxSettings(customers=2, time_scale=400)) as vendor, client_of(vendor) as client:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def wait(ctx: bulkops.Context) -> None:
            begun.set()
            await go_on.wait()

        first = asyncio.create_task(bulkops.run(wait, accounts=[FIRST], workato=client, journal=postgres))
        await asyncio.wait_for(begun.wait(), 10)
        async with client_of(vendor) as other:
            with pytest.raises(RunLocked, match="is already using this credential in process"):
                await bulkops.run(touch, accounts=[FIRST + 1], workato=other, journal=postgres)
        go_on.set()
        assert (await first).ok


async def test_a_run_that_was_handed_over_counts_before_workers_have_it(postgres: str) -> None:
    """Two people hand over at the same time: no worker has a lease yet."""
    async with Sandbox(SandboxSettings(customers=2, time_scale=400)) as vendor, client_of(vendor) as client:
        stopped = bulkops.StopSignal()
        stopped.drain()
        left = await bulkops.run(touch, accounts=[FIRST], workato=client, journal=postgres, stop=stopped)
        fleet = bulkops.Fleet(client, journal=postgres, on_workers=True)
        local = attrs.evolve(fleet, on_workers=False)
        first = (await fleet.run(touch, [FIRST])).run_id
        for one in (fleet, local):
            for beside in (one.run(touch, [FIRST]), one.resume(left.run_id, operation=touch)):
                with pytest.raises(RunLocked, match=f"run {first} of this credential is handed over to workers") as at:
                    await beside
                assert f"`bulkops stop {first}{Location.of(postgres).flag}`" in str(at.value.remedy)
        sharing = attrs.evolve(fleet, policy=Policy(if_running="share"))
        assert (await sharing.run(touch, [FIRST])).outcomes[Outcome.NOT_ATTEMPTED] == 1
        waiting = asyncio.create_task(attrs.evolve(fleet, policy=Policy(if_running="wait")).run(touch, [FIRST]))
        async with Journal.open(postgres) as journal:
            for other in await journal.shared_runs.handed_over():
                assert not waiting.done()
                await asyncio.sleep(1.2)  # it has looked again
                await journal.shared_runs.stop(other.run_id, "interrupted", "drain")
            last = (await asyncio.wait_for(waiting, 10)).run_id
            assert await journal.between_s(last) == 0.0  # it did not begin before
            assert last in {one.run_id for one in await journal.shared_runs.handed_over()}
            await journal.shared_runs.stop(last, "interrupted", "drain")
        resumed = await fleet.resume(left.run_id, operation=touch)
        assert resumed is not None
