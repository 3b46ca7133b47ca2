"""What a change leaves behind: each effect shows in the reads that come after it, and nothing is dropped in silence."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bulkops.sandbox import SandboxSettings
from bulkops.sandbox.handlers import ANSWERS
from bulkops.sandbox.request import ApiRequest
from bulkops.sandbox.state import State
from tests.sandbox.kit import FIRST, Vendor, shop_package
from tests.virtual_time import run_virtual

HOME = f"/api/managed_users/{FIRST}"
V2 = f"/api/v2/managed_users/{FIRST}"


async def _shop(client: Vendor) -> tuple[int, int]:
    """Ids of a stopped recipe and of its connection, which is authorized."""
    await client.imported(shop_package(), await client.folder())
    (row,), (connection,) = await client.recipes(), await client.connections()
    await client.put(f"{HOME}/connections/{connection['id']}", json={"input": {"key": "k"}})
    return row["id"], connection["id"]


async def test_a_recipe_is_renamed_although_its_connection_is_gone(it: Vendor) -> None:
    recipe_id, connection_id = await _shop(it)
    await it.post(f"{HOME}/connections/{connection_id}/disconnect")
    assert (await it.delete(f"{HOME}/connections/{connection_id}")).status == 200
    changed = await it.put(f"{HOME}/recipes/{recipe_id}", json={"recipe": {"name": "Renamed"}})
    assert changed.data == {"success": True}
    (row,) = await it.recipes()
    assert (row["name"], row["version_no"]) == ("Renamed", 2)
    started = await it.put(f"{HOME}/recipes/{recipe_id}/start")
    assert "connection 'Shop' is missing" in started.text
    odd = await it.put(f"{HOME}/recipes/{recipe_id}", json={"recipe": {"description": {"a": 1}}})
    assert odd.status == 400


async def test_a_list_that_says_how_many_there_are_means_all_of_them(it: Vendor) -> None:
    recipe_id, _ = await _shop(it)
    folder = (await it.get("/api/folders")).data[0]["id"]
    for n in range(3):
        await it.post(f"{V2}/tags", json={"title": f"T{n}"})
        await it.put(f"{HOME}/recipes/{recipe_id}", json={"recipe": {"description": f"D{n}"}})
        table = {"name": f"D{n}", "folder_id": folder, "schema": [{"name": "a", "type": "string"}]}
        await it.post("/api/data_tables", json=table)
    for path, total in ((f"{HOME}/recipes/{recipe_id}/versions", 4), ("/api/members", 3)):
        page = (await it.get(f"{path}?per_page=2&page=2")).data
        assert page["total"] == total, path
    for path in (f"{V2}/tags", "/api/data_tables"):
        (page,) = (await it.get(f"{path}?per_page=2&page=2")).data.values()
        assert len(page.get("tags", page) if isinstance(page, dict) else page) == 1, path


async def test_a_tag_that_is_deleted_is_on_nothing_any_more(it: Vendor) -> None:
    recipe_id, connection_id = await _shop(it)
    handles = [(await it.post(f"{V2}/tags", json={"title": t})).data["handle"] for t in "AB"]
    body = {"add_tags": handles, "recipe_ids": [str(recipe_id)], "connection_ids": [connection_id]}
    assert (await it.post(f"{V2}/tags_assignments", json=body)).data == {"success": True}
    await it.delete(f"{V2}/tags/{handles[0]}")
    for rows in (await it.recipes("?includes[]=tags"), await it.connections("?includes[]=tags")):
        assert [row["tags"] for row in rows] == [[handles[1]]]
    assert (await it.post(f"{V2}/tags_assignments", json=body)).status == 404
    body["recipe_ids"] = ["x"]
    assert (await it.post(f"{V2}/tags_assignments", json=body)).status == 400


async def test_null_takes_an_external_id_or_a_description_away(it: Vendor) -> None:
    cleared = await it.put(HOME, json={"external_id": None})
    assert cleared.data["external_id"] is None
    assert (await it.get("/api/managed_users/EORG-1")).status == 404
    assert (await it.get(HOME)).data["external_id"] is None
    again = await it.put(HOME, json={"name": "N", "external_id": "ORG-1"})
    assert again.data["external_id"] == "ORG-1"
    assert (await it.get("/api/managed_users/EORG-1")).data["id"] == FIRST
    assert len(it.keys("customer.updated")) == 2  # one effect for each request
    await it.folder()
    (project,) = (await it.get(f"{HOME}/projects")).result
    path = f"{HOME}/projects/{project['id']}"
    assert (await it.put(path, json={"description": "About"})).data["description"] == "About"
    assert (await it.put(path, json={"name": "Other"})).data["description"] == "About"
    assert (await it.put(path, json={"description": None})).data["description"] is None


async def test_a_customer_and_its_environments_share_no_external_id(it: Vendor) -> None:
    body = {"name": "N", "notification_email": "n@x.example", "external_id": "X"}
    both = body | {"environments": {"test": {"external_id": "X"}}}
    assert (await it.post("/api/managed_users", json=both)).status == 400
    made = (await it.post("/api/managed_users", json=body)).data["id"]
    await it.post(f"/api/managed_users/{made}/environments")
    change = {"external_id": "Y", "environments": {"prod": {"external_id": "Y"}}}
    assert (await it.put(f"/api/managed_users/{made}", json=change)).status == 400
    change["environments"] = {"prod": {"external_id": "Z"}}
    changed = await it.put(f"/api/managed_users/{made}", json=change)
    assert (await it.get("/api/managed_users/EY")).data["id"] == made
    assert (await it.get("/api/managed_users/EZ")).data["id"] == changed.data["environments"]["prod"]["id"]
    assert it.keys("customer.updated") == ["Y"]


async def test_a_role_that_is_changed_says_when(it: Vendor) -> None:
    before = {row["id"]: row["updated_at"] for row in (await it.get("/api/roles")).data}
    await asyncio.sleep(0.002)
    await it.put("/api/roles/310", json={"all_folders": "false", "folder_ids": []})
    after = {row["id"]: row["updated_at"] for row in (await it.get("/api/roles")).data}
    assert after[310] > before[310]
    assert after[247] == before[247]


async def test_a_collection_out_of_a_document_has_recipes_that_start(it: Vendor) -> None:
    await it.folder("API")
    (project,) = (await it.get(f"{HOME}/projects")).result
    paths = {"/orders/{id}": {"get": {"summary": "Find order"}, "delete": {}}}
    spec = {"format": "json", "content": json.dumps({"paths": paths})}
    body = {"name": "Orders", "project_id": project["id"], "openapi_spec": spec}
    made = await it.post(f"{HOME}/api_collections", json=body)
    assert made.result["import_results"]["total_endpoints"] == 2
    endpoints = (await it.get(f"{HOME}/api_endpoints")).result
    rows = {row["id"]: row for row in await it.recipes(f"?folder_id={project['folder_id']}")}
    assert [rows[endpoint["flow_id"]]["name"] for endpoint in endpoints] == ["Find order", "delete /orders/{id}"]
    enable = f"{HOME}/api_endpoints/{endpoints[0]['id']}/enable"
    assert (await it.put(enable)).status == 400
    assert (await it.put(f"{HOME}/recipes/{endpoints[0]['flow_id']}/start")).data == {"success": True}
    assert (await it.put(enable)).data == {"success": True}
    for wrong in ({}, {"content": "no"}, "x", {"content": '{"paths": 1}'}):
        refused = await it.post(f"{HOME}/api_collections", json={"name": "P", "openapi_spec": wrong})
        assert refused.status == 400


async def test_a_collection_goes_with_its_folder_and_is_content_of_it(it: Vendor) -> None:
    folder, other = await it.folder("API"), await it.folder("Other")
    by_folder = {row["folder_id"]: row["id"] for row in (await it.get(f"{HOME}/projects")).result}
    made = (await it.post(f"{HOME}/api_collections", json={"name": "C", "project_id": by_folder[folder]})).result
    body = {"name": "Portal", "api_collection_ids": [made["id"]], "auth_type": "token"}
    client = (await it.post(f"{V2}/api_clients", json=body)).data["data"]
    refused = await it.delete(f"{HOME}/folders/{folder}")
    assert (refused.status, refused.data) == (403, {"message": "Cannot destroy folder"})
    await it.put(f"{HOME}/folders/{folder}", json={"parent_id": other})
    (row,) = (await it.get(f"{HOME}/api_collections")).result
    assert row["project_id"] == str(by_folder[other])
    assert (await it.delete(f"{HOME}/folders/{folder}?force=true")).status == 200
    assert (await it.get(f"{HOME}/api_collections")).result == []
    assert (await it.get(f"{V2}/api_clients/{client['id']}")).data["data"]["api_collections"] == []


async def test_a_lookup_says_by_what_and_finds_only_what_is_there(it: Vendor) -> None:
    tables = []
    for name in ("T", "U"):
        body = {"name": name, "schema": [{"label": "code"}, {"label": "name"}]}
        made = await it.post(f"{HOME}/lookup_tables", json={"lookup_table": body})
        tables.append(f"{HOME}/lookup_tables/{made.result['id']}")
        await it.post(f"{tables[-1]}/rows", json={"data": {"code": "DE"}})
    assert (await it.get(f"{tables[0]}/lookup?by[code]=DE")).result["data"] == {"col1": "DE"}
    assert (await it.get(f"{tables[0]}/lookup?by[name]=None")).status == 404
    assert (await it.get(f"{tables[0]}/lookup")).status == 400
    once = it.keys("lookup_table_row.created")
    await it.post(f"{tables[0]}/rows", json={"data": {"code": "DE"}})
    assert len(set(once)) == 2  # of two tables
    assert it.keys("lookup_table_row.created") == [*once, once[0]]  # a doubled row shows as one


async def test_recipes_stopped_since_a_moment(it: Vendor) -> None:
    recipe_id, _ = await _shop(it)
    await it.put(f"{HOME}/recipes/{recipe_id}/start")
    assert await it.recipes("?stopped_after=2020-01-01T00:00:00Z") == []
    await it.put(f"{HOME}/recipes/{recipe_id}/stop")
    assert [row["id"] for row in await it.recipes("?stopped_after=2020-01-01T00:00:00Z")] == [recipe_id]
    assert await it.recipes("?stopped_after=2999-01-01T00:00:00Z") == []
    assert (await it.get(f"{HOME}/recipes?stopped_after=soon")).status == 400


async def test_a_walk_over_waiting_jobs_survives_that_one_goes_on(it: Vendor) -> None:
    code = {"number": 0, "provider": "clock", "block": [{"number": 1, "name": "wait_for_resume"}]}
    made = await it.post("/api/recipes", json={"recipe": {"name": "R", "code": json.dumps(code)}})
    path = f"/api/recipes/{made.data['id']}"
    await it.put(f"{path}/start")
    for _ in range(30):
        await it.post(f"{path}/poll_now")
    jobs = f"{path}/jobs?status=pending"
    first = (await it.get(jobs)).data["items"]
    assert len(first) == 25
    assert (await it.post("/api/job/resume", json={"token": first[-1]["id"]})).status == 204
    rest = (await it.get(f"{jobs}&offset_job_id={first[-1]['id']}")).data["items"]
    assert len({job["id"] for job in (*first, *rest)}) == 30
    back = (await it.get(f"{jobs}&offset_job_id={rest[0]['id']}&prev=true")).data["items"]
    assert [job["id"] for job in back] == [job["id"] for job in first[:-1]]


async def test_jobs_are_counted_where_use_is_told(it: Vendor) -> None:
    recipe_id, connection_id = await _shop(it)
    await it.put(f"{HOME}/recipes/{recipe_id}/start")
    await it.post(f"{HOME}/recipes/{recipe_id}/poll_now")
    await it.post(f"{HOME}/connections/{connection_id}/disconnect?force=true")
    await it.post(f"{HOME}/recipes/{recipe_id}/poll_now")
    assert (await it.get(HOME)).data["task_count"] == 1
    (row,) = (await it.post("/api/v2/managed_users/statistics/usage", json={"managed_user_ids": [FIRST]})).result[
        "items"
    ]
    assert (row["task_count"], row["job_succeeded_count"], row["job_failed_count"]) == (1, 1, 1)
    (used, *_) = (await it.get("/api/managed_users/usage")).result
    assert used["usage"][0]["task_count"] == 1


async def test_a_key_is_active_since_it_was_switched_on(it: Vendor) -> None:
    await it.post("/api/api_collections", json={"name": "C"})
    ids = [row["id"] for row in (await it.get("/api/api_collections")).data]
    body = {"name": "C", "auth_type": "token", "api_collection_ids": ids}
    owner = (await it.post("/api/v2/api_clients", json=body)).data["data"]
    keys = f"/api/v2/api_clients/{owner['id']}/api_keys"
    key = (await it.post(keys, json={"name": "K", "active": True})).data["data"]

    async def since(method: str, path: str, body: Any = None) -> str:
        await asyncio.sleep(0.002)
        return str((await it(method, f"{keys}/{key['id']}{path}", json=body)).data["data"]["active_since"])

    assert await since("PUT", "", {"name": "Renamed"}) == key["active_since"]
    assert await since("PUT", "/refresh_secret") == key["active_since"]
    assert await since("PUT", "/disable") == key["active_since"]
    assert await since("PUT", "/enable") > key["active_since"]


def test_nothing_arrives_in_a_customer_that_is_gone() -> None:
    async def imports(*, deleted: bool) -> list[str]:
        state = State(SandboxSettings(customers=1, time_scale=1.0))
        customer = state.customers.find(str(FIRST))
        assert customer is not None
        query = {"folder_id": str(customer.workspace.home.id)}
        for _ in range(2):
            request = ApiRequest(state=state, customer=customer, names={}, query=query, body=shop_package())
            ANSWERS["managed_users.imports.create"].handler(request)
        if deleted:
            ANSWERS["managed_users.delete"].handler(ApiRequest(state=state, customer=customer, names={}, query={}))
        await asyncio.sleep(200)  # an import takes a minute at most
        return [effect["kind"] for effect in state.ledger.effects() if effect["kind"].startswith("import.")]

    assert run_virtual(imports(deleted=False)) == ["import.completed"] * 2
    assert run_virtual(imports(deleted=True)) == []


async def test_a_manifest_builds_its_package_at_once_when_asked_to(it: Vendor) -> None:
    folder = await it.folder()
    await it.imported(shop_package(), folder)
    wanted = {"name": "M", "auto_generate_assets": True, "folder_id": folder, "auto_run": True}
    made = await it.post(f"{HOME}/export_manifests", json={"export_manifest": wanted})
    assert made.result["last_exported_at"] is not None
    assert it.keys("package.exported") == [str(made.result["id"])]
    rows = [{"id": row["id"], "type": "recipe", "zip_name": "same.json"} for row in await it.recipes()] * 2
    twice = {"export_manifest": {"name": "M", "assets": rows}}
    assert (await it.post(f"{HOME}/export_manifests", json=twice)).status == 400


async def test_properties_of_a_project_are_not_those_of_the_environment(it: Vendor) -> None:
    await it.folder()
    (project,) = (await it.get(f"{HOME}/projects")).result
    for query in ("", f"?project_id={project['id']}"):
        await it.post(f"{HOME}/properties{query}", json={"properties": {"a": "1"}})
    assert it.keys("property.set") == ["a", f"{project['id']}/a"]


@pytest.mark.parametrize("chosen", [{"recipe_id": 1}, {"manifest_id": 1}])
async def test_test_cases_of_what_is_not_there_are_not_run(it: Vendor, chosen: dict[str, int]) -> None:
    assert (await it.post(f"{HOME}/test_cases/run_requests", json=chosen)).status == 404
    assert it.keys("test.run") == []
