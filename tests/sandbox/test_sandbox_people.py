"""Members and plans as the sandbox keeps them: what it takes, what it refuses, what it writes into the ledger."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.kit import FIRST, Vendor, vendor

MEMBERS = f"/api/managed_users/{FIRST}/members"
MEMBER = f"/api/managed_users/{FIRST}/member"
ANA = {"name": "Ana", "role_name": "Admin", "external_id": "U-1"}


async def test_the_older_pair_speaks_of_the_customer(it: Vendor) -> None:
    made = await it.post(MEMBER, json={"name": "Bob", "oauth_id": "o-1"})
    assert made.data == {"id": FIRST, "plan_id": "oem_plan", "trial": False}
    (listed,) = (await it.get(MEMBERS)).data["data"]
    assert listed["role_name"] == "Operator"
    assert (await it("DELETE", MEMBER, json={"member_id": str(listed["id"])})).data == {"id": listed["id"]}
    assert (await it("DELETE", MEMBER, json={"member_id": listed["id"]})).status == 404
    assert (await it("DELETE", MEMBER)).status == 400
    assert it.keys("member.added") == it.keys("member.removed") == ["Bob"]


async def test_a_member_by_oauth_id_alone_brings_name_and_role(it: Vendor) -> None:
    made = (await it.post(MEMBERS, json={"oauth_id": "o-1"})).data
    assert (made["name"], made["role_name"]) == ("User o-1", "Operator")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "name"),
        ({"name": "Ana"}, "role_name"),
        ({"name": " ", "role_name": "Admin"}, "name"),
        ({"name": 7, "role_name": "Admin"}, "name"),
        ({"name": "Ana", "role_name": "Boss"}, "Role not found: Boss"),
        ({"name": "Ana", "env_roles": [{"environment_type": "moon", "name": "Admin"}]}, "Environment not found: moon"),
        ({"name": "Ana", "env_roles": [{"environment_type": "dev", "name": "Boss"}]}, "Role not found: Boss"),
        ({"name": "Ana", "env_roles": [{"name": "Admin"}]}, "environment_type"),
        ({"name": "Ana", "env_roles": "dev"}, "env_roles"),
        ({"name": "Ana", "env_roles": [7]}, "env_roles"),
        (ANA, "external_id"),
    ],
)
async def test_what_makes_no_member_is_400_in_words(it: Vendor, body: dict[str, Any], said: str) -> None:
    await it.post(MEMBERS, json=ANA)
    refused = await it.post(MEMBERS, json=body)
    assert refused.status == 400
    assert said in refused.text
    assert refused.data["message"]
    assert len((await it.get(MEMBERS)).data["data"]) == 1


async def test_equal_names_are_two_members_and_a_hundred_is_the_most(it: Vendor) -> None:
    for _ in range(100):
        assert (await it.post(MEMBERS, json={"name": "Ana", "role_name": "Admin"})).status == 200
    refused = await it.post(MEMBERS, json={"name": "Ana", "role_name": "Admin"})
    assert (refused.status, "100" in refused.text) == (400, True)
    assert (await it.get(f"/api/managed_users/{FIRST + 1}/members")).data["total"] == 0


async def test_members_of_nobody_are_404() -> None:
    async with vendor(customers=1) as it:
        assert (await it.get(f"/api/managed_users/{FIRST + 7}/members")).status == 404
        assert (await it.post("/api/managed_users/ENOBODY/members", json=ANA)).status == 404
        assert (await it.get(f"{MEMBERS}/x")).status == 404


async def test_a_plan_is_changed_in_three_ways_and_only_a_change_is_an_effect(it: Vendor) -> None:
    customer = f"/api/managed_users/{FIRST}"
    assert (await it.put(customer, json={"plan_id": "big"})).data["plan_id"] == "big"
    await it.put(customer, json={"plan_id": "big"})
    upgraded = await it.put(f"{customer}/upgrade", json={"plan_id": "bigger"})
    assert upgraded.data == {"id": FIRST, "plan_id": "bigger", "trial": False}
    assert (await it.put(f"{customer}/upgrade")).data["plan_id"] == "oem_plan"
    assert (await it.put(f"{customer}/downgrade")).data == {"id": FIRST, "plan_id": "free", "trial": False}
    await it.put(f"{customer}/downgrade")
    assert it.keys("plan.changed") == ["big", "bigger", "oem_plan", "free"]
    assert (await it.get("/api/managed_users/EORG-1")).data["plan_id"] == "free"


async def test_an_update_changes_only_what_it_names(it: Vendor) -> None:
    customer = f"/api/managed_users/{FIRST}"
    before = (await it.get(customer)).data
    after = (await it.put(customer, json={"origin_url": "https://x.example", "unknown": 1})).data
    assert after == before | {"origin_url": "https://x.example", "updated_at": after["updated_at"]}
    assert (await it.put(customer, json={"origin_url": None})).data["origin_url"] is None
    for field in ("name", "notification_email", "plan_id"):
        assert (await it.put(customer, json={field: None})).status == 400
    assert (await it.put(customer, json={"plan_id": 7})).status == 400
    assert (await it.put(customer, json={})).data == (await it.get(customer)).data


async def test_an_external_id_moves_and_is_nobody_elses(it: Vendor) -> None:
    assert (await it.put(f"/api/managed_users/{FIRST}", json={"external_id": "ORG-2"})).status == 400
    assert (await it.put(f"/api/managed_users/{FIRST}", json={"external_id": "A/b"})).status == 200
    assert (await it.get("/api/managed_users/EA%2Fb")).data["id"] == FIRST
    assert (await it.get("/api/managed_users/EORG-1")).status == 404
    made = await it.post("/api/managed_users", json={"name": "n", "notification_email": "e", "external_id": "A/b"})
    assert made.status == 400
