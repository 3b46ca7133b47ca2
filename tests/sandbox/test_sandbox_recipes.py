"""Every call for recipes, jobs, packages and test cases: of a customer and of the partner, each with its effect."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import attrs

from bulkops.catalogue import CALLS
from bulkops.sandbox.partner import EXAMPLE
from tests.sandbox.kit import FIRST, Reply, Vendor, package, recipe, shop_package, vendor

GROUPS = {"recipes", "jobs", "recipe_lifecycle", "test_automation"}

REQUIRED = {
    *("id", "user_id", "name", "created_at", "updated_at", "copy_count", "action_applications", "applications"),
    *("description", "parameters_schema", "parameters", "webhook_url", "folder_id", "running", "job_succeeded_count"),
    *("job_failed_count", "lifetime_task_count", "version_no", "stop_cause", "config", "trigger_closure", "code"),
    *("author_name", "version_author_name", "version_author_email", "version_comment"),
}
"""The 26 members of a recipe that the vendor's OpenAPI document requires."""

CODE = recipe("x")["code"]


@attrs.define
class Walker:
    """Calls by their catalogue id, with the customer's prefix or none; keeps which ones were asked."""

    it: Vendor
    prefix: str
    request: set[str] = attrs.field(factory=set)

    async def __call__(self, name: str, body: object = None, *, query: str = "", **path: Any) -> Reply:
        twins = {"jobs.": "recipes.jobs.", "exports.create": "packages.export", "exports.get": "packages.get"}
        if not self.prefix:
            for twin, own in twins.items():
                name = own + name.removeprefix(twin) if name.startswith(twin) else name
        call = CALLS[self.prefix + name]
        self.request.add(call.id)
        names = {"managed_user_id": FIRST, **path}
        names["job_handle"] = names.get("job_id")
        address = call.path.format_map(names) + query
        if isinstance(body, bytes):
            return await self.it(call.method, address, data=body, headers={"Content-Type": "application/octet-stream"})
        return await self.it(call.method, address, json=body)

    async def get(self, name: str, **path: Any) -> Any:
        reply = await self(name, **path)
        assert reply.status == 200, reply
        data = reply.data
        for wrapper in ("result", "data", "items"):
            if isinstance(data, dict) and (data.keys() - {"total"}) == {wrapper}:
                data = data[wrapper]
        return data


async def _made(walk: Walker) -> dict[str, Any]:
    """A recipe with a connection that is authorized."""
    prefix = f"/api/managed_users/{FIRST}" if walk.prefix else "/api"
    folder = (await walk.it.post(f"{prefix}/folders", json={"name": "Own"})).data["id"]
    created = {"name": "Shop", "provider": "salesforce", "folder_id": folder, "input": {"host": "x"}}
    connection = (await walk.it.post(f"{prefix}/connections", json=created)).data["id"]
    config = [{"keyword": "application", "provider": "salesforce", "account_id": connection, "skip_validation": False}]
    wanted = {"name": "Orders", "code": json.dumps(CODE), "config": json.dumps(config), "folder_id": str(folder)}
    made = await walk("recipes.create", {"recipe": wanted})
    assert made.status == 200
    answer = made.data["result"] if walk.prefix else made.data
    assert answer["success"] is True
    return {"id": answer["id"], "folder": folder, "connection": connection}


async def _recipes(walk: Walker) -> None:
    made = await _made(walk)
    of = {"recipe_id": made["id"]}
    row = await walk.get("recipes.get", **of)
    assert row.keys() >= REQUIRED
    assert json.loads(row["code"]) == CODE
    assert (row["version_no"], row["running"], row["folder_id"]) == (1, False, made["folder"])
    assert row["config"][0]["account_id"] == made["connection"]
    listed = await walk.get("recipes.list", query=f"?folder_id={made['folder']}&exclude_code=true")
    assert [each["id"] for each in listed] == [made["id"]]
    assert listed[0].keys() >= REQUIRED
    assert (listed[0]["code"], listed[0]["stop_cause"]) == ("", None)
    assert "tags" in (await walk.get("recipes.list", query="?includes[]=tags"))[0]

    assert (await walk("recipes.update", {"recipe": {"name": "Orders 2"}}, **of)).data == {"success": True}
    assert (await walk("recipes.update", {"recipe": {"name": "Orders 2", "code": CODE}}, **of)).data["success"]
    row = await walk.get("recipes.get", **of)
    assert (row["name"], row["version_no"]) == ("Orders 2", 2)  # what was the same made no version
    assert [each["version_no"] for each in await walk.get("recipes.versions.list", **of)] == [2, 1]
    if walk.prefix:
        version = (await walk.get("recipes.versions.list", **of))[1]
        at = {**of, "version_id": version["id"]}
        assert await walk.get("recipes.versions.get", **at) == version
        said = (await walk("recipes.versions.update", {"comment": "first"}, **at)).data["data"]
        assert said == version | {"comment": "first"}
        assert (await walk("recipes.versions.get", recipe_id=made["id"], version_id=1)).status == 404

    assert (await walk("recipes.start", **of)).data == {"success": True}
    refused = await walk("recipes.update", {"recipe": {"name": "No"}}, **of)
    assert (refused.status, refused.data["success"]) == (400, False)
    assert refused.data["errors"] == {"running": ["can't modify running recipe"]}
    switch = {"adapter_name": "salesforce", "connection_id": made["connection"]}
    assert (await walk("recipes.connect", switch, **of)).status == 400
    assert (await walk("recipes.stop", **of)).data == {"success": True}
    assert (await walk("recipes.connect", switch, **of)).data == {"success": True}
    assert (await walk("recipes.connect", switch | {"adapter_name": "slack"}, **of)).status == 400
    assert (await walk("recipes.connect", switch | {"connection_id": 1}, **of)).status == 404

    copied = (await walk("recipes.copy", {"folder_id": str(made["folder"])}, **of)).data
    assert copied["success"] is True
    assert (await walk.get("recipes.get", recipe_id=copied["new_flow_id"]))["name"] == "Copy of Orders 2"
    assert (await walk("recipes.delete", recipe_id=copied["new_flow_id"])).data == {"success": True}
    assert (await walk("recipes.delete", recipe_id=copied["new_flow_id"])).status == 404
    assert walk.it.keys("recipe.deleted") == ["Own/Copy of Orders 2"]
    assert walk.it.keys("recipe.created") == ["Own/Orders", "Own/Copy of Orders 2"]
    for bad in ({"name": "x"}, {"code": "{"}, {"code": "[]"}, {"code": "{}", "config": '[{"account_id": 1}]'}):
        assert (await walk("recipes.create", {"recipe": bad})).status == 400
    assert (await walk("recipes.create", {"recipe": {"code": "{}", "folder_id": "1"}})).status == 404


async def _jobs(walk: Walker) -> None:
    made = await _made(walk)
    of = {"recipe_id": made["id"]}
    missing = await walk("recipes.poll_now", recipe_id=1)
    assert (missing.status, missing.data) == (404, {"success": False, "message": "Not Found"})
    assert (await walk("recipes.poll_now", **of)).status == 400  # it stands still
    await walk("recipes.start", **of)
    for _ in range(30):
        assert (await walk("recipes.poll_now", **of)).data == {"success": True}
    first = await walk.get("jobs.list", **of)
    assert (first["job_count"], first["job_succeeded_count"], len(first["items"])) == (30, 30, 25)
    rest = await walk.get("jobs.list", query=f"?offset_job_id={first['items'][-1]['id']}", **of)
    assert [job["title"] for job in rest["items"]] == [f"Record {n}" for n in (5, 4, 3, 2, 1)]
    back = await walk.get("jobs.list", query=f"?offset_job_id={rest['items'][0]['id']}&prev=true", **of)
    assert back["items"] == first["items"]
    job = rest["items"][-1]
    assert await walk.get("jobs.get", job_id=job["id"], **of) == job
    assert job.keys() >= {"handle", "recipe_id", "started_at", "completed_at", "is_error", "is_poll_error", "lines"}
    assert (await walk("jobs.get", job_id="j-x", **of)).status == 404
    assert (await walk("jobs.repeat", {"job_ids": [job["id"]]}, **of)).data == {"success": True}
    repeated = await walk.get("jobs.list", query="?rerun_only=true", **of)
    assert [each["title"] for each in repeated["items"]] == ["Record 1"]
    for bad in ([], [job["id"]] * 26, "x"):
        assert (await walk("jobs.repeat", {"job_ids": bad}, **of)).status == 400
    assert (await walk("recipes.reset_trigger", **of)).data == {"success": True}
    await walk("recipes.poll_now", **of)  # every record once more, and a new one
    row = await walk.get("recipes.get", **of)
    assert (row["job_succeeded_count"], row["last_run_at"] is not None) == (30 + 1 + 31, True)


async def _lifecycle(walk: Walker) -> None:
    made = await _made(walk)
    at = f"?folder_id={made['folder']}"
    assets = (await walk("export_manifests.folder_assets", query=at)).result["assets"]
    assert [(row["type"], row["zip_name"]) for row in assets] == [
        ("recipe", "orders.recipe.json"),
        ("connection", "shop.connection.json"),
    ]
    assert assets[0].keys() >= {"id", "name", "type", "root_folder", "zip_name", "checked"}
    wanted = {"name": "Mine", "folder_id": made["folder"], "auto_generate_assets": True}
    created = await walk("export_manifests.create", {"export_manifest": wanted})
    assert created.status == (200 if walk.prefix else 201)
    manifest = created.result["id"]
    of = {"manifest_id": manifest}
    assert created.result["project_path"] == "Own"
    assert len((await walk.get("export_manifests.get", **of))["assets"]) == 2
    some = {"name": "Less", "assets": [{"id": made["id"], "type": "recipe", "absolute_path": "Own"}]}
    assert (await walk("export_manifests.update", {"export_manifest": some}, **of)).result["name"] == "Less"
    begun = await walk.get("exports.create", **of)
    assert (begun["operation_type"], begun["export_manifest_id"]) == ("export", manifest)
    done = await _until_done(walk, begun["id"])
    async with walk.it.http.get(done["download_url"]) as reply:
        data = await reply.read()
    assert data[:2] == b"PK"
    await walk("recipes.delete", recipe_id=made["id"])
    broken = await _until_done(walk, (await walk.get("exports.create", **of))["id"])
    assert (broken["status"], broken["download_url"]) == ("failed", None)
    assert "does not exist any more" in broken["error"]
    assert (await walk("export_manifests.delete", **of)).status == 200
    assert (await walk("export_manifests.get", **of)).status == 404
    assert walk.it.keys("manifest.deleted") == ["Less"]


async def _until_done(walk: Walker, id_: int) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            found: dict[str, Any] = await walk.get("exports.get", package_id=id_)
            if found["status"] != "in_progress":
                return found
            await asyncio.sleep(0.001)


async def _test_cases(walk: Walker) -> None:
    of = {"recipe_id": (await _made(walk))["id"]}
    (case,) = await walk.get("test_cases.list", **of)
    assert case["recipe_id"] == of["recipe_id"]
    run = (await walk("test_cases.run", {"test_case_ids": [case["id"]]})).data["data"]
    assert run["status"] == "in_progress"
    assert (await walk("test_cases.run", {})).status == 400
    if not walk.prefix:
        async with asyncio.timeout(60):
            found = run
            while found["status"] != "completed":
                await asyncio.sleep(0.001)
                found = await walk.get("test_cases.run_status", run_request_id=run["id"])
        assert [(row["test_case_id"], row["status"]) for row in found["results"]] == [(case["id"], "succeeded")]
        assert (await walk("test_cases.run_status", run_request_id="run-0")).status == 404


async def test_every_call_answers_and_has_its_effect() -> None:
    request: set[str] = set()
    for prefix in ("managed_users.", ""):
        for part in (_recipes, _jobs, _lifecycle, _test_cases):
            async with vendor() as it:
                walk = Walker(it, prefix)
                await part(walk)
                request |= walk.request
    left = {call.id for call in CALLS.values() if call.group in GROUPS} - request
    assert left == {
        *("managed_users.imports.create", "managed_users.imports.get"),  # in test_sandbox_imports
        *("packages.import", "packages.download", "recipes.search", "jobs.resume"),  # below
        *("recipes.versions.get", "recipes.versions.update"),  # as the customers' ones
        *("recipes.job_counts", "recipes.force_run"),  # in test_sandbox_newer_nouns
        *("recipes.health.start", "recipes.health.get"),  # in test_sandbox_newer_nouns
    }


async def test_the_partners_workspace_is_the_example_packages_project(it: Vendor) -> None:
    rows = (await it.get("/api/recipes?per_page=100")).data["items"]
    assert [row["name"] for row in rows if not row["running"]] == [
        "Nightly contact check",
        "New order to CRM",
        "Upsert CRM contact",
    ]
    assert all(row.keys() >= REQUIRED for row in rows)
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
    walk = Walker(it, "managed_users.")
    wanted = {"name": "All", "folder_id": folder, "auto_generate_assets": True}
    manifest = (await walk("export_manifests.create", {"export_manifest": wanted})).result["id"]
    done = await _until_done(walk, (await walk.get("exports.create", manifest_id=manifest))["id"])
    async with it.http.get(done["download_url"]) as reply:
        data = await reply.read()
    other = await it.folder("Other", account=FIRST + 1)
    assert (await it.imported(data, other, account=FIRST + 1))["status"] == "completed"
    here, there = await it.recipes(), await it.recipes(account=FIRST + 1)
    for row, twin in zip(here, there, strict=True):
        assert (row["name"], row["code"]) == (twin["name"], twin["code"])
    (shell,) = await it.connections(account=FIRST + 1)
    assert {entry["account_id"] for row in there for entry in row["config"]} == {None, shell["id"]}
