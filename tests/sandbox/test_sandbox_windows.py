"""How the server counts: window models by value, then over sockets."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bulkops.rate_limit import Limit
from bulkops.sandbox.quotas import Bucket, Fixed, Peak, Quotas, Sliding
from tests.sandbox.kit import FIRST, Vendor, vendor

GET = "embedded.recipes.get"
arrivals = st.lists(st.floats(0, 30, allow_nan=False).map(lambda t: round(t, 3)), max_size=60).map(sorted)
limits = st.builds(Limit, st.integers(1, 5), st.sampled_from([0.7, 1.0, 3.3]))


@given(arrivals, limits)
def test_a_sliding_window_lets_through_whatever_fits_and_no_more(times: list[float], limit: Limit) -> None:
    window = Sliding(limit)
    taken: list[float] = []
    for now in times:
        recent = [t for t in taken if t > now - limit.window_s]
        wait_s = window.wait_s(now)
        assert (wait_s == 0) == (len(recent) < limit.requests)
        if wait_s == 0:
            window.take(now)
            taken.append(now)
        else:
            assert wait_s <= limit.window_s + 1e-9


@given(arrivals, limits)
def test_a_fixed_window_counts_from_boundary_to_boundary(times: list[float], limit: Limit) -> None:
    window, taken = Fixed(limit), []
    for now in times:
        period = math.floor(now / limit.window_s)
        if window.wait_s(now) == 0:
            window.take(now)
            taken.append(period)
        else:
            assert taken.count(period) == limit.requests
    assert all(taken.count(period) <= limit.requests for period in taken)


@given(arrivals, limits)
def test_a_bucket_never_gives_more_than_its_content_and_its_filling(times: list[float], limit: Limit) -> None:
    window, taken = Bucket(limit), []
    for now in times:
        if window.wait_s(now) == 0:
            window.take(now)
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            filled = (taken[last] - taken[first]) * limit.requests / limit.window_s
            assert last - first + 1 <= limit.requests + filled + 1e-6


@given(arrivals, limits)
@pytest.mark.parametrize("kind", [Sliding, Fixed, Bucket])
def test_a_refusal_says_when_there_is_room(kind: Any, times: list[float], limit: Limit) -> None:
    window = kind(limit)
    for now in times:
        wait_s = window.wait_s(now)
        if wait_s == 0:
            window.take(now)
            continue
        assert 0 < wait_s <= limit.window_s + 1e-9
        assert window.wait_s(now + wait_s + 1e-6) == 0
        return


@given(arrivals, st.sampled_from([0.5, 1.0, 4.0]))
def test_the_peak_is_the_true_sliding_maximum(times: list[float], window_s: float) -> None:
    peak = Peak(window_s)
    seen = max((peak.arrived(now) for now in times), default=0)
    assert seen == max((sum(1 for t in times if now - window_s < t <= now) for now in times), default=0)


def test_a_request_must_fit_every_window_and_takes_room_in_none_when_refused() -> None:
    quotas = Quotas({"q": (Limit(2, 10.0), Limit(3, 100.0, "workspace"))}, "sliding")
    assert [quotas.arrive("q", "a", 0.0) for _ in range(3)] == [0.0, 0.0, 10.0]
    assert quotas.arrive("q", "a", 11.0) == 0.0  # the third for a: had the refused one counted, it would not fit
    assert quotas.arrive("q", "a", 12.0) == 88.0
    assert quotas.arrive("q", "b", 12.0) == 0.0
    report = quotas.report()
    assert report["total"] == 6
    assert report["quotas"]["q"] == {
        "requests": 6,
        "refused": 2,
        "limits": [
            {"limit": 2, "window_s": 10.0, "max_in_window": 3},
            {"limit": 3, "window_s": 100.0, "key": "workspace", "max_in_window": 5},
        ],
    }


def test_unkeyed_limits_count_all_accounts_together() -> None:
    quotas = Quotas({"q": (Limit(2, 10.0),)}, "sliding")
    assert [quotas.arrive("q", key, 0.0) > 0 for key in "abc"] == [False, False, True]


async def _burst(client: Vendor, count: int) -> list[int]:
    replies = await asyncio.gather(*(client.get(f"/api/managed_users/{FIRST}/recipes/1") for _ in range(count)))
    return sorted(reply.status for reply in replies)


def _tight(window: str, *, limit: int = 5, window_s: float = 900.0, scale: float = 1000.0) -> dict[str, Any]:
    return {"quotas": {GET: (Limit(limit, window_s),)}, "window": window, "time_scale": scale}


@pytest.mark.parametrize("window", ["sliding", "fixed", "bucket"])
async def test_a_burst_of_one_too_many_is_refused_once(window: str) -> None:
    async with vendor(**_tight(window, window_s=3600, scale=60)) as client:
        assert await _burst(client, 6) == [404] * 5 + [429]
        counted = client.sandbox.requests()["quotas"][GET]
        assert (counted["requests"], counted["refused"]) == (6, 1)
        assert counted["limits"] == [{"limit": 5, "window_s": 60.0, "max_in_window": 6}]


async def test_fixed_windows_let_twice_the_limit_through_across_a_boundary() -> None:
    async with vendor(**_tight("fixed")) as client:  # windows of 0.9 s
        await _just_before_a_boundary(client, 0.9)
        assert await _burst(client, 5) == [404] * 5
        await asyncio.sleep(0.25)
        assert await _burst(client, 5) == [404] * 5
        counted = client.sandbox.requests()["quotas"][GET]
        assert counted["refused"] == 0
        assert counted["limits"][0]["max_in_window"] == 10


async def _just_before_a_boundary(client: Vendor, window_s: float) -> None:
    """Sleep until 0.2 s before the end of a window of the sandbox's clock, which shows in its effects."""
    await client.folder()
    now = client.sandbox.effects()[-1]["t"]
    await asyncio.sleep((window_s - 0.2 - now) % window_s)


async def test_a_sliding_window_does_not() -> None:
    async with vendor(**_tight("sliding")) as client:
        await _just_before_a_boundary(client, 0.9)
        assert await _burst(client, 5) == [404] * 5
        await asyncio.sleep(0.25)
        assert await _burst(client, 5) == [429] * 5


async def test_a_bucket_fills_again() -> None:
    async with vendor(**_tight("bucket")) as client:  # five in 0.9 s: one every 180 ms
        assert await _burst(client, 6) == [404] * 5 + [429]
        await asyncio.sleep(0.4)
        assert await _burst(client, 2) == [404] * 2


@pytest.mark.parametrize(("on", "expected"), [(True, "30"), (False, None)])
async def test_retry_after_is_whole_seconds_rounded_up(on: bool, expected: str | None) -> None:
    quotas = {GET: (Limit(1, 59.5),)}
    async with vendor(quotas=quotas, time_scale=2.0, retry_after=on) as client:
        await _burst(client, 1)
        refused = await client.get(f"/api/managed_users/{FIRST}/recipes/1")
        assert refused.status == 429
        assert refused.data == {"message": "Too many requests"}
        assert refused.headers.get("Retry-After") == expected


async def test_imports_count_per_customer_too() -> None:
    quotas = {"embedded.rlcm.import_create": (Limit(100, 60), Limit(2, 3600, "workspace"))}
    async with vendor(quotas=quotas, time_scale=60) as client:
        for account, statuses in ((FIRST, [404, 404, 429]), (FIRST + 1, [404, 404, 429])):
            replies = [await client.send_package(b"", 1, account=account) for _ in range(3)]
            assert [reply.status for reply in replies] == statuses
        assert (await client.send_package(b"", 1, account=0)).status == 404
        rows = client.sandbox.requests()["quotas"]["embedded.rlcm.import_create"]["limits"]
        assert [row["max_in_window"] for row in rows] == [7, 3]


async def test_everything_that_arrives_is_counted_and_control_never(it: Vendor) -> None:
    await it.get("/api/managed_users")
    await it.get("/api/managed_users", headers={"Authorization": "Bearer wrong"})
    await it.get("/api/no/such/call")
    await it.get("/_sandbox/requests")
    counted = it.sandbox.requests()
    assert counted["total"] == 3
    assert counted["quotas"]["embedded.customers.other"] == {"requests": 2, "refused": 0, "limits": []}
