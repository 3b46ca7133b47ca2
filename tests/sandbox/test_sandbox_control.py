"""`/_sandbox/*`: the sandbox's own view."""

from __future__ import annotations

import tracemalloc

import pytest

from bulkops.sandbox import Faults, Sandbox, SandboxSettings
from tests.sandbox.kit import FIRST, Vendor, shop_package, vendor


async def test_the_ledger_and_the_counts_are_the_same_inside_and_outside() -> None:
    async with vendor(quotas="documented") as client:
        await client.imported(shop_package(), await client.folder())
        ledger = (await client.get("/_sandbox/ledger")).data
        assert ledger == {"effects": client.sandbox.effects()}
        assert [set(effect) for effect in ledger["effects"]] == [{"t", "account", "kind", "key"}] * 2
        assert [effect["kind"] for effect in ledger["effects"]] == ["folder.created", "import.completed"]
        counted = (await client.get("/_sandbox/requests")).data
        assert counted == client.sandbox.requests()
        assert counted["quotas"]["assumed.customer.folders"] == {
            "requests": 1,
            "refused": 0,
            "limits": [{"limit": 60, "window_s": 0.06, "max_in_window": 1}],
        }
        assert counted["total"] == sum(quota["requests"] for quota in counted["quotas"].values())


async def test_faults_are_replaced_whole() -> None:
    async with vendor(faults=Faults(error=1.0)) as client:
        reply = await client.post("/_sandbox/faults", json={"throttle": 1})
        assert reply.data["faults"] == Faults(throttle=1).to_mapping()
        assert (await client.get("/api/managed_users")).status == 429
        assert (await client.post("/_sandbox/faults", json={"expired": True, "revoke_after": None})).status == 200
        assert (await client.get("/_sandbox/settings")).data["faults"]["expired"] is True
        assert (await client.post("/_sandbox/faults")).status == 200
        assert (await client.get("/api/managed_users")).status == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"eror": 1}', "did you mean 'error'"),
        (b'{"error": 2}', "between 0 and 1"),
        (b'{"error": "often"}', "number"),
        (b'{"error": ' + b"[" * 900 + b"]" * 900 + b"}", "number"),
        (b"[]", "object"),
        (b"{", "JSON"),
        (b"[" * 100_000, "JSON"),
    ],
)
async def test_bad_faults_change_nothing(it: Vendor, body: bytes, words: str) -> None:
    reply = await it.post("/_sandbox/faults", data=body)
    assert reply.status == 400
    assert words in reply.data["message"]
    assert (await it.get("/_sandbox/settings")).data["faults"] == Faults().to_mapping()


async def test_rights_are_taken_and_given_back() -> None:
    async with vendor(deny=("users.me",)) as client:
        assert (await client.get("/api/users/me")).status == 403
        for body in ({"deny": "users.me"}, {"deny": [3]}, {}, {"deny": ["users.mee"]}):
            refused = await client.post("/_sandbox/rights", json=body)
            assert (refused.status, bool(refused.data["message"])) == (400, True)
        assert "did you mean 'users.me'?" in refused.data["message"]
        assert (await client.get("/api/users/me")).status == 403
        await client.post("/_sandbox/rights", json={"deny": ["managed_users.*"]})
        assert (await client.get("/api/users/me")).status == 200
        reply = await client.get("/api/managed_users")
        assert (reply.status, reply.data["message"]) == (403, "Your API client has no right to this call")
        client.sandbox.deny()
        assert (await client.get("/api/managed_users")).status == 200
        client.sandbox.reset()
        assert (await client.get("/_sandbox/settings")).data["deny"] == ["users.me"]


async def test_a_reset_starts_afresh() -> None:
    async with vendor(time_scale=20) as client:
        token = client.sandbox.token
        await client.send_package(shop_package(), await client.folder())  # still running when the reset comes
        client.sandbox.set_faults({"throttle": 1.0})
        client.sandbox.set_token("another")
        assert (await client.post("/_sandbox/reset")).data == {"success": True}
        assert client.sandbox.token == token
        assert client.sandbox.effects() == []
        assert client.sandbox.requests()["total"] == 0
        assert (await client.get(f"/api/managed_users/{FIRST}/folders")).result == []


async def test_settings_show_what_it_runs_with_and_no_token() -> None:
    async with vendor(window="bucket", seed=3) as client:
        reply = await client.get("/_sandbox/settings")
        assert (reply.data["window"], reply.data["seed"], reply.data["customers"]) == ("bucket", 3, 5)
        assert client.sandbox.token not in reply.text


@pytest.mark.parametrize("path", ["/_sandbox", "/_sandbox/", "/_sandbox/nothing", "/_sandbox/ledger/more"])
async def test_unknown_controls_are_404(it: Vendor, path: str) -> None:
    assert (await it.get(path)).status == 404
    assert (await it.post("/_sandbox/ledger")).status == 404


async def test_twenty_thousand_customers_cost_little() -> None:
    """None is made before somebody asks for it."""
    taken: list[int] = []
    for customers in (1, 300, 20_000):  # the first one pays for what is made once
        tracemalloc.start()
        async with Sandbox(SandboxSettings(customers=customers)) as sandbox:
            assert sandbox.url.startswith("http://127.0.0.1:")
            taken.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert taken[2] < taken[1] + 500_000
