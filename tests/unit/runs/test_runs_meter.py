"""The meter: every request is counted once, in the interval in which it left."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bulkops.client import session_of
from bulkops.events import AccountStarted, AttemptEnded, Event, QuotaChanged
from bulkops.journal import EventRow, InventoryRow, Journal
from bulkops.journal.event_kinds import PROCESS, REQUESTS
from bulkops.rate_limit import Limit
from bulkops.report.quota_usage import read_traffic
from bulkops.runs.traffic import TrafficRecorder, interval_for, metered
from bulkops.sandbox import Faults, Sandbox, SandboxSettings
from tests.here import client_of
from tests.records import RUN, run_record

QUOTAS = {"q": [Limit(60, 60.0)], "narrow": [Limit(10, 1.2)]}


def attempt(quota: str = "q", status: int | None = 200, waited_s: float = 0.0, latency_s: float = 0.1) -> AttemptEnded:
    return AttemptEnded(
        request_id="r-1",
        call="recipes.list",
        account="1",
        quota=quota,
        attempt=1,
        waited_s=waited_s,
        latency_s=latency_s,
        status=status,
        error=None,
    )


async def begin(journal: Journal) -> None:
    await journal.create_run(run_record(), [InventoryRow(seq=0, account="1")])


async def written(path: Path, acts: Iterable[tuple[float, Event]]) -> list[dict[str, Any]]:
    """What the journal has after these events, each at its time."""
    now = 100.0
    async with Journal.open(path) as journal:
        await begin(journal)
        meter = TrafficRecorder(journal, RUN, quotas=QUOTAS, clock=lambda: now)
        for at, event in acts:
            now = 100.0 + at
            meter.note(event)
        meter.write()
        await journal.flush()
        events = await journal.events(RUN)
    assert {event.kind for event in events} <= {REQUESTS}
    return [event.data for event in events]


async def test_attempts_fall_into_the_interval_in_which_they_left(tmp_path: Path) -> None:
    first, second, third = await written(
        tmp_path,
        [
            (0.0, attempt(waited_s=0.5)),
            (0.0, attempt(status=429)),
            (4.9, attempt(status=None, waited_s=0.25)),
            (4.9, attempt("other")),
            (5.2, attempt(status=503)),
            (5.2, AccountStarted(account="1", seq=0)),
            (3605.3, attempt()),
        ],
    )
    assert first["quotas"] == {
        "q": {"requests": 3, "refused": 1, "lost": 1, "waited_s": 0.75},
        "other": {"requests": 1},
    }
    assert (second["quotas"], third["quotas"]) == ({"q": {"requests": 1}}, {"q": {"requests": 1}})
    assert (first["s"], second["from"] - first["from"]) == (5.0, pytest.approx(5.0))
    assert third["from"] - first["from"] == pytest.approx(3605.0)
    assert abs(first["from"] - time.time()) < 60


async def test_replies_in_a_crowd_do_not_look_like_a_quota_exceeded(tmp_path: Path) -> None:
    """Sixty leave in each minute; the server stalls, and a hundred and twenty replies come within a second."""
    leaving = [*(0.9 * n for n in range(60)), *(60.0 + 0.9 * n for n in range(60))]
    data = await written(tmp_path, [(119.0, attempt(latency_s=119.0 - at)) for at in leaving] + [(140.0, attempt())])
    process = EventRow(at=0.0, kind=PROCESS, data={"quotas": {"q": [[60, 60.0]]}})
    (traffic,) = read_traffic([process, *(EventRow(at=0.0, kind=REQUESTS, data=one) for one in data)])
    assert traffic.requests == 121
    assert traffic.busiest == 60


async def test_one_that_took_long_is_counted_where_it_left_although_that_was_written(tmp_path: Path) -> None:
    acts = [(1.0, attempt()), (31.0, attempt()), (32.0, attempt(status=None, latency_s=31.0)), (45.0, attempt())]
    data = await written(tmp_path, acts)
    begins = [round(one["from"] - data[0]["from"], 1) for one in data]
    assert begins == [0.0, 0.0, 30.0, 40.0]
    (traffic,) = read_traffic([EventRow(at=0.0, kind=REQUESTS, data=one) for one in data])
    assert (traffic.requests, traffic.lost) == (4, 1)


async def test_a_narrowed_quota_is_noted_until_it_is_full_again(tmp_path: Path) -> None:
    def changed(allowed: int) -> QuotaChanged:
        return QuotaChanged(quota="q", change="grown", allowed=allowed, limit=60)

    acts: list[tuple[float, Any]] = [
        (0.0, changed(3)),
        (0.0, changed(20)),
        (0.0, attempt()),
        (5.2, attempt()),
        (10.0, changed(60)),
        (10.2, attempt()),
    ]
    assert [data["quotas"]["q"] for data in await written(tmp_path, acts)] == [
        {"requests": 1, "allowed": 20},
        {"requests": 1, "allowed": 20},
        {"requests": 1},
    ]


async def test_a_change_after_the_last_request_of_an_interval_is_noted_too(tmp_path: Path) -> None:
    change = QuotaChanged(quota="q", change="shrunk", allowed=20, limit=60)
    assert [data["quotas"]["q"] for data in await written(tmp_path, [(0.0, attempt()), (0.1, change)])] == [
        {"requests": 1, "allowed": 20}
    ]


async def test_nothing_sent_is_nothing_written(tmp_path: Path) -> None:
    assert await written(tmp_path, [(9.0, AccountStarted(account="1", seq=0))]) == []


@pytest.mark.parametrize(
    ("windows", "interval_s"), [([60.0, 3600.0], 5.0), ([6.0], 0.5), ([0.3], 0.1), ([3600.0], 5.0), ([], 5.0)]
)
async def test_intervals_fit_the_narrowest_window(windows: list[float], interval_s: float) -> None:
    assert interval_for([Limit(10, window) for window in windows]) == pytest.approx(interval_s)


async def test_a_quota_with_a_narrow_window_does_not_cut_the_intervals_of_others(tmp_path: Path) -> None:
    """Replies that take longer than two of its intervals would each be written alone."""
    acts = [(at, attempt(quota, latency_s=0.5)) for at in (1.0, 1.3, 1.6) for quota in ("q", "narrow")]
    data = await written(tmp_path, acts)
    assert [(one["s"], one["quotas"]) for one in data] == [
        (0.1, {"narrow": {"requests": 1}}),
        (0.1, {"narrow": {"requests": 1}}),
        (0.1, {"narrow": {"requests": 1}}),
        (5.0, {"q": {"requests": 3}}),
    ]


async def test_what_is_written_is_what_the_vendor_counted(tmp_path: Path) -> None:
    """Real requests, a third of them refused; what the report reads back is the sandbox's own count."""
    settings = SandboxSettings(customers=3, time_scale=100, faults=Faults(throttle=0.3))
    async with Sandbox(settings) as sandbox, Journal.open(tmp_path) as journal:
        await begin(journal)
        async with client_of(sandbox) as workato:
            with metered(session_of(workato), journal, RUN):
                accounts = [customer.id async for customer in workato.customers.list()]
                for account in accounts * 4:
                    async for _ in workato.account(account).recipes.list():
                        pass
            arrived = sandbox.requests()["quotas"]["embedded.recipes.list"]["requests"]
            async for _ in workato.account(accounts[0]).recipes.list():
                pass  # after the block: nobody counts
        await journal.flush()
        events = await journal.events(RUN)
    process, *_ = events
    assert (process.kind, {event.kind for event in events[1:]}) == (PROCESS, {REQUESTS})
    assert process.data["bulkops"].count(".") == 2
    traffic = {one.quota: one for one in read_traffic(events)}
    lists = traffic["embedded.recipes.list"]
    assert lists.limit == 2000
    assert lists.refused > 0
    assert lists.requests - lists.refused == 12
    assert lists.requests == arrived
