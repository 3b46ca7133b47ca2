"""What a run does about runs before and beside it, whatever their journals: it keeps the vendor's limits with them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

import bulkops
from bulkops import Policy, Workato
from bulkops.client import session_of
from bulkops.errors import RunLocked
from bulkops.ledger import Credential, LeaseTerms, LocalLedger
from bulkops.pacing import HeldSlot
from bulkops.rate_limit import Limit
from bulkops.runs.credential import CredentialUse
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Tuning

FOLDERS = "assumed.customer.folders"
SERVER_TIMEOUT_S = 0.6
IDS = [4100231 + n for n in range(45)]


async def touch(ctx: bulkops.Context) -> None:
    async for _ in ctx.account.folders.list():
        pass


def tuned(vendor: Sandbox, **changes: Any) -> Tuning:
    return attrs.evolve(Tuning.from_toml(vendor.client_file, source="client file"), **changes)


def client(vendor: Sandbox, **changes: Any) -> Workato:
    return Workato(token=vendor.token, host=vendor.url, tuning=tuned(vendor, **changes))


def counted(vendor: Sandbox) -> dict[str, Any]:
    found: dict[str, Any] = vendor.requests()["quotas"][FOLDERS]
    return found


async def run(workato: Workato, accounts: list[int], journal: Path, **more: Any) -> bulkops.Report:
    report = await bulkops.run(touch, accounts=accounts, workato=workato, journal=journal, **more)
    assert report.ok, report.accounts[0].reason
    return report


async def test_runs_with_journals_of_their_own_keep_one_limit(tmp_path: Path) -> None:
    """Seen: 63 requests in a window of 60, and refused."""
    async with Sandbox(SandboxSettings(customers=45, time_scale=60)) as vendor:
        for number in range(3):
            async with client(vendor) as workato:
                await run(workato, IDS, tmp_path / str(number))
        found = counted(vendor)
    assert found["requests"] >= 3 * 45, "on a busy machine a read may time out and be sent again"
    assert found["refused"] == 0
    assert found["limits"][0]["max_in_window"] <= 60


async def test_runs_at_the_same_time_with_journals_of_their_own_keep_one_limit(tmp_path: Path) -> None:
    async def one(vendor: Sandbox, number: int) -> None:
        policy = Policy(if_running="share" if number else "wait")
        async with client(vendor) as workato:
            await run(workato, IDS, tmp_path / str(number), policy=policy)

    async with Sandbox(SandboxSettings(customers=45, time_scale=60)) as vendor:
        async with asyncio.TaskGroup() as group:
            for number in range(3):
                group.create_task(one(vendor, number))
        found = counted(vendor)
    assert found["requests"] >= 3 * 45, "on a busy machine a read may time out and be sent again"
    assert found["refused"] == 0
    assert found["limits"][0]["max_in_window"] <= 60


@pytest.mark.parametrize("window_s", [100.0, 3600.0])
async def test_runs_on_one_client_neither_wait_nor_count_twice(tmp_path: Path, window_s: float) -> None:
    """Seen: the second run waited for a window; 4, 12, 24 and 40 slots were held for 4, 8, 12 and 16 requests."""
    async with Sandbox(SandboxSettings(customers=45, time_scale=1, quotas="off")) as vendor:
        quotas = {FOLDERS: (Limit(60, window_s),)}
        async with client(vendor, quotas=quotas, unlimited=False) as workato:
            for number in range(1, 5):
                await asyncio.wait_for(run(workato, IDS[:4], tmp_path), 30)
                assert session_of(workato).pacer.statistics()[FOLDERS].used == 4 * number


async def test_two_runs_of_one_client_at_the_same_time_share_one_lease(tmp_path: Path) -> None:
    vendor = Sandbox(SandboxSettings(customers=45, time_scale=400, quotas="off"))
    async with vendor, client(vendor) as workato:
        inside, leave = asyncio.Event(), asyncio.Event()

        async def linger(ctx: bulkops.Context) -> None:
            inside.set()
            await leave.wait()
            await touch(ctx)

        first = asyncio.create_task(bulkops.run(linger, accounts=IDS[:1], workato=workato, journal=tmp_path / "first"))
        await inside.wait()
        with pytest.raises(RunLocked, match="using this client in this process"):
            await run(workato, IDS[1:2], tmp_path / "second")
        share = Policy(if_running="share")
        await run(workato, IDS[1:2], tmp_path / "second", policy=share)
        assert isinstance(session_of(workato).heartbeat, CredentialUse)
        leave.set()
        assert (await first).ok
        assert session_of(workato).heartbeat is None, "it ends with the last run"


@asynccontextmanager
async def earlier(vendor: Sandbox, *, slots: list[HeldSlot] | None) -> AsyncIterator[None]:
    """An earlier process, which ended and left these slots, or was killed."""
    credential = Credential(vendor.url)
    terms = LeaseTerms(
        credential=credential, label="earlier", holder="earlier", share=False, server_timeout_s=SERVER_TIMEOUT_S
    )
    async with LocalLedger().join(terms) as lease:
        await lease.renew(part=0.0, used=0.0)
        if slots is not None:
            await lease.end(slots)
    yield


async def test_slots_that_are_taken_cost_nothing_while_there_are_others(tmp_path: Path) -> None:
    """Seen: with 30 of 500 hourly slots taken the next request waited 3,000 s."""
    async with Sandbox(SandboxSettings(customers=45, time_scale=1, quotas="off")) as vendor:
        for window_s in (60.0, 3600.0):
            slots = [HeldSlot(FOLDERS, None, -1.0, window_s)] * 30
            async with (
                earlier(vendor, slots=slots),
                client(vendor, quotas={FOLDERS: (Limit(500, window_s),)}, unlimited=False) as workato,
            ):
                await asyncio.wait_for(run(workato, IDS[:4], tmp_path), 30)


async def test_after_a_kill_a_quota_opens_when_the_last_request_has_left_its_window(tmp_path: Path) -> None:
    window_s = 0.3
    async with Sandbox(SandboxSettings(customers=1, time_scale=60 / window_s)) as vendor:
        async with earlier(vendor, slots=None):
            killed_at = time.monotonic()
        async with client(vendor) as workato:
            await run(workato, IDS[:1], tmp_path)
        waited_s = time.monotonic() - killed_at
    assert waited_s >= window_s + SERVER_TIMEOUT_S - 0.05


async def test_a_request_leaves_only_beside_fresh_heartbeats_of_ledger_and_journal(tmp_path: Path) -> None:
    seen: list[bool] = []

    async def look(ctx: bulkops.Context) -> None:
        await touch(ctx)
        use = session_of(ctx.account).heartbeat
        assert isinstance(use, CredentialUse)
        assert len(use.signs) == 1, "the journal"
        seen.append(use.is_fresh and use.lease.is_fresh)

    vendor = Sandbox(SandboxSettings(customers=1, time_scale=400, quotas="off"))
    async with vendor, client(vendor) as workato:
        report = await bulkops.run(look, accounts=IDS[:1], workato=workato, journal=tmp_path)
        assert session_of(workato).heartbeat is None, "it outlives the run"
    assert report.ok, report.accounts[0].reason
    assert seen == [True]


async def test_the_list_of_accounts_counts_too(tmp_path: Path) -> None:
    """Its requests are sent within the lease, and wait for the window that an earlier run has filled."""
    lists = "embedded.customers.other"
    vendor = Sandbox(SandboxSettings(customers=3, time_scale=60))
    async with vendor:
        slots = [HeldSlot(lists, None, 0.0, 1.0)] * 60
        began = time.monotonic()
        async with earlier(vendor, slots=slots), client(vendor) as workato:
            report = await bulkops.run(touch, accounts=workato.customers.list(), workato=workato, journal=tmp_path)
            assert report.ok
            assert time.monotonic() - began >= 0.95
