"""Each open question of the vendor's documents, answered either way: what the sandbox then does.

A probe says which of the choices it sees.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import bulkops
from bulkops.rate_limit import Limit
from bulkops.sandbox import Assumptions, Faults
from tests.sandbox.kit import FIRST, Vendor, package, recipe, shop_package, vendor

HOME = f"/api/managed_users/{FIRST}"

CRM_API = (Path(bulkops.__file__).parent / "_demo" / "crm-api.zip").read_bytes()

Probe = Callable[[Vendor], Awaitable[Any]]


async def status(client: Vendor, method: str, path: str, **options: Any) -> int:
    """Of an answer that is JSON with a message whenever it is an error."""
    reply = await client(method, path, **options)
    assert reply.status < 400 or reply.data["message"]
    return reply.status


async def stopped(client: Vendor, text: str = "") -> tuple[int, int]:
    """A folder with the stopped recipe of the shop's package; its connection is a shell."""
    folder = await client.folder()
    await client.imported(shop_package(text), folder)
    (row,) = await client.recipes()
    return folder, int(row["id"])


async def running(client: Vendor) -> tuple[int, int]:
    folder, recipe_id = await stopped(client)
    (connection,) = await client.connections()
    await client.put(f"{HOME}/connections/{connection['id']}", json={"input": {"key": "k"}})
    started = await client.put(f"{HOME}/recipes/{recipe_id}/start")
    assert started.data == {"success": True}
    return folder, recipe_id


async def missing_right(client: Vendor) -> Any:
    assert await status(client, "GET", f"{HOME}/folders") == 200
    return await status(client, "GET", f"{HOME}/connections")


async def foreign_customer(client: Vendor) -> Any:
    assert await status(client, "GET", "/api/managed_users/ENOBODY") == 404  # one's own word names nobody else's
    return await status(client, "GET", "/api/managed_users/17/folders")


async def duplicate_external_id(client: Vendor) -> Any:
    body = {"name": "N", "notification_email": "n@x.example", "external_id": "ORG-1"}
    reply = await client.post("/api/managed_users", json=body)
    assert reply.data["errors"] == {"external_id": ["has already been taken"]}
    return reply.status


async def e_ids(client: Vendor) -> Any:
    return await status(client, "GET", "/api/managed_users/EORG-1") == 200


async def large_page(client: Vendor) -> Any:
    reply = await client.get("/api/managed_users?per_page=1000")
    return "refused" if reply.status == 400 else {100: "cut", 101: "served"}[len(reply.data["result"])]


async def throttle_body(client: Vendor) -> Any:
    for _ in range(3):
        reply = await client.get(f"{HOME}/folders")
    assert reply.status == 429
    return {"": "empty", "<": "html", "{": "json"}[reply.text[:1]]


async def retry_after(client: Vendor) -> Any:
    for _ in range(3):
        reply = await client.get(f"{HOME}/folders")
    value = reply.headers["Retry-After"]
    return "seconds" if value.isdigit() else "date" if value.endswith("GMT") else value


async def rate_limit_headers(client: Vendor) -> Any:
    addresses = (f"{HOME}/folders", "/api/managed_users/1/folders", f"{HOME}/folders")  # nobody's customer counts too
    seen = [(await client.get(address)).headers for address in addresses]
    prefix = next((each for each in ("X-Rate-Limit", "X-RateLimit") if f"{each}-Limit" in seen[0]), None)
    if prefix is None:
        return "none"
    assert [headers[f"{prefix}-Limit"] for headers in seen] == ["2"] * 3
    assert [headers[f"{prefix}-Remaining"] for headers in seen] == ["1", "0", "0"]
    assert all(0 < int(headers[f"{prefix}-Reset"]) <= 60 for headers in seen)
    return prefix


async def error_body(client: Vendor) -> Any:
    assert (await client.get(f"{HOME}/recipes/1")).data["message"]  # a call that is older
    said = (await client.post(f"{HOME}/user_groups", json={})).data
    assert said in (
        {"message": "Validation failed", "errors": {"name": ["can't be blank"]}},
        {"error": "Validation failed", "error_type": "invalid_request"},
        {"errors": [{"code": 400, "title": "Validation failed", "detail": "name can't be blank"}]},
    )
    return next(iter(said))


async def correlation_id(client: Vendor) -> Any:
    sent = await client.get(f"{HOME}/folders", headers={"X-Correlation-Id": "mine"})
    seen = sent.headers.get("X-Correlation-Id")
    assert ("X-Correlation-Id" in (await client.get("/api/nothing")).headers) == (seen is not None)
    return {"mine": "echoed", None: "none"}.get(seen, "own")


async def import_limit_per(client: Vendor) -> Any:
    sent = [await status(client, "POST", f"/api/managed_users/{FIRST + n}/imports?folder_id=1") for n in (0, 1)]
    return {429: "partner", 404: "customer"}[sent[1]]


async def unstated_per_minute(client: Vendor) -> Any:
    (row,) = client.sandbox.requests()["quotas"]["assumed.customer.folders"]["limits"]
    return row["limit"]


async def import_over_running(client: Vendor) -> Any:
    folder, _ = await running(client)
    sent = await client.send_package(shop_package("new"), folder)
    if sent.status == 400:
        assert "restart_recipes" in sent.data["message"]
        return "refused"
    ended = await client.finished(sent.data["id"])
    assert "restart_recipes" in ended["error"]
    return ended["status"]


async def bad_zip(client: Vendor) -> Any:
    sent = await client.send_package(b"no zip", await client.folder())
    if sent.status == 400:
        assert sent.data["message"]
        return "refused"
    return (await client.finished(sent.data["id"]))["status"]


async def missing_connector(client: Vendor) -> Any:
    assert (await client.delete("/api/custom_connectors/562501/suppress_oem_version")).status == 200
    used = recipe("Sync", connection=None)
    used["config"].append({"keyword": "application", "provider": "example_connector_1", "account_id": None})
    sent = await client.send_package(package({"sync.recipe.json": used}), await client.folder())
    if sent.status == 400:
        assert "example_connector_1" in sent.data["message"]
        return "refused"
    ended = await client.finished(sent.data["id"])
    assert "example_connector_1" in ended["error"]
    return ended["status"]


async def second_import(client: Vendor) -> Any:
    folder = await client.folder()
    first = await client.send_package(shop_package("one"), folder)
    second = await client.send_package(shop_package("two"), folder)
    if second.status == 400:
        assert "in progress" in second.data["message"]
        return "refused"
    assert [(await client.finished(each.data["id"]))["status"] for each in (first, second)] == ["completed"] * 2
    return "queued"


async def unknown_folder(client: Vendor) -> Any:
    reply = await client.send_package(shop_package(), 17)
    assert reply.data["message"]
    return reply.status


async def home_assets(client: Vendor) -> Any:
    home = {"name": "Shop", "provider": "salesforce", "root_folder": True}
    packed, folder = package({"shop.connection.json": home}), await client.folder()
    sent = await client.send_package(packed, folder)
    assert (await client.send_package(packed, folder, query=f"&folder_id_for_home_assets={folder}")).status == 200
    return {200: "accepted", 422: "refused"}[sent.status]


async def package_status(client: Vendor) -> Any:
    return (await client.send_package(shop_package(), await client.folder())).data["status"]


async def file_lifetime_s(client: Vendor) -> Any:
    made = (await client.post("/api/packages/export/12")).data
    url = (await client.imported_by_partner(made["id"]))["download_url"]
    for _ in range(10):
        await asyncio.sleep(0.005)
        async with client.http.get(url) as reply:
            if reply.status == 403:
                return 7
    return 3600


async def recipe_status(client: Vendor) -> Any:
    return "recipe_status" in await client.imported(shop_package(), await client.folder())


def _kind(value: object) -> str:
    return type(value).__name__


async def untouched_result(client: Vendor) -> Any:
    ended = await client.imported(shop_package(), await client.folder())
    return ended["recipe_status"][0]["import_result"]


async def start_running(client: Vendor) -> Any:
    _, recipe_id = await running(client)
    again = [await status(client, "PUT", f"{HOME}/recipes/{recipe_id}/start")]
    await client.put(f"{HOME}/recipes/{recipe_id}/stop")
    again.append(await status(client, "PUT", f"{HOME}/recipes/{recipe_id}/stop"))
    return {"[200, 200]": "success", "[400, 400]": "refused"}[str(again)]


async def running_recipe_update(client: Vendor) -> Any:
    _, recipe_id = await running(client)
    reply = await client.put(f"{HOME}/recipes/{recipe_id}", json={"recipe": {"name": "New"}})
    assert reply.data["success"] is False
    assert reply.data["errors"] == {"running": ["can't modify running recipe"]}
    return reply.status


async def config_errors(client: Vendor) -> Any:
    _, recipe_id = await stopped(client)
    started = (await client.put(f"{HOME}/recipes/{recipe_id}/start")).data
    assert started["success"] is False
    return {"str": "text", "list": "nested"}[_kind(started["config_errors"][0])]


async def v1_api_clients(client: Vendor) -> Any:
    paths = (f"{HOME}/api_clients", f"{HOME}/api_access_profiles", "/api/api_clients", "/api/api_access_profiles")
    (seen,) = {await status(client, "GET", path) for path in paths}
    assert await status(client, "GET", f"/api/v2/managed_users/{FIRST}/api_clients") == 200
    return "served" if seen == 200 else str(seen)


async def nested_access_profiles(client: Vendor) -> Any:
    made = (await client.post(f"{HOME}/api_clients", json={"name": "Portal"})).result
    seen = await status(client, "POST", f"{HOME}/api_clients/{made['id']}/api_access_profiles")
    return "served" if seen == 400 else str(seen)  # 400: it wants a name


async def inferred_calls(client: Vendor) -> Any:
    seen = await status(client, "GET", f"{HOME}/api_portals")
    return "served" if seen == 200 else str(seen)


async def bad_credentials(client: Vendor) -> Any:
    await stopped(client)
    (connection,) = await client.connections()
    path = f"{HOME}/connections/{connection['id']}"
    seen = await status(client, "PUT", path, json={"input": {"key": "k"}})
    (after,) = await client.connections()
    return {(200, "failed"): "answer", (400, None): "refused"}[seen, after["authorization_status"]]


async def connection_in_use(client: Vendor) -> Any:
    await running(client)
    (connection,) = await client.connections()
    path = f"{HOME}/connections/{connection['id']}"
    (seen,) = {await status(client, "DELETE", path), await status(client, "POST", f"{path}/disconnect")}
    return seen


async def folder_not_empty(client: Vendor) -> Any:
    folder, _ = await stopped(client)
    return await status(client, "DELETE", f"{HOME}/folders/{folder}")


async def home_folders(client: Vendor) -> Any:
    for name in ("Old", "New"):
        await client.post(f"{HOME}/folders", json={"name": name})
    shown = [row["is_project"] for row in (await client.get(f"{HOME}/folders")).result]
    projects = [row["name"] for row in (await client.get(f"{HOME}/projects")).result]
    return {"Old New": "projects", "New": "mixed"}[" ".join(projects)] if shown == ["Old" in projects, True] else shown


async def single_objects(client: Vendor) -> Any:
    await client.post(f"{HOME}/folders", json={"name": "CRM"})
    row = (await client.get(f"{HOME}/folders")).result[0]
    changed = (await client.put(f"{HOME}/folders/{row['id']}", json={"name": "CRM 2"})).data
    saved = (await client.post(f"{HOME}/properties", json={"properties": {"a": "b"}})).data
    wrapped = ["result" in changed, "result" in saved]
    return {"[False, True]": "catalogue", "[False, False]": "bare", "[True, True]": "result"}[str(wrapped)]


async def assumed_wrappers(client: Vendor) -> Any:
    made = (await client.post(f"{HOME}/user_groups", json={"name": "G"})).data
    listed = (await client.get("/api/v2/api_portals")).data
    assert (await client.get(f"{HOME}/user_groups")).data.keys() == {"data"}  # which a page shows
    if client.sandbox.settings.assumptions.assumed_wrappers == "catalogue":
        assert made.keys() == listed.keys() == {"data"}
        return "catalogue"
    wrapper = "bare" if "id" in made else next(iter(made))
    assert (wrapper == "bare") == isinstance(listed, list) or listed.keys() == {wrapper}
    return wrapper


async def members_list(client: Vendor) -> Any:
    data = (await client.get(f"{HOME}/members")).data
    return next(iter(data)) if isinstance(data, dict) else "bare"


async def recipes_list(client: Vendor) -> Any:
    return next(iter((await client.get(f"{HOME}/recipes")).data))


async def properties_list(client: Vendor) -> Any:
    await client.post(f"{HOME}/properties", json={"properties": {"crm.object": "Account"}})
    found = (await client.get(f"{HOME}/properties?prefix=crm.")).result
    assert found in ({"crm.object": "Account"}, [{"name": "crm.object", "value": "Account"}])
    return {"dict": "map", "list": "pairs"}[_kind(found)]


async def empty_prefix(client: Vendor) -> Any:
    return await status(client, "GET", f"{HOME}/properties?prefix=")


async def properties_upsert(client: Vendor) -> Any:
    return next(iter((await client.post(f"{HOME}/properties", json={"properties": {"a": "b"}})).result))


async def success_spelling(client: Vendor) -> Any:
    await stopped(client)
    (connection,) = await client.connections()
    return next(iter((await client.post(f"{HOME}/connections/{connection['id']}/disconnect")).data))


async def enable_stopped(client: Vendor) -> Any:
    await client.imported(CRM_API, await client.folder())
    endpoints = (await client.get(f"{HOME}/api_endpoints")).result
    return await status(client, "PUT", f"{HOME}/api_endpoints/{endpoints[0]['id']}/enable")


LIMITED: dict[str, Any] = {"quotas": {"assumed.customer.folders": (Limit(2, 60),)}, "time_scale": 1}
SETTINGS: dict[str, dict[str, Any]] = {
    "large_page": {"customers": 101},
    "missing_right": {"deny": ("managed_users.connections.*",)},
    "throttle_body": LIMITED,
    "retry_after": LIMITED,
    "rate_limit_headers": LIMITED,
    "import_limit_per": {"quotas": {"embedded.rlcm.import_create": (Limit(1, 3600, "workspace"),)}, "time_scale": 1},
    "unstated_per_minute": {"quotas": "documented"},
    "bad_credentials": {"faults": Faults(unauthorizable=1.0)},
}
PROBES: dict[str, Probe] = {"import_reply": package_status, "running_state": package_status}
CHOICES = [
    (name, choice)
    for name, choices, _ in Assumptions.table()
    for choice in (choices if len(choices) > 1 else (*choices, 7))
]


@pytest.mark.parametrize(("name", "choice"), CHOICES)
async def test_the_sandbox_does_as_assumed(name: str, choice: Any) -> None:
    probe: Probe = PROBES.get(name) or globals()[name]
    settings = SETTINGS.get(name, {}) | {"assumptions": Assumptions(**{name: choice})}
    async with vendor(**settings) as client:
        assert await probe(client) == choice
