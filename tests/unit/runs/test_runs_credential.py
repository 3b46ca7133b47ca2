"""The use of a credential when things go wrong: a ledger that fails, a person who stops waiting."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

import bulkops
from bulkops import Policy, StopSignal, Workato
from bulkops.client import session_of
from bulkops.errors import JournalError, RunLocked
from bulkops.ledger import Credential, LeaseTerms, LocalLedger
from bulkops.ledger.local import LocalLease
from bulkops.locks import state_directory
from bulkops.runs.credential import hold_credential
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Tuning
from tests.here import client_of

FIRST = 4100231


@pytest.fixture
async def workato() -> AsyncIterator[Workato]:
    async with Sandbox(SandboxSettings(customers=2, time_scale=400)) as vendor, client_of(vendor) as client:
        yield client


async def touch(ctx: bulkops.Context) -> None:
    async for _ in ctx.account.folders.list():
        pass


def spoil() -> None:
    with closing(sqlite3.connect(state_directory() / "ledger.sqlite3")) as connection:
        connection.execute("DROP TABLE processes")


@asynccontextmanager
async def another(workato: Workato, *, workspace: str | None = None) -> AsyncIterator[LocalLease]:
    credential = Credential(workato.settings.url, workspace)
    terms = LeaseTerms(credential=credential, label="r9", holder="r9", share=True, server_timeout_s=40.0)
    async with LocalLedger().join(terms) as lease:
        await lease.renew(part=0.0, used=0.0)
        yield lease


async def test_a_ledger_that_fails_ends_the_run_in_words(workato: Workato, tmp_path: Path) -> None:
    async def go_on(ctx: bulkops.Context) -> None:
        spoil()
        while True:
            await touch(ctx)
            await asyncio.sleep(0.01)

    with pytest.raises(JournalError, match=r"the ledger .* cannot be used: no such table"):
        await asyncio.wait_for(bulkops.run(go_on, accounts=[FIRST], workato=workato, journal=tmp_path), 30)
    assert session_of(workato).heartbeat is None


async def test_a_ledger_that_fails_wakes_those_who_wait_for_their_share(workato: Workato) -> None:
    async with another(workato), hold_credential(session_of(workato), "r1", if_running="share"):
        sending = asyncio.create_task(workato.account(FIRST).folders.create("X"))
        await asyncio.sleep(0)
        spoil()
        with pytest.raises(JournalError, match="no such table"):
            await asyncio.wait_for(sending, 30)


async def test_after_its_last_run_a_client_has_each_quota_as_before(workato: Workato) -> None:
    async def limits() -> dict[str, int]:
        async for _ in workato.account(FIRST).recipes.list():
            pass
        return {name: quota.limit for name, quota in session_of(workato).pacer.statistics().items()}

    before = await limits()
    async with another(workato), hold_credential(session_of(workato), "r1", if_running="share"):
        pass
    assert await limits() == before


async def test_a_person_may_stop_the_waiting(workato: Workato, tmp_path: Path) -> None:
    control = StopSignal()
    async with another(workato):
        waiting = asyncio.create_task(
            bulkops.run(
                touch,
                accounts=[FIRST],
                workato=workato,
                journal=tmp_path,
                policy=Policy(if_running="wait"),
                stop=control,
            )
        )
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        assert not done
        control.drain()
        with pytest.raises(RunLocked, match="run r9 is already using this credential"):
            await asyncio.wait_for(waiting, 30)


async def test_a_run_of_another_workspace_is_no_matter(workato: Workato, tmp_path: Path) -> None:
    async with another(workato, workspace="another"):
        report = await bulkops.run(touch, accounts=[FIRST], workato=workato, journal=tmp_path)
    assert report.ok


async def test_who_is_cancelled_at_the_end_leaves_no_lease(workato: Workato) -> None:
    async def work() -> None:
        async with hold_credential(session_of(workato), "r1"):
            working.cancel()  # the first wait of the end meets it

    working = asyncio.create_task(work())
    await asyncio.wait([working])
    assert working.cancelled()
    assert session_of(workato).heartbeat is None
    async with hold_credential(session_of(workato), "r2"):
        pass  # not refused


async def test_the_lease_ends_in_order_after_an_error_too(workato: Workato, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with hold_credential(session_of(workato), "r1"):
            raise ZeroDivisionError
    async with another(workato) as lease:
        allotment = await lease.renew(part=1.0, used=0.0)
        assert (allotment.share, allotment.killed_in_s) == (1.0, float("-inf"))


async def test_without_quotas_there_is_nothing_to_divide(tmp_path: Path) -> None:
    vendor = Sandbox(SandboxSettings(customers=2, time_scale=400, quotas="off"))
    async with vendor:
        tuning = Tuning.from_toml(vendor.client_file, source="client file")
        async with Workato(token=vendor.token, host=vendor.url, tuning=tuning) as client, another(client):
            share = Policy(if_running="share")
            run = bulkops.run(touch, accounts=[FIRST], workato=client, journal=tmp_path, policy=share)
            assert (await asyncio.wait_for(run, 30)).ok
