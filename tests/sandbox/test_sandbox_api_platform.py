"""The API platform: packages bring it, clients are let in, and endpoints answer their callers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bulkops.sandbox.partner import API_EXAMPLE
from tests.sandbox.kit import FIRST, Vendor, package, recipe
from tests.sandbox.test_sandbox_exports import contents, exported, fetched

PACKAGE = API_EXAMPLE.read_bytes()
REAL = Path(__file__).parents[3] / "shared" / "data" / "packages" / "sf-api-collection.zip"
V1 = f"/api/managed_users/{FIRST}"
V2 = f"/api/v2/managed_users/{FIRST}"
TOKEN = {"auth_type": "token", "active": True}


async def ready(it: Vendor) -> list[int]:
    """A customer whose recipes run; the ids of its collections."""
    folder = await it.folder("API")
    assert (await it.imported(PACKAGE, folder))["status"] == "completed"
    for connection in await it.connections():
        await it.put(f"{V1}/connections/{connection['id']}", json={"input": {"key": "k"}})
    for row in await it.recipes():
        assert (await it.put(f"{V1}/recipes/{row['id']}/start")).data["success"]
    return [row["id"] for row in (await it.get(f"{V1}/api_collections")).result]


async def endpoints(it: Vendor) -> list[dict[str, Any]]:
    return list((await it.get(f"{V1}/api_endpoints")).result)


async def test_an_import_brings_collections_and_disabled_endpoints_bound_to_their_recipes(it: Vendor) -> None:
    folder = await it.folder("API")
    await it.imported(PACKAGE, folder)
    (collection,) = (await it.get(f"{V1}/api_collections")).result
    assert (collection["name"], collection["version"]) == ("CRM API", "1.0")
    project = (await it.get(f"{V1}/folders")).result[0]["project_id"]
    assert collection["project_id"] == str(project)
    rows = await endpoints(it)
    names = {row["id"]: row["name"] for row in await it.recipes()}
    assert {row["name"]: names[row["flow_id"]] for row in rows} == {
        name: name for name in ("Find contact", "Find order", "Register contact")
    }
    assert {row["active"] for row in rows} == {False}
    assert rows[0]["api_collection_id"] == collection["id"]
    assert it.keys("collection.created") == ["API/CRM API"]
    assert (await it.imported(PACKAGE, folder, query="&restart_recipes=true"))["status"] == "completed"
    assert [row["id"] for row in await endpoints(it)] == [row["id"] for row in rows]
    assert it.keys("collection.created") == ["API/CRM API"]
    other = await it.folder("Again")
    await it.imported(PACKAGE, other)
    urls = [row["url"] for row in (await it.get(f"{V1}/api_collections")).result]
    assert len(set(urls)) == 2


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"e.api_endpoint.json": {"name": "E", "recipe_id": None}}, "has no recipe or no API collection"),
        (
            {
                "r.recipe.json": recipe("R", connection=None),
                "e.api_endpoint.json": {
                    "name": "E",
                    "recipe_id": {"zip_name": "r.recipe.json"},
                    "api_group_id": {"zip_name": "elsewhere.api_group.json"},
                },
            },
            "that is not in the package",
        ),
        ({"g.api_group.json": {"handle": "h"}}, "has no name"),
    ],
)
async def test_a_package_whose_api_assets_lead_nowhere_fails(it: Vendor, files: dict[str, Any], said: str) -> None:
    ended = await it.imported(package(files), await it.folder())
    assert ended["status"] == "failed"
    assert said in ended["error"]


async def test_an_endpoint_is_enabled_only_while_its_recipe_runs(it: Vendor) -> None:
    await it.imported(PACKAGE, await it.folder("API"))
    first = (await endpoints(it))[0]
    refused = await it.put(f"{V1}/api_endpoints/{first['id']}/enable")
    assert refused.status == 400
    assert refused.data["message"] == f"The recipe '{first['name']}' behind endpoint '{first['name']}' must be running"
    for connection in await it.connections():
        await it.put(f"{V1}/connections/{connection['id']}", json={"input": {"key": "k"}})
    await it.put(f"{V1}/recipes/{first['flow_id']}/start")
    for _ in range(2):
        assert (await it.put(f"{V1}/api_endpoints/{first['id']}/enable", json={})).data == {"success": True}
    assert [row["active"] for row in await endpoints(it)] == [True, False, False]
    key = f"API/CRM API/{first['name']}"
    assert it.keys("endpoint.enabled") == [key]
    for _ in range(2):
        assert (await it.put(f"{V1}/api_endpoints/{first['id']}/disable")).data == {"success": True}
    assert it.keys("endpoint.disabled") == [key]
    assert (await it.put(f"{V1}/api_endpoints/1/enable")).status == 404
    of_none = await it.get(f"{V1}/api_endpoints?api_collection_id=1")
    assert of_none.result == []


async def called(it: Vendor, url: str, secret: str, method: str = "GET") -> int:
    async with it.http.request(method, url, headers={"API-TOKEN": secret}) as reply:
        return int(reply.status)


async def test_a_key_opens_the_endpoints_of_running_recipes(it: Vendor) -> None:
    ids = await ready(it)
    rows = await endpoints(it)
    for row in rows:
        await it.put(f"{V1}/api_endpoints/{row['id']}/enable")
    body = {"name": "Portal", "api_collection_ids": ids, "auth_type": "token"}
    client = (await it.post(f"{V2}/api_clients", json=body)).data["data"]
    keys = f"{V2}/api_clients/{client['id']}/api_keys"
    key = (await it.post(keys, json={"name": "router", "active": True})).data["data"]
    contacts = next(row for row in rows if row["path"] == "contacts")
    assert await called(it, contacts["url"], key["auth_token"]) == 200
    listed = (await it.get(keys)).data
    assert (listed["count"], listed["page"], listed["per_page"]) == (1, 1, 100)
    assert listed["data"][0]["auth_token"] == "****"
    order = next(row["url"] for row in rows if row["path"].startswith("orders")).replace("{number}", "7")
    assert await called(it, order, key["auth_token"]) == 200
    assert await called(it, order, key["auth_token"], "POST") == 404
    await it.put(f"{V1}/recipes/{contacts['flow_id']}/stop")
    assert await called(it, contacts["url"], key["auth_token"]) == 503
    found = (await it.get(f"{V2}/api_clients/{client['id']}")).data["data"]
    assert (found["active_api_keys_count"], found["total_api_keys_count"]) == (1, 1)
    renamed = (await it.put(f"{keys}/{key['id']}", json={"name": "Router"})).data["data"]
    assert (renamed["name"], renamed["active"], renamed["auth_token"]) == ("Router", True, "****")
    await it.delete(f"{keys}/{key['id']}")
    assert (it.keys("api_key.created"), it.keys("api_key.deleted")) == (["Portal/router"], ["Portal/Router"])


@pytest.mark.parametrize("nested", [True, False])
async def test_a_client_of_the_first_version_reaches_what_its_profile_names(it: Vendor, nested: bool) -> None:
    ids = await ready(it)
    folder = await it.folder("Other")
    await it.imported(PACKAGE, folder)
    other = next(r["id"] for r in (await it.get(f"{V1}/api_collections")).result if r["id"] not in ids)
    rows = await endpoints(it)
    for row in rows[:3]:
        await it.put(f"{V1}/api_endpoints/{row['id']}/enable")
    url = next(row["url"] for row in rows if row["path"] == "contacts")
    client = (await it.post(f"{V1}/api_clients", json={"name": "Portal"})).result
    path = f"{V1}/api_clients/{client['id']}/api_access_profiles" if nested else f"{V1}/api_access_profiles"
    where = {} if nested else {"api_client_id": client["id"]}
    wanted = {"name": "Default", "api_collection_ids": [other]} | TOKEN
    made = (await it.post(path, json=wanted | where)).result
    assert made["api_client_id"] == client["id"]
    assert await called(it, url, made["secret"]) == 403
    one = f"{V1}/api_access_profiles/{made['id']}"
    assert (await it.put(one, json=wanted | {"api_collection_ids": ids})).result["api_collection_ids"] == ids
    assert await called(it, url, made["secret"]) == 200
    assert (await it.put(f"{one}/disable")).data == {"success": True}
    assert await called(it, url, made["secret"]) == 401
    assert (await it.get(f"{V2}/api_clients")).data["data"][0]["is_legacy"] is True
    assert (await it.get(f"{V2}/api_clients/{client['id']}")).status == 404
    assert it.keys("access_profile.created") == ["Portal/Default"]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"api_collection_ids": []}, "api_collection_ids"),
        ({"api_collection_ids": [1]}, "api_collection_ids"),
        ({"api_collection_ids": "7"}, "api_collection_ids"),
        ({"auth_type": "password"}, "auth_type"),
        ({"auth_type": "jwt", "jwt_secret": "s"}, "jwt_method"),
        ({"auth_type": "jwt", "jwt_method": "hmac"}, "jwt_secret"),
        ({"auth_type": "oidc"}, "oidc_issuer"),
        ({"name": " "}, "name"),
        ({"required_claims": "sub"}, "required_claims"),
    ],
)
async def test_what_lets_a_client_in_is_checked(it: Vendor, members: dict[str, Any], field: str) -> None:
    ids = await ready(it)
    client = (await it.post(f"{V1}/api_clients", json={"name": "Portal"})).result
    good = {"name": "Default", "api_collection_ids": ids} | TOKEN
    flat = f"{V1}/api_access_profiles?api_client_id={client['id']}"
    for path in (flat, f"{V2}/api_clients"):
        refused = await it.post(path, json=good | members)
        assert refused.status == 400
        assert list(refused.data["errors"]) == [field]
    assert it.keys("access_profile.created") == []
    assert it.keys("api_client.created") == ["Portal"]


async def test_secrets_differ_by_how_callers_prove_who_they_are(it: Vendor) -> None:
    ids = await ready(it)
    jwt = {"auth_type": "jwt", "jwt_method": "hmac", "jwt_secret": "s3cret-of-the-partner"}
    shown = {}
    for how in (jwt, {"auth_type": "oauth2"}, {"auth_type": "token"}):
        body = {"name": how["auth_type"], "api_collection_ids": ids} | how
        client = (await it.post(f"{V2}/api_clients", json=body)).data["data"]
        keys = f"{V2}/api_clients/{client['id']}/api_keys"
        key = await it.post(keys, json={"name": "k", "active": True})
        shown[how["auth_type"]] = {name for name in key.data["data"] if "auth_token" in name or "oauth" in name}
        assert "s3cret" not in key.text
        refreshed = await it.put(f"{keys}/{key.data['data']['id']}/refresh_secret")
        assert refreshed.status == (400 if how is jwt else 200)
    assert shown["oauth2"] == {"auth_token", "oauth_client_id", "oauth_client_secret"}
    assert shown["token"] == {"auth_token"}
    assert "jwt" in refreshed.text or "token" in refreshed.text


async def test_the_second_manifest_is_the_package_with_the_endpoints(it: Vendor) -> None:
    made = await exported(it, 13)
    _, data = await fetched(it, made["download_url"])
    assert contents(data) == contents(PACKAGE)
    shown = (await it.get("/api/export_manifests/13")).result
    assert {row["type"] for row in shown["assets"]} == {"recipe", "connection", "api_group", "api_endpoint"}
    (collection,) = (await it.get("/api/api_collections")).data
    assert collection["id"] in {row["id"] for row in shown["assets"] if row["type"] == "api_group"}
    assert (await it.imported(data, await it.folder()))["status"] == "completed"


@pytest.mark.skipif(not REAL.is_file(), reason="the package is not beside the project")
async def test_a_real_package_is_installed(it: Vendor) -> None:
    assert (await it.imported(REAL.read_bytes(), await it.folder("API")))["status"] == "completed"
    names = {row["id"]: row["name"] for row in await it.recipes()}
    assert sorted(names[row["flow_id"]] for row in await endpoints(it)) == sorted(names.values())
