"""Faults: what they do to a request, proven by the ledger."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import aiohttp
import pytest

from bulkops.sandbox import Faults
from bulkops.sandbox.faults import strike
from bulkops.sandbox.seeded_random import draws
from tests.sandbox.kit import FIRST, Reply, Vendor, shop_package, vendor

TIMEOUT_S = 40.0


def _strikes(count: int = 4000, **faults: Any) -> list[Any]:
    made = Faults(**faults)
    return [strike(made, draws(7, n), server_timeout_s=TIMEOUT_S, scale=1) for n in range(count)]


@pytest.mark.parametrize("name", ["error", "reset", "throttle", "malformed"])
async def test_chances_are_kept(name: str) -> None:
    struck = [one for one in _strikes(4000, **{name: 0.2}) if one.end == name]
    assert 0.18 < len(struck) / 4000 < 0.22
    acted = sum(one.acts for one in struck) / len(struck)
    assert {"throttle": acted == 0, "malformed": acted == 1}.get(name, 0.45 < acted < 0.55)


async def test_without_faults_everything_acts_within_milliseconds() -> None:
    for one in _strikes():
        assert (one.end, one.acts, one.after_s) == ("answer", True, 0.0)
        assert 0.004 <= one.before_s <= 0.016


async def test_slow_requests_end_within_the_servers_timeout_and_act_before_it() -> None:
    slow = _strikes(slow=1.0)
    assert all(one.before_s + one.after_s <= TIMEOUT_S for one in slow)
    assert all(one.before_s < TIMEOUT_S for one in slow)
    assert min(one.before_s + one.after_s for one in slow) >= 0.3 * TIMEOUT_S
    given_up = [one for one in slow if one.end == "timeout"]
    assert 0.15 < len(given_up) / 4000 < 0.3
    assert 0.4 < sum(one.acts for one in given_up) / len(given_up) < 0.6
    first = sum(one.before_s == 0 for one in slow if one.end == "answer")
    assert 0.4 < first / (4000 - len(given_up)) < 0.6


async def _folders(client: Vendor, count: int) -> Counter[str]:
    """Make one folder in each of `count` accounts; how the requests ended, and which of them acted."""
    ends: Counter[str] = Counter()
    for account in range(FIRST, FIRST + count):
        before = len(client.sandbox.effects())
        try:
            reply: Reply | None = await client.post(f"/api/managed_users/{account}/folders", json={"name": "CRM"})
        except aiohttp.ClientError:
            reply = None
        end = "cut" if reply is None else str(reply.status)
        ends[f"{end}{'+' if len(client.sandbox.effects()) > before else ''}"] += 1
    return ends


async def test_errors_strike_before_and_after_the_effect() -> None:
    async with vendor(customers=80, faults=Faults(error=1.0)) as client:
        ends = await _folders(client, 80)
        assert set(ends) == {"500", "500+", "502", "502+", "503", "503+"}
        assert 25 < sum(count for end, count in ends.items() if "+" in end) < 55
        assert client.sandbox.requests()["struck"] == {"error": 80}


async def test_errors_are_json_or_a_page() -> None:
    async with vendor(customers=60, faults=Faults(error=1.0)) as client:
        replies = [await client.get(f"/api/managed_users/{FIRST + n}") for n in range(60)]
    types = {(reply.status, reply.headers["Content-Type"].partition(";")[0]) for reply in replies}
    assert types == {
        (500, "application/json"),
        *((status, kind) for status in (502, 503) for kind in ("application/json", "text/html")),
    }
    assert all(reply.data["message"] for reply in replies if "json" in reply.headers["Content-Type"])
    assert all(len(reply.data["id"]) == 36 for reply in replies if reply.status == 500)


async def test_resets_strike_before_and_after_the_effect() -> None:
    async with vendor(customers=60, faults=Faults(reset=1.0)) as client:
        ends = await _folders(client, 60)
        assert set(ends) == {"cut", "cut+"}
        assert 18 < ends["cut+"] < 42


async def test_throttling_has_no_effect_and_is_not_the_quotas_refusal() -> None:
    async with vendor(faults=Faults(throttle=1.0)) as client:
        assert await _folders(client, 5) == {"429": 5}
        counted = client.sandbox.requests()
        assert counted["quotas"]["assumed.customer.folders"]["refused"] == 0
        assert counted["struck"] == {"throttle": 5}


async def test_malformed_replies_come_after_the_effect() -> None:
    async with vendor(customers=30, faults=Faults(malformed=1.0)) as client:
        assert await _folders(client, 30) == {"200+": 30}
        replies = [await client.get(f"/api/managed_users/{FIRST + n}/folders") for n in range(30)]
        for reply in replies:
            with pytest.raises(ValueError, match=r".*"):
                _ = reply.data
        assert {reply.headers["Content-Type"].partition(";")[0] for reply in replies} == {
            "application/json",
            "text/html",
        }
        assert (await client.get("/api/managed_users/1")).status == 404


async def test_the_same_seed_strikes_the_same_requests() -> None:
    async def story(seed: int) -> list[int]:
        async with vendor(customers=20, seed=seed, faults=Faults(error=0.3)) as client:
            return [(await client.get(f"/api/managed_users/{FIRST + n}")).status for n in (*range(20), *range(20))]

    first = await story(7)
    assert first == await story(7)
    assert first[:20] != first[20:]  # the second request of a call draws anew
    assert first != await story(8)


async def test_the_server_gives_slow_requests_up() -> None:
    async with vendor(customers=24, faults=Faults(slow=1.0)) as client:
        clock = asyncio.get_running_loop().time

        async def ask(account: int) -> tuple[int, float]:
            began = clock()
            reply = await client.post(f"/api/managed_users/{account}/folders", json={"name": "CRM"})
            return reply.status, clock() - began

        ended = await asyncio.gather(*(ask(FIRST + n) for n in range(24)))
        assert {status for status, _ in ended} == {200, 504}
        assert all(took > 0.14 for _, took in ended)
        assert all(took >= 0.5 for status, took in ended if status == 504)
        done = sum(status == 200 for status, _ in ended)
        assert done <= len(client.keys("folder.created")) < 24
        assert all(effect["t"] < 0.5 + 0.5 for effect in client.sandbox.effects())


@pytest.mark.parametrize(("customers", "part", "struck"), [(300, 0.1, 30), (45, 0.1, 4), (10, 1.0, 10), (10, 0.0, 0)])
async def test_exactly_that_part_of_the_customers_cannot_be_authorized(
    customers: int, part: float, struck: int
) -> None:
    async with vendor(customers=customers, faults=Faults(unauthorizable=part)) as client:
        state = client.sandbox._service.state
        refusing = [c.id for c in state.customers.page(1, customers) if state.is_unauthorizable(c)]
        assert len(refusing) == struck
        client.sandbox.set_faults({"unauthorizable": part / 2})
        fewer = {c.id for c in state.customers.page(1, customers) if state.is_unauthorizable(c)}
        assert fewer <= set(refusing)


async def test_refused_credentials_show_in_the_connection_and_at_the_start() -> None:
    async with vendor(customers=1, faults=Faults(unauthorizable=1.0)) as client:
        await client.imported(shop_package(), await client.folder())
        (row,) = await client.connections()
        path = f"/api/managed_users/{FIRST}/connections/{row['id']}"
        reply = await client.put(path, json={"input": {"key": "x"}})
        assert reply.status == 200
        assert reply.data["authorization_status"] == "failed"
        assert "refused" in reply.data["authorization_error"]
        assert client.keys("connection.authorized") == []
        (recipe,) = await client.recipes()
        start = f"/api/managed_users/{FIRST}/recipes/{recipe['id']}/start"
        assert (await client.put(start)).data["success"] is False
        client.sandbox.set_faults()
        healed = await client.put(path, json={"input": {"key": "x"}})
        assert healed.data["authorization_status"] == "success"
        assert healed.data["authorization_error"] is None
        assert (await client.put(start)).data["success"] is True


async def test_imports_fail_by_chance_without_effect() -> None:
    async with vendor(faults=Faults(import_failed=1.0)) as client:
        done = await client.imported(shop_package(), await client.folder())
        assert done["status"] == "failed"
        assert "internal error" in done["error"]
        assert done["recipe_status"] == []
        assert await client.recipes() == []
        assert len(client.keys("import.failed")) == 1


async def test_an_expired_token_costs_one_request_and_changes_nothing() -> None:
    async with vendor(faults=Faults(expired=True)) as client:
        assert await _folders(client, 1) == {"401": 1}
        assert client.sandbox.requests()["total"] == 1
