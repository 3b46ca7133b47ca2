"""What the sandbox's tests share: a sandbox with a client beside it, and packages made in memory."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp
import attrs

from bulkops.catalogue import CALLS
from bulkops.sandbox import Sandbox, SandboxSettings

FIRST = 4100231

ON_ITS_WAY = ("in_progress", "processing", "pending")
"""States of what is not over yet."""

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T]], is_so: Callable[[T], bool]) -> T:
    """What is seen once it is so: the sandbox tells nobody."""
    async with asyncio.timeout(60):
        while not is_so(found := await look()):  # noqa: ASYNC110 - nobody else could tell
            await asyncio.sleep(0.002)
    return found


@attrs.frozen
class Reply:
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        return json.loads(self.text)

    @property
    def result(self) -> Any:
        return self.data["result"]


@attrs.define
class Vendor:
    """A running sandbox and an ordinary client of it."""

    sandbox: Sandbox
    http: aiohttp.ClientSession

    async def __call__(self, method: str, path: str, **options: Any) -> Reply:
        headers = {"Authorization": f"Bearer {self.sandbox.token}"} | options.pop("headers", {})
        async with self.http.request(method, self.sandbox.url + path, headers=headers, **options) as reply:
            return Reply(reply.status, (await reply.read()).decode(), reply.headers.copy())

    async def get(self, path: str, **options: Any) -> Reply:
        return await self("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Reply:
        return await self("POST", path, **options)

    async def delete(self, path: str, **options: Any) -> Reply:
        return await self("DELETE", path, **options)

    async def put(self, path: str, **options: Any) -> Reply:
        return await self("PUT", path, **options)

    async def folder(self, name: str = "CRM", *, account: int = FIRST) -> int:
        made = await self.post(f"/api/managed_users/{account}/folders", json={"name": name})
        return int(made.data["id"])

    async def send_package(self, data: bytes, folder: int, *, account: int = FIRST, query: str = "") -> Reply:
        path = f"/api/managed_users/{account}/imports?folder_id={folder}{query}"
        return await self.post(path, data=data, headers={"Content-Type": "application/octet-stream"})

    async def imported_by_partner(self, package_id: int) -> dict[str, Any]:
        """The status of the partner's own package when it is over."""
        return await self._ended(f"/api/packages/{package_id}")

    async def finished(self, import_id: int, *, account: int = FIRST) -> dict[str, Any]:
        return await self._ended(f"/api/managed_users/{account}/imports/{import_id}")

    async def _ended(self, path: str) -> dict[str, Any]:
        reply = await until(lambda: self.get(path), lambda reply: reply.data["status"] not in ON_ITS_WAY)
        return dict(reply.data)

    async def imported(self, data: bytes, folder: int, *, account: int = FIRST, query: str = "") -> dict[str, Any]:
        sent = await self.send_package(data, folder, account=account, query=query)
        return await self.finished(sent.data["id"], account=account)

    async def recipes(self, query: str = "", *, account: int = FIRST) -> list[dict[str, Any]]:
        return list((await self.get(f"/api/managed_users/{account}/recipes{query}")).result)

    async def connections(self, query: str = "", *, account: int = FIRST) -> list[dict[str, Any]]:
        return list((await self.get(f"/api/managed_users/{account}/connections{query}")).result)

    async def settled(self, kind: str, count: int) -> None:
        """Wait until the ledger holds so many effects of a kind."""

        async def keys() -> list[str]:
            return self.keys(kind)

        await until(keys, lambda keys: len(keys) >= count)

    def keys(self, kind: str) -> list[str]:
        return [effect["key"] for effect in self.sandbox.effects() if effect["kind"] == kind]


_WRAPPERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("list", "result"), ("result",)),
    **dict.fromkeys(("data", "data_list"), ("data",)),
    "items": ("items",),
    "result_items": ("result", "items"),
    "assets": ("result", "assets"),
    "tags": ("data", "tags"),
}
"""The members that hold the payload, by the catalogue's envelope."""


@attrs.frozen
class Calls:
    """Calls by their catalogue id, of the customer ("managed_users.") or of the partner ("")."""

    it: Vendor
    prefix: str = "managed_users."

    async def __call__(self, name: str, body: object = None, status: int = 200, **names: Any) -> Any:
        """The payload without its envelope; of a refusal all of it. `query`: of the address; others: in its path."""
        call = CALLS[self.prefix + name]
        query = names.pop("query", {})
        address = call.path.format_map({"managed_user_id": FIRST, **names})
        reply = await self.it(call.method, address, json=body, params=query)
        assert reply.status == status, (call.id, reply.text)
        found = reply.data
        for wrapper in _WRAPPERS.get(call.envelope, ()) if status < 300 else ():
            found = found[wrapper]
        return found


@asynccontextmanager
async def vendor(**settings: Any) -> AsyncIterator[Vendor]:
    """A sandbox that imports within milliseconds, without quotas unless a test is about them."""
    usual: dict[str, Any] = {"customers": 5, "time_scale": 1000.0, "quotas": "off"}
    async with Sandbox(SandboxSettings(**usual | settings)) as sandbox, aiohttp.ClientSession() as http:
        yield Vendor(sandbox, http)


def package(files: Mapping[str, object]) -> bytes:
    """A zip of JSON files (bytes stay bytes; a name that ends in "/" is a directory), the same at any time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content if isinstance(content, bytes) else json.dumps(content))
    return buffer.getvalue()


def recipe(name: str, *, connection: str | None = "conn.connection.json", said: str = "Shop", text: str = "") -> Any:
    """A recipe of two steps; its salesforce step points at `connection`, which is called `said`."""
    pointer = None if connection is None else {"zip_name": connection, "name": said, "folder": ""}
    return {
        "name": name,
        "description": text,
        "version": 1,
        "private": True,
        "concurrency": 1,
        "code": {
            "number": 0,
            "provider": "clock",
            "name": "scheduled_event",
            "keyword": "trigger",
            "block": [{"number": 1, "provider": "salesforce", "keyword": "action", "input": {"text": text}}],
        },
        "config": [
            {"keyword": "application", "provider": "clock", "skip_validation": False, "account_id": None},
            {"keyword": "application", "provider": "salesforce", "skip_validation": False, "account_id": pointer},
        ],
    }


def shop_package(text: str = "") -> bytes:
    """One recipe and the connection it needs."""
    return package(
        {
            "orders.recipe.json": recipe("Orders", text=text),
            "conn.connection.json": {"name": "Shop", "provider": "salesforce", "root_folder": False},
        }
    )
