"""The meter: every request is counted once, in the interval in which its reply ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bulkops.client import Workato
from bulkops.events import AttemptEnded, QuotaChanged
from bulkops.journal import EventRow, InventoryRow, Journal, RunRecord
from bulkops.report.html.requests import PROCESS as READ_PROCESS, REQUESTS as READ_REQUESTS, read_traffic
from bulkops.runs.meter import PROCESS, REQUESTS, Meter, interval_for, metered
from bulkops.sandbox import Faults, Sandbox, SandboxSettings
from bulkops.settings import Limit, Tuning
from tests.virtual_time import run_virtual

RUN = "20260102-101530-k3f"


def attempt(quota: str = "q", status: int | None = 200, waited_s: float = 0.0) -> AttemptEnded:
    return AttemptEnded(
        request_id="r-1",
        call="recipes.list",
        account="1",
        quota=quota,
        attempt=1,
        waited_s=waited_s,
        latency_s=0.1,
        status=status,
        error=None,
    )


async def begin(journal: Journal) -> None:
    record = RunRecord(
        run_id=RUN,
        created_at=0.0,
        title="tidy",
        operation={"name": "tidy"},
        host="https://www.workato.com",
        inventory_hash="0" * 64,
        inventory_count=1,
        policy={},
        tuning={},
    )
    await journal.create_run(record, [InventoryRow(seq=0, account="1")])


def written(path: Path, act: Callable[[Meter], Awaitable[None]]) -> list[dict[str, Any]]:
    """What the journal has after `act` on a virtual clock."""

    async def go() -> list[EventRow]:
        async with Journal.open(path) as journal:
            await begin(journal)
            meter = Meter(journal, RUN, interval_s=5.0)
            await act(meter)
            meter.write()
            await journal.flush()
            return await journal.events(RUN)

    events = run_virtual(go())
    assert {event.kind for event in events} <= {REQUESTS}
    return [event.data for event in events]


def test_attempts_fall_into_the_interval_in_which_they_ended(tmp_path: Path) -> None:
    async def act(meter: Meter) -> None:
        meter.note(attempt(waited_s=0.5))
        meter.note(attempt(status=429))
        await asyncio.sleep(4.9)
        meter.note(attempt(status=None, waited_s=0.25))
        meter.note(attempt("other"))
        await asyncio.sleep(0.2)  # 5.1 s: the next interval
        meter.note(attempt(status=503))
        await asyncio.sleep(3600)
        meter.note(attempt())

    first, second, third = written(tmp_path, act)
    assert first["quotas"] == {
        "q": {"requests": 3, "refused": 1, "lost": 1, "waited_s": 0.75},
        "other": {"requests": 1},
    }
    assert (second["quotas"], third["quotas"]) == ({"q": {"requests": 1}}, {"q": {"requests": 1}})
    assert (first["s"], second["from"] - first["from"]) == (5.0, pytest.approx(5.0))
    assert third["from"] - first["from"] == pytest.approx(3605.0)


def test_a_narrowed_quota_is_noted_until_it_is_full_again(tmp_path: Path) -> None:
    def changed(allowed: int) -> QuotaChanged:
        return QuotaChanged(quota="q", change="grown", allowed=allowed, limit=60)

    async def act(meter: Meter) -> None:
        for allowed in (3, 20):
            meter.note(changed(allowed))
        meter.note(attempt())
        await asyncio.sleep(5)
        meter.note(attempt())
        await asyncio.sleep(5)
        meter.note(changed(60))
        meter.note(attempt())

    assert [data["quotas"]["q"] for data in written(tmp_path, act)] == [
        {"requests": 1, "allowed": 20},
        {"requests": 1, "allowed": 20},
        {"requests": 1},
    ]


def test_silence_writes_nothing(tmp_path: Path) -> None:
    assert written(tmp_path, lambda _: asyncio.sleep(10_000)) == []


@pytest.mark.parametrize(
    ("windows", "interval_s"), [([60.0, 3600.0], 5.0), ([6.0], 0.5), ([0.3], 0.1), ([3600.0], 5.0), ([], 5.0)]
)
def test_intervals_fit_the_narrowest_window(windows: list[float], interval_s: float) -> None:
    quotas = {f"q{window}": [Limit(10, window)] for window in windows}
    assert interval_for(quotas) == pytest.approx(interval_s)


@pytest.mark.anyio
async def test_what_is_written_is_what_the_vendor_counted(tmp_path: Path) -> None:
    """Real requests, a third of them refused; what the report reads back is the sandbox's own count."""
    settings = SandboxSettings(customers=3, time_scale=100, faults=Faults(throttle=0.3))
    async with Sandbox(settings) as sandbox, Journal.open(tmp_path) as journal:
        await begin(journal)
        tuning = Tuning.from_toml(sandbox.client_file, source="the sandbox")
        async with Workato(token=sandbox.token, host=sandbox.url, tuning=tuning) as workato:
            with metered(workato.session, journal, RUN):
                accounts = [customer.id async for customer in workato.customers.list()]
                for account in accounts * 4:
                    async for _ in workato.account(account).recipes.list():
                        pass
            async for _ in workato.account(accounts[0]).recipes.list():
                pass  # after the block: nobody counts
        await journal.flush()
        events = await journal.events(RUN)
    counted = sandbox.requests()["quotas"]
    process, *_ = events
    assert (process.kind, {event.kind for event in events[1:]}) == (PROCESS, {REQUESTS})
    assert (READ_PROCESS, READ_REQUESTS) == (PROCESS, REQUESTS)
    assert process.data["bulkops"].count(".") == 2
    traffic = {one.quota: one for one in read_traffic(events)}
    lists = traffic["embedded.recipes.list"]
    assert lists.limit == 2000
    assert lists.refused > 0
    assert lists.requests - lists.refused == 12
    assert sum(row["refused"] for row in counted.values()) >= lists.refused
