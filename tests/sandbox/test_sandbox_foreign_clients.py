"""Clients that were written for the real API, as their authors wrote them: the sandbox serves them unchanged."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import anyio.to_thread
import pytest
import requests

from tests.sandbox.kit import FIRST, Vendor, shop_package, vendor


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """These clients live in threads, on the clock of everybody."""
    return "asyncio"


class Old:
    """The habits of older clients: the legacy key, addresses glued together, a JSON body with everything."""

    def __init__(self, url: str, token: str) -> None:
        self.base = url + "/api/"
        self.session = requests.Session()
        self.session.headers.update({"x-user-token": token, "x-user-email": "ops@partner.example"})

    def __call__(self, method: str, path: str, body: object = None, **options: Any) -> requests.Response:
        """A body that is not given is an empty object, and comes without a content type."""
        reply = self.session.request(method, f"{self.base}/{path}/", data=json.dumps(body or {}), timeout=60, **options)
        assert reply.headers["Content-Type"].startswith("application/json")
        return reply


async def _play(scenario: Callable[[str, str], None]) -> None:
    """A blocking client in a thread of its own, against a sandbox in this one."""
    async with vendor() as client:
        await anyio.to_thread.run_sync(scenario, client.sandbox.url, client.sandbox.token)


async def test_an_old_client_rolls_out() -> None:
    def scenario(url: str, token: str) -> None:
        old = Old(url, token)
        assert old("GET", "users/me").json()["root_folder_id"]
        made = old(
            "POST", "managed_users", {"name": "N/A", "notification_email": "n@x.example", "external_id": "a/b 1"}
        )
        home = f"managed_users/{quote('Ea/b 1', safe='')}"
        assert old("GET", home).json()["id"] == made.json()["id"]
        folder = old("POST", f"{home}/folders", {"name": "CRM"}).json()
        nested = old("POST", f"{home}/folders", {"name": "Sub", "parent_id": str(folder["id"])}).json()
        assert nested["parent_id"] == folder["id"]
        sent = requests.post(
            f"{url}/api/{home}/imports",
            params={"folder_id": str(folder["id"]), "restart_recipes": "False"},
            data=io.BytesIO(shop_package()),
            headers={**old.session.headers, "Content-Type": "application/octet-stream"},
            timeout=60,
        ).json()
        while (ended := old("GET", f"{home}/imports/{sent['id']}").json())["status"] in ("in_progress", "processing"):
            time.sleep(0.005)
        assert ended["status"] == "completed"
        (connection,) = old("GET", f"{home}/connections", {"provider": "salesforce"}).json()["result"]
        credentials = {"input": {"user": "u"}, "shell_connection": "False"}
        assert (
            old("PUT", f"{home}/connections/{connection['id']}", credentials).json()["authorization_status"]
            == "success"
        )
        (recipe,) = old("GET", f"{home}/recipes", params={"running": False, "page": 0, "per_page": 0}).json()["result"]
        assert old("PUT", f"{home}/recipes/{recipe['id']}/start").json() == {"success": True}
        (recipe,) = old("GET", f"{home}/recipes", params={"running": False}).json()["result"]
        assert recipe["running"]  # "false" is no filter
        assert json.loads(recipe["code"])["provider"] == "clock"

    await _play(scenario)


async def test_bodies_of_a_get_are_filters() -> None:
    def scenario(url: str, token: str) -> None:
        old = Old(url, token)
        (found,) = old("GET", "integrations", {"applications": "salesforce"}).json()
        assert found["name"] == "salesforce"
        assert "items" in old("GET", "recipes/search", {"applications": "salesforce"}).json()
        assert old("GET", f"managed_users/{FIRST}/connections", {"provider": "jira"}).json() == {"result": []}
        assert [project["name"] for project in old("GET", "projects").json()]

    await _play(scenario)


async def test_every_error_is_json_with_a_message() -> None:
    def scenario(url: str, token: str) -> None:
        old = Old(url, token)
        for method, path, status in (
            ("GET", "managed_users/17", 404),
            ("GET", f"managed_users/{FIRST}/recipes/x", 404),
            ("GET", "nothing/like/this", 404),
            ("DELETE", "users/me", 404),
            ("POST", "managed_users", 400),
        ):
            reply = old(method, path)
            assert (reply.status_code, bool(reply.json()["message"])) == (status, True)
        old.session.headers["x-user-token"] = "wrong"
        assert (old("GET", "users/me").status_code, old("GET", "users/me").json()) == (401, {"message": "Unauthorized"})

    await _play(scenario)


async def test_a_redirect_to_the_file_is_followed_without_the_token() -> None:
    def scenario(url: str, token: str) -> None:
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token}"
        (manifest,) = [session.get(f"{url}/api/export_manifests/{id_}", timeout=60).json()["result"] for id_ in (12,)]
        made = session.post(f"{url}/api/packages/export/{manifest['id']}", timeout=60).json()
        while (found := session.get(f"{url}/api/packages/{made['id']}", timeout=60).json())["status"] != "completed":
            time.sleep(0.005)
        reply = session.get(f"{url}/api/packages/{found['id']}/download", timeout=60)
        assert zipfile.ZipFile(io.BytesIO(reply.content)).namelist()
        assert requests.get(found["download_url"], timeout=60).content == reply.content

    await _play(scenario)


async def test_the_standard_library_alone_will_do() -> None:
    def scenario(url: str, token: str) -> None:
        def ask(method: str, path: str, body: bytes | None = None) -> Any:
            headers = {"authorization": f"bearer {token}"}
            with urlopen(Request(url + path, data=body, method=method, headers=headers), timeout=60) as reply:
                return json.load(reply)

        # urllib calls every body a form: this one is JSON all the same
        made = ask("POST", f"/api/managed_users/{FIRST}/folders", b'{"name": "CRM"}')
        assert made["name"] == "CRM"
        assert ask("POST", f"/api/managed_users/{FIRST}/folders", b"name=Form")["name"] == "Form"
        assert len(ask("GET", f"/api/managed_users/E{quote('ORG-1')}/folders?parent_id=")["result"]) == 2

    await _play(scenario)


async def test_a_client_generated_from_the_vendors_document(it: Vendor) -> None:
    """It is strict: a content type on every request, numbers as texts in paths, and no member may be wanting."""
    headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "OpenAPI-Generator"}
    me = (await it.get("/api/users/me", headers=headers)).data
    assert {"last_seen", "company_name", "active_recipes_count"} <= me.keys()
    listed = (await it.get("/api/recipes?page=1&per_page=100&exclude_code=true", headers=headers)).data["items"]
    assert all(isinstance(row["code"], str) for row in listed)
    made = await it.post("/api/export_manifests", json={
        "export_manifest": {"name": "All", "auto_generate_assets": True, "folder_id": str(listed[0]["folder_id"])},
    }, headers=headers)  # fmt: skip
    assert made.status == 201
    assert (await it.get("/api/api_collections", headers=headers)).data[0]["project_id"].isdigit()
