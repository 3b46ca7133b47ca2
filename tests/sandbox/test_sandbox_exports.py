"""The partner's side: manifests, exports, and files behind signed addresses."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from yarl import URL

from bulkops.sandbox.partner import EXAMPLE
from tests.sandbox.kit import FIRST, Vendor, until, vendor

PACKAGE = EXAMPLE.read_bytes()


def contents(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def exported(it: Vendor, manifest: int) -> dict[str, Any]:
    made = (await it.post(f"/api/packages/export/{manifest}")).data
    assert (made["status"] == "in_progress") == (made["download_url"] is None)  # a busy machine may be late
    reply = await until(
        lambda: it.get(f"/api/packages/{made['id']}"), lambda reply: reply.data["status"] == "completed"
    )
    return dict(reply.data)


async def fetched(it: Vendor, url: str, **headers: str) -> tuple[int, bytes]:
    async with it.http.get(url, headers=headers) as reply:
        return reply.status, await reply.read()


async def test_the_seeded_manifest_is_the_example_package(it: Vendor) -> None:
    made = await exported(it, 12)
    assert (made["operation_type"], made["export_manifest_id"]) == ("export", 12)
    status, data = await fetched(it, made["download_url"])
    assert status == 200
    assert contents(data) == contents(PACKAGE)
    again = await exported(it, 12)
    assert again["id"] != made["id"]
    assert (await fetched(it, again["download_url"]))[1] == data
    assert it.keys("package.exported") == ["12", "12"]
    ended = await it.imported(data, await it.folder())
    assert ended["status"] == "completed"
    assert len(await it.recipes()) == 3


async def test_a_manifest_of_ones_own_holds_the_assets_it_names(it: Vendor) -> None:
    assets = (await it.get("/api/export_manifests/folder_assets")).result["assets"]
    crm, flow = (next(row for row in assets if row["type"] == kind) for kind in ("connection", "recipe"))
    wanted = [{"id": crm["id"], "type": "connection", "zip_name": "c.connection.json"}, {"id": str(flow["id"])}]
    made = (await it.post("/api/export_manifests", json={"export_manifest": {"name": "Mine", "assets": wanted}})).result
    assert (made["name"], made["status"]) == ("Mine", "working")
    _, data = await fetched(it, (await exported(it, made["id"]))["download_url"])
    assert sorted(contents(data)) == ["asset_1.recipe.json", "c.connection.json"]
    shown = (await it.get(f"/api/export_manifests/{made['id']}")).result
    assert [row["zip_name"] for row in shown["assets"]] == ["c.connection.json", "asset_1.recipe.json"]
    assert shown["last_exported_at"]
    everything = {"export_manifest": {"auto_generate_assets": True, "name": "All"}}
    assert (await it.put(f"/api/export_manifests/{made['id']}", json=everything)).result["name"] == "All"
    _, data = await fetched(it, (await exported(it, made["id"]))["download_url"])
    assert len(contents(data)) == len(assets) == 15  # no folder: both projects of the partner
    assert (await it("DELETE", f"/api/export_manifests/{made['id']}")).data == {"success": True}
    for method, path in (("GET", "export_manifests/{}"), ("POST", "packages/export/{}")):
        assert (await it(method, "/api/" + path.format(made["id"]))).status == 404


async def test_the_download_redirects_once_there_is_a_file() -> None:
    async with vendor(time_scale=100.0) as it:
        made = (await it.post("/api/packages/export/12")).data
        path = f"/api/packages/{made['id']}/download"
        assert (await it.get(path, allow_redirects=False)).status == 404
        await exported(it, 12)
        reply = await it.get(path, allow_redirects=False)
        assert reply.status == 302
        assert (await fetched(it, reply.headers["Location"]))[0] == 200
        assert (await it.get("/api/packages/1/download", allow_redirects=False)).status == 404
        assert (await it.get("/api/packages/x", allow_redirects=False)).status == 404


async def test_a_file_is_for_those_who_have_its_signature_and_no_credentials(it: Vendor) -> None:
    url = (await exported(it, 12))["download_url"]
    assert (await fetched(it, url, Authorization=f"Bearer {it.sandbox.token}"))[0] == 400
    assert (await fetched(it, url + "0"))[0] == 403
    assert (await fetched(it, url.partition("?")[0]))[0] == 403
    assert (await fetched(it, url.replace("until=", "until=9")))[0] == 403
    for path in (
        "/_files/packages/1.zip",
        "/_files/packages/x.zip",
        "/_files/packages",
        "/_files/a/b/c",
        "/_files",
    ):
        assert (await fetched(it, it.sandbox.url + path))[0] == 404
    assert it.sandbox.requests()["total"] > 0
    counted = it.sandbox.requests()["total"]
    assert (await fetched(it, url))[0] == 200
    assert it.sandbox.requests()["total"] == counted  # files count against no quota


async def test_credentials_may_come_along_to_the_host_and_port_of_the_api(it: Vendor) -> None:
    url = URL((await exported(it, 12))["download_url"])
    token = f"Bearer {it.sandbox.token}"
    assert (await fetched(it, str(url.with_host("127.0.0.1")), Authorization=token))[0] == 200
    assert (await fetched(it, it.sandbox.url + url.raw_path_qs, Host="127.0.0.1:1", Authorization=token))[0] == 400


@pytest.mark.parametrize("host", ["sandbox.test:8080", "sandbox.test", "[fd00::1]:8080", "localhost"])
async def test_a_redirect_on_the_same_host_may_bring_the_credentials_along(host: str) -> None:
    async with vendor(time_scale=100.0) as it:
        made = await exported(it, 12)
        path = f"/api/packages/{made['id']}/download"
        there = (await it.get(path, headers={"Host": host}, allow_redirects=False)).headers["Location"]
        origin, found, rest = there.partition("/_files/")
        assert (origin, found) == (f"http://{host}", "/_files/")
        token = f"Bearer {it.sandbox.token}"
        assert (await fetched(it, f"{it.sandbox.url}/_files/{rest}", Host=host, Authorization=token))[0] == 200


async def test_an_address_ends_after_an_hour() -> None:
    async with vendor(time_scale=36_000.0) as it:  # an hour in a tenth of a second
        url = (await exported(it, 12))["download_url"]
        assert (await fetched(it, url))[0] == 200
        await until(lambda: fetched(it, url), lambda found: found[0] == 403)


async def test_packages_share_one_row_of_numbers_with_imports(it: Vendor) -> None:
    first = (await it.post("/api/packages/export/12")).data["id"]
    folder = await it.folder()
    second = (await it.send_package(b"", folder)).data["id"]
    assert second == first + 1
    assert (await it.get(f"/api/managed_users/{FIRST}/imports/{first}")).status == 404
