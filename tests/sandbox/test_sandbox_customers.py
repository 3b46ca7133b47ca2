"""Customers end, and have environments; what they use is counted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.kit import FIRST, Vendor, vendor

ALL = "/api/managed_users"
ONE = f"{ALL}/{FIRST}"


async def listed(it: Vendor, query: str = "") -> list[int]:
    return [row["id"] - FIRST for row in (await it.get(ALL + query)).result]


async def test_who_is_deleted_is_nowhere_any_more(it: Vendor) -> None:
    assert (await it("DELETE", f"{ALL}/EORG-2")).data == {"success": True}
    for path in (f"{ALL}/{FIRST + 1}", f"{ALL}/EORG-2", f"{ALL}/{FIRST + 1}/members"):
        assert (await it.get(path)).status == 404
    assert (await it("DELETE", f"{ALL}/{FIRST + 1}")).status == 404
    assert await listed(it) == [0, 2, 3, 4]
    assert it.keys("customer.deleted") == ["ORG-2"]
    again = {"name": "n", "notification_email": "e@x.example", "external_id": "ORG-2"}
    made = (await it.post(ALL, json=again)).data
    assert (await it.get(f"{ALL}/EORG-2")).data["id"] == made["id"] != FIRST + 1


async def test_pages_close_up_behind_those_who_left() -> None:
    async with vendor(customers=9) as it:
        for gone in (0, 1, 4, 8):
            await it("DELETE", f"{ALL}/{FIRST + gone}")
        pages = [await listed(it, f"?per_page=2&page={page}") for page in (1, 2, 3, 4)]
        assert pages == [[2, 3], [5, 6], [7], []]
        usage = (await it.get(f"{ALL}/usage")).result
        assert [row["id"] - FIRST for row in usage] == [2, 3, 5, 6, 7]
        assert len((await it.get(f"{ALL}/usage?page=2&per_page=3")).result) == 2


async def test_environments_are_workspaces_of_their_own(it: Vendor) -> None:
    settings = {"test": {"external_id": "ORG-1-T"}, "prod": {"error_notification_emails": "prod@x.example"}}
    folder = await it.folder()
    made = (await it.post(f"{ONE}/environments", json={"environments": settings})).data
    test, prod = made["environments"]["test"]["id"], made["environments"]["prod"]["id"]
    assert len({made["id"], test, prod}) == 3
    assert made["id"] == FIRST
    assert (await it.get(f"{ALL}/EORG-1-T")).data["id"] == test
    assert (await it.get(f"{ALL}/{prod}")).data["error_notification_emails"] == "prod@x.example"
    assert [row["id"] for row in (await it.get(f"{ONE}/folders")).result] == [folder]
    assert (await it.get(f"{ALL}/{test}/folders")).result == []
    rows = (await it.get(ALL)).result
    assert [(row["id"] - FIRST, "environments" in row) for row in rows] == [(n, n == 0) for n in range(5)]
    assert it.keys("environments.provisioned") == ["ORG-1"]
    again = await it.post(f"{ONE}/environments")
    assert (again.status, "already" in again.text) == (400, True)
    assert (await it.post(f"{ALL}/{test}/environments")).status == 400
    assert (await it("DELETE", f"{ALL}/{test}")).status == 400
    await it("DELETE", ONE)
    for gone in (FIRST, test, prod):
        assert (await it.get(f"{ALL}/{gone}")).status == 404


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"dev": {"external_id": "x"}}, "Conflicting attributes"),
        ({"moon": {}}, "Environment not found: moon"),
        ({"test": {"external_id": "ORG-2"}}, "has already been taken"),
        ({"test": {"external_id": "x"}, "prod": {"external_id": "x"}}, "has already been taken"),
        ({"test": 7}, "is not an object of objects"),
        ([], "is not an object"),
    ],
)
async def test_settings_that_no_environment_can_have_are_400(it: Vendor, settings: Any, said: str) -> None:
    for method, path in (("POST", f"{ONE}/environments"), ("PUT", ONE)):
        refused = await it(method, path, json={"environments": settings})
        assert (refused.status, said in refused.text) == (400, True), refused.text
    assert "environments" not in (await it.get(ONE)).data
    assert it.sandbox.effects() == []


async def test_a_customer_may_have_them_from_the_start_and_change_them(it: Vendor) -> None:
    refused = await it.put(ONE, json={"environments": {"test": {"external_id": "T"}}})
    assert (refused.status, "have not been provisioned" in refused.text) == (400, True)
    body = {"name": "n", "notification_email": "e@x.example", "environments": {"test": {"external_id": "T"}}}
    made = (await it.post(ALL, json=body)).data
    await it.put(f"{ALL}/{made['id']}", json={"environments": {"test": {"external_id": "T2"}}})
    assert (await it.get(f"{ALL}/ET2")).data["id"] == made["environments"]["test"]["id"]
    assert (await it.get(f"{ALL}/ET")).status == 404


async def test_metrics_of_chosen_customers(it: Vendor) -> None:
    body = {"managed_user_ids": [FIRST, str(FIRST + 1), FIRST + 99], "from": "2026-01-01", "to": "2026-02-01"}
    items = (await it.post("/api/v2/managed_users/statistics/usage", json=body)).result["items"]
    assert [row["managed_user_id"] - FIRST for row in items] == [0, 1]
    items = (await it.post("/api/v2/managed_users/statistics/connection_usage")).result["items"]
    assert (len(items), items[0]["active_connection_count"]) == (5, 0)
    wrong: dict[str, Any]
    for wrong in ({"managed_user_ids": "x"}, {"managed_user_ids": [None, {}]}, {"from": "yesterday"}):
        assert (await it.post("/api/v2/managed_users/statistics/usage", json=wrong)).status == 400


async def test_what_a_customer_is_made_with_can_be_read(it: Vendor) -> None:
    body = {"name": "n", "notification_email": "e@x.example", "whitelisted_apps": ["jira"]}
    saml = {"type": "saml_sso", "provider": "okta", "metadata_url": "https://x.example"}
    made = (await it.post(ALL, json=body | {"auth_settings": saml})).data
    assert (await it.get(f"{ALL}/{made['id']}")).data["whitelisted_apps"] == ["jira"]
    assert "auth_settings" not in made
    for wrong in ({"whitelisted_apps": "jira"}, {"auth_settings": {"type": "magic"}}):
        assert (await it.put(ONE, json=wrong)).status == 400
    assert (await it.put(ONE, json={"auth_settings": {"type": "saml_sso", "provider": "okta"}})).status == 400
