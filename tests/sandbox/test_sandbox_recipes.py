"""Recipes, jobs, packages and test cases: what follows from a call, and what is refused.

The same calls from beginning to end are in test_recipes_through_resources.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from bulkops.sandbox.partner import EXAMPLE
from tests.sandbox.kit import FIRST, ON_ITS_WAY, Calls, Vendor, package, recipe, shop_package, until, vendor
from tests.sandbox.test_sandbox_exports import contents, fetched

CODE = recipe("x")["code"]


async def _made(call: Calls) -> dict[str, Any]:
    """A recipe with a connection that is authorized."""
    folder = (await call("folders.create", {"name": "Own"}))["id"]
    created = {"name": "Shop", "provider": "salesforce", "folder_id": folder, "input": {"host": "x"}}
    connection = (await call("connections.create", created))["id"]
    config = [{"keyword": "application", "provider": "salesforce", "account_id": connection, "skip_validation": False}]
    wanted = {"name": "Orders", "code": json.dumps(CODE), "config": json.dumps(config), "folder_id": str(folder)}
    answer = await call("recipes.create", {"recipe": wanted})
    return {"id": answer["id"], "folder": folder, "connection": connection}


async def test_a_recipe_has_a_version_for_each_content(it: Vendor) -> None:
    call = Calls(it)
    made = await _made(call)
    of = {"recipe_id": made["id"]}
    row = await call("recipes.get", **of)
    assert json.loads(row["code"]) == CODE
    assert (row["version_no"], row["running"], row["folder_id"]) == (1, False, made["folder"])
    assert row["config"][0]["account_id"] == made["connection"]
    (listed,) = await call("recipes.list", query={"folder_id": made["folder"], "exclude_code": "true"})
    assert (listed["id"], listed["code"]) == (made["id"], "")
    await call("recipes.update", {"recipe": {"name": "Orders 2"}}, **of)
    await call("recipes.update", {"recipe": {"name": "Orders 2", "code": CODE}}, **of)
    row = await call("recipes.get", **of)
    assert (row["name"], row["version_no"]) == ("Orders 2", 2)  # what was the same made no version
    await call("recipes.versions.get", None, 404, version_id=1, **of)
    copied = await call("recipes.copy", {"folder_id": str(made["folder"])}, **of)
    assert (await call("recipes.get", recipe_id=copied["new_flow_id"]))["name"] == "Copy of Orders 2"
    await call("recipes.delete", recipe_id=copied["new_flow_id"])
    assert it.keys("recipe.deleted") == ["Own/Copy of Orders 2"]
    assert it.keys("recipe.created") == ["Own/Orders", "Own/Copy of Orders 2"]


async def test_a_running_recipe_is_not_changed_and_a_wrong_one_not_made(it: Vendor) -> None:
    call = Calls(it)
    made = await _made(call)
    of = {"recipe_id": made["id"]}
    await call("recipes.start", **of)
    refused = await call("recipes.update", {"recipe": {"name": "No"}}, 400, **of)
    assert (refused["success"], refused["errors"]) == (False, {"running": ["can't modify running recipe"]})
    switch = {"adapter_name": "salesforce", "connection_id": made["connection"]}
    await call("recipes.connect", switch, 400, **of)
    await call("recipes.stop", **of)
    await call("recipes.connect", switch, **of)
    await call("recipes.connect", switch | {"adapter_name": "slack"}, 400, **of)
    await call("recipes.connect", switch | {"connection_id": 1}, 404, **of)
    for bad in ({"name": "x"}, {"code": "{"}, {"code": "[]"}, {"code": "{}", "config": '[{"account_id": 1}]'}):
        await call("recipes.create", {"recipe": bad}, 400)
    await call("recipes.create", {"recipe": {"code": "{}", "folder_id": "1"}}, 404)
    assert it.keys("recipe.created") == ["Own/Orders"]


async def test_jobs_are_paged_both_ways(it: Vendor) -> None:
    call = Calls(it)
    of = {"recipe_id": (await _made(call))["id"]}
    missing = await call("recipes.poll_now", None, 404, recipe_id=1)
    assert missing == {"success": False, "message": "Not Found"}
    await call("recipes.poll_now", None, 400, **of)  # it stands still
    await call("recipes.start", **of)
    for _ in range(30):
        await call("recipes.poll_now", **of)
    first = await call("jobs.list", **of)
    assert (first["job_count"], first["job_succeeded_count"], len(first["items"])) == (30, 30, 25)
    rest = await call("jobs.list", query={"offset_job_id": first["items"][-1]["id"]}, **of)
    assert [job["title"] for job in rest["items"]] == [f"Record {n}" for n in (5, 4, 3, 2, 1)]
    back = await call("jobs.list", query={"offset_job_id": rest["items"][0]["id"], "prev": "true"}, **of)
    assert back["items"] == first["items"]
    back = await call("jobs.list", query={"offset_job_id": rest["items"][-1]["id"], "prev": "true"}, **of)
    assert [job["title"] for job in back["items"]] == [f"Record {n}" for n in range(26, 1, -1)]
    await call("jobs.get", None, 404, job_id="j-x", **of)
    for bad in ([], [rest["items"][-1]["id"]] * 26, "x"):
        await call("jobs.repeat", {"job_ids": bad}, 400, **of)
    row = await call("recipes.get", **of)
    assert (row["job_succeeded_count"], row["last_run_at"] is not None) == (30, True)


async def test_a_package_of_what_is_gone_has_no_file(it: Vendor) -> None:
    call = Calls(it)
    made = await _made(call)
    assets = await call("export_manifests.folder_assets", query={"folder_id": made["folder"]})
    assert [(row["type"], row["zip_name"]) for row in assets] == [
        ("recipe", "orders.recipe.json"),
        ("connection", "shop.connection.json"),
    ]
    wanted = {"name": "Mine", "folder_id": made["folder"], "auto_generate_assets": True}
    manifest = await call("export_manifests.create", {"export_manifest": wanted})
    of = {"manifest_id": manifest["id"]}
    assert manifest["project_path"] == "Own"
    some = {"name": "Less", "assets": [{"id": made["id"], "type": "recipe", "absolute_path": "Own"}]}
    await call("export_manifests.update", {"export_manifest": some}, **of)
    assert len((await call("export_manifests.get", **of))["assets"]) == 1
    done = await _until_done(call, (await call("exports.create", **of))["id"])
    _, data = await fetched(it, done["download_url"])
    (file,) = [json.loads(content) for content in contents(data).values()]
    # what is not in the package is named all the same
    assert file["config"][0]["account_id"] == {"zip_name": "shop.connection.json", "name": "Shop", "folder": ""}
    await call("recipes.delete", recipe_id=made["id"])
    broken = await _until_done(call, (await call("exports.create", **of))["id"])
    assert (broken["status"], broken["download_url"]) == ("failed", None)
    assert "does not exist any more" in broken["error"]
    await call("export_manifests.delete", **of)
    assert it.keys("manifest.deleted") == ["Less"]


async def _until_done(call: Calls, id_: int) -> dict[str, Any]:
    return dict(await until(lambda: call("exports.get", package_id=id_), lambda row: row["status"] not in ON_ITS_WAY))


async def test_a_test_run_is_over_in_its_time(it: Vendor) -> None:
    call = Calls(it, "")
    (case,) = await call("test_cases.list", recipe_id=(await _made(call))["id"])
    run = await call("test_cases.run", {"test_case_ids": [case["id"]]})
    assert run["status"] == "in_progress"
    await call("test_cases.run", {}, 400)
    look = partial(call, "test_cases.run_status", run_request_id=run["id"])
    run = await until(look, lambda run: run["status"] == "completed")
    assert [(row["test_case_id"], row["status"]) for row in run["results"]] == [(case["id"], "succeeded")]
    await call("test_cases.run_status", None, 404, run_request_id="run-0")


async def test_the_partners_workspace_is_the_example_packages_project(it: Vendor) -> None:
    rows = (await it.get("/api/recipes?per_page=100")).data["items"]
    assert [row["name"] for row in rows if not row["running"]] == [
        "Nightly contact check",
        "New order to CRM",
        "Upsert CRM contact",
    ]
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    older = (await it.get(f"/api/recipes?since_id={rows[2]['id']}&per_page=2")).data["items"]
    assert [row["id"] for row in older] == [row["id"] for row in rows[3:5]]
    assert len((await it.get("/api/recipes?page=0")).data["items"]) == len(rows)
    assert (await it.put(f"/api/recipes/{rows[-1]['id']}/start")).data == {"success": True}
    assert it.keys("recipe.started") == ["CRM rollout/Functions/Upsert CRM contact"]
    assert it.sandbox.effects()[-1]["account"] is None


async def test_the_partner_imports_into_its_own_workspace(it: Vendor) -> None:
    folder = (await it.post("/api/folders", json={"name": "New"})).data["id"]
    raw = {"Content-Type": "application/octet-stream"}
    begun = (await it.post(f"/api/packages/import/{folder}", data=shop_package(), headers=raw)).data
    assert begun["operation_type"] == "import"
    await it.settled("import.completed", 1)
    done = (await it.get(f"/api/packages/{begun['id']}")).data
    assert (done["status"], done["download_url"], len(done["recipe_status"])) == ("completed", None, 1)
    (made,) = (await it.get(f"/api/recipes?folder_id={folder}")).data["items"]
    assert (made["name"], made["id"]) == ("Orders", done["recipe_status"][0]["id"])
    assert (await it.get(f"/api/packages/{begun['id']}/download", allow_redirects=False)).status == 404
    assert (await it.post("/api/packages/import/1", data=shop_package(), headers=raw)).status == 404


async def test_public_recipes_are_searched_from_page_zero_on(it: Vendor) -> None:
    first, second, third = [
        (await it.get(f"/api/recipes/search?applications=&page={page}")).data["items"] for page in (0, 1, 2)
    ]
    assert (len(first), len(second)) == (20, 20)
    assert 0 < len(third) < 20
    assert len({row["id"] for row in (*first, *second, *third)}) == 40 + len(third)
    body = {"applications": "salesforce,jira", "term": "RECORD"}  # the vendor's page has it in the body of a GET
    found = (await it.get("/api/recipes/search", json=body)).data["items"]
    assert found
    assert all({"salesforce", "jira"} == set(row["applications"]) for row in found)
    assert (await it.get("/api/recipes/search?applications=nothing")).data["items"] == []


async def test_a_waiting_job_is_resumed_by_its_token(it: Vendor) -> None:
    waits = {"number": 0, "provider": "clock", "keyword": "trigger", "block": [{"name": "wait_for_resume"}]}
    made = (await it.post("/api/recipes", json={"recipe": {"name": "W", "code": json.dumps(waits)}})).data["id"]
    await it.put(f"/api/recipes/{made}/start")
    await it.post(f"/api/recipes/{made}/poll_now")
    (job,) = (await it.get(f"/api/recipes/{made}/jobs?status=pending")).data["items"]
    assert (job["status"], job["completed_at"]) == ("pending", None)
    resumed = await it.post("/api/job/resume", json={"token": job["id"], "data": {"x": 1}})
    assert (resumed.status, resumed.text) == (204, "")
    assert (await it.get(f"/api/recipes/{made}/jobs/{job['id']}")).data["status"] == "succeeded"
    assert (await it.post("/api/job/resume", json={"token": job["id"]})).status == 400
    assert (await it.post("/api/job/resume", json={"token": "j-x"})).status == 404


async def test_a_trigger_backs_off_after_a_failure_and_says_for_how_long() -> None:
    async with vendor(time_scale=20.0, retry_after=False) as it:
        folder = await it.folder()
        await it.imported(shop_package(), folder)
        (connection,) = await it.connections()
        (made,) = await it.recipes()
        at = f"/api/managed_users/{FIRST}"
        await it.put(f"{at}/connections/{connection['id']}", json={"input": {"host": "x"}})
        assert (await it.put(f"{at}/recipes/{made['id']}/start")).data == {"success": True}
        await it.post(f"{at}/connections/{connection['id']}/disconnect?force=true")
        assert (await it.post(f"{at}/recipes/{made['id']}/poll_now")).data == {"success": True}
        refused = await it.post(f"{at}/recipes/{made['id']}/poll_now")
        assert (refused.status, refused.headers["Retry-After"]) == (429, "3")  # of this call, whatever --no-retry-after
        jobs = (await it.get(f"{at}/recipes/{made['id']}/jobs?failed=true")).result
        assert (jobs["job_failed_count"], len(jobs["items"])) == (1, 1)
        assert jobs["items"][0]["error"] == "connection 'Shop' is not authorized"
        assert jobs["items"][0]["error_parts"].keys() == {"error_type", "message", "error_id", "input"}


async def test_recipes_of_a_package_call_each_other_by_number(it: Vendor) -> None:
    await it.imported(EXAMPLE.read_bytes(), await it.folder())
    by_name = {row["name"]: row for row in await it.recipes()}
    caller, callee = by_name["New order to CRM"], by_name["Upsert CRM contact"]
    assert json.loads(caller["code"])["block"][0]["input"]["flow_id"] == callee["id"]
    at = f"/api/managed_users/{FIRST}/recipes/{caller['id']}"
    assert (await it.put(at, json={"recipe": {"code": caller["code"]}})).data == {"success": True}
    assert (await it.put(at, json={"recipe": {"name": "Renamed"}})).data == {"success": True}
    after = (await it.get(at)).data
    assert (after["version_no"], after["code"]) == (2, caller["code"])
    copied = (await it.post(f"{at}/copy", json={})).data["new_flow_id"]
    assert (await it.get(f"/api/managed_users/{FIRST}/recipes/{copied}")).data["code"] == caller["code"]


async def test_what_leaves_one_workspace_arrives_in_another(it: Vendor) -> None:
    folder = await it.folder()
    files = {"Sub/a.recipe.json": recipe("A", said="Shop"), "b.recipe.json": recipe("B", connection=None)}
    files |= {"conn.connection.json": {"name": "Shop", "provider": "salesforce", "root_folder": False}}
    await it.imported(package(files), folder)
    call = Calls(it)
    wanted = {"name": "All", "folder_id": folder, "auto_generate_assets": True}
    manifest = (await call("export_manifests.create", {"export_manifest": wanted}))["id"]
    done = await _until_done(call, (await call("exports.create", manifest_id=manifest))["id"])
    _, data = await fetched(it, done["download_url"])
    other = await it.folder("Other", account=FIRST + 1)
    assert (await it.imported(data, other, account=FIRST + 1))["status"] == "completed"
    here, there = await it.recipes(), await it.recipes(account=FIRST + 1)
    for row, twin in zip(here, there, strict=True):
        assert (row["name"], row["code"]) == (twin["name"], twin["code"])
    (shell,) = await it.connections(account=FIRST + 1)
    assert {entry["account_id"] for row in there for entry in row["config"]} == {None, shell["id"]}
