"""API clients of both workspaces, and the audit log."""

from __future__ import annotations

import pytest

from tests.sandbox.kit import FIRST, Vendor


@pytest.mark.parametrize("base", [f"/api/v2/managed_users/{FIRST}", "/api"])
async def test_a_developer_api_client_shows_its_token_once(it: Vendor, base: str) -> None:
    roles = (await it.get(f"{base}/developer_api_client_roles")).result
    assert roles == {"count": 1, "items": [{"id": 26779, "name": "Full access"}]}
    copied = (await it.post(f"{base}/developer_api_client_roles/26779/copy")).result
    assert copied["name"] == "Full access copy"
    body = {"name": "CI", "api_privilege_group_id": copied["id"], "all_folders": True}
    clients = f"{base}/developer_api_clients"
    made = (await it.post(clients, json=body)).result
    assert made["token"]["value"]
    shown = (await it.get(f"{clients}/{made['id']}")).result
    assert shown == {**made, "token": {"updated_at": made["token"]["updated_at"]}}
    assert (await it.get(clients)).result == {"count": 1, "items": [shown]}
    again = (await it.post(f"{clients}/{made['id']}/regenerate")).result
    assert again["token"]["value"] not in {"", made["token"]["value"]}
    renamed = await it.put(f"{clients}/{made['id']}", json=body | {"name": "CD"})
    assert (renamed.result["name"], renamed.result["environment_name"]) == ("CD", "Development")
    for wrong, said in (
        ({"name": "x"}, "api_privilege_group_id"),
        (body | {"api_privilege_group_id": 1}, "is not there"),
        (body | {"all_folders": "false"}, "folder_ids"),
        (body | {"environment_name": "Moon"}, "Environment not found: Moon"),
    ):
        refused = await it.post(clients, json=wrong)
        assert (refused.status, said in refused.text) == (400, True), refused.text
    assert (await it("DELETE", f"{clients}/{made['id']}")).data == {"result": {"success": True}}
    assert (await it.get(f"{clients}/{made['id']}")).status == 404


async def test_the_audit_log_is_the_ledger_of_one_workspace(it: Vendor) -> None:
    path = f"/api/managed_users/{FIRST}/activity_logs"
    for name in ("A", "B", "C"):
        await it.folder(name)
    await it.folder("D", account=FIRST + 1)
    await it.post(f"/api/managed_users/{FIRST}/members", json={"name": "Ana", "role_name": "Admin"})
    log = (await it.get(path)).data
    assert [(row["event_type"], row["resource"]["name"]) for row in log["data"]] == [
        *(("folder_created", name) for name in "ABC"),
        ("member_added", "Ana"),
    ]
    assert (log["total"], log["data"][0]["workspace"]["id"]) == (4, FIRST)
    first, second = (row["id"] for row in log["data"][:2])
    page = (await it.get(f"{path}?page[after]={first}&page[size]=2")).data["data"]
    assert [row["resource"]["name"] for row in page] == ["B", "C"]
    assert page[0]["id"] == second

    async def names(query: str) -> list[str]:
        return [row["resource"]["name"] for row in (await it.get(f"{path}?{query}")).data["data"]]

    assert await names("include_event_types[]=member_added") == ["Ana"]
    assert await names("exclude_event_types[]=member_added&exclude_resource_types[]=x") == ["A", "B", "C"]
    assert await names("include_resource_types[]=member&include_resource_types[]=folder") == ["A", "B", "C", "Ana"]
    assert await names("users_ids[]=1") == []
    assert await names("from=2000-01-01&to=2001-01-01") == []
    assert (await it.get(f"{path}?from=soon")).status == 400
    await it.post("/api/customer_managers", json={"team_collaborator_id": 4400, "role_id": 2})
    assert (await it.get("/api/activity_logs")).data["data"][0]["event_type"] == "customer_manager_created"
