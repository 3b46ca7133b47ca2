"""The rollout as a good engineer would write it with aiohttp and aiolimiter: what bulkops is measured against.

No journal, no checks of old state, no second run: the same requests an account, retried when refused.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import attrs
from aiolimiter import AsyncLimiter

from bulkops.rate_limit import Limit

Limiter = Callable[[str], AbstractAsyncContextManager[None]]
"""The limiter for a call's quota, by the quota's name."""

FOLDERS, CREATE, STATUS = "assumed.customer.folders", "embedded.rlcm.import_create", "embedded.rlcm.import_status"
RECIPES, STARTS = "embedded.recipes.list", "embedded.recipes.other"
CONNECTIONS, UPDATES = "embedded.connections.list", "embedded.connections.other"
PROJECTS = "embedded.projects.list"
USED = (PROJECTS, FOLDERS, CREATE, STATUS, RECIPES, STARTS, CONNECTIONS, UPDATES)


def one_for_all(quotas: Mapping[str, tuple[Limit, ...]]) -> Limiter:
    """The tightest limit of those that the work meets, for everything."""
    tightest = min((quotas[name][0] for name in USED), key=lambda limit: limit.requests / limit.window_s)
    limiter = AsyncLimiter(tightest.requests, tightest.window_s)
    return lambda quota: limiter


def one_per_quota(quotas: Mapping[str, tuple[Limit, ...]]) -> Limiter:
    limiters = {name: AsyncLimiter(quotas[name][0].requests, quotas[name][0].window_s) for name in USED}
    return limiters.__getitem__


@attrs.define
class PlainRollout:
    """Folder, import, polls, authorize, start, for one account after another of those that run at once."""

    client: aiohttp.ClientSession
    url: str
    package: bytes
    limiter: Limiter
    poll_s: float
    sent: Counter[str] = attrs.field(factory=Counter)
    refused: int = 0

    async def run(self, accounts: list[int], concurrency: int) -> None:
        semaphore = asyncio.Semaphore(concurrency)

        async def bounded(account: int) -> None:
            async with semaphore:
                await self._account(account)

        await asyncio.gather(*map(bounded, accounts))

    async def _account(self, account: int) -> None:
        projects = await self._ask(PROJECTS, "GET", account, "/projects")
        if any(project["name"] == "CRM" for project in projects["result"]):
            return
        folder = await self._ask(FOLDERS, "POST", account, "/folders", json={"name": "CRM"})
        await self._import(account, folder["id"] if "id" in folder else folder["result"]["id"])
        await self._ask(RECIPES, "GET", account, "/recipes?per_page=100")
        for connection in (await self._ask(CONNECTIONS, "GET", account, "/connections"))["result"]:
            await self._ask(
                UPDATES, "PUT", account, f"/connections/{connection['id']}", json={"input": {"api_key": "secret"}}
            )
        for recipe in (await self._ask(RECIPES, "GET", account, "/recipes?per_page=100"))["result"]:
            await self._ask(STARTS, "PUT", account, f"/recipes/{recipe['id']}/start")
        await self._ask(RECIPES, "GET", account, "/recipes?per_page=100")

    async def _import(self, account: int, folder_id: int) -> None:
        target = f"/imports?folder_id={folder_id}&restart_recipes=false"
        headers = {"Content-Type": "application/octet-stream"}
        job = await self._ask(CREATE, "POST", account, target, data=self.package, headers=headers)
        while job["status"] not in {"completed", "failed"}:
            await asyncio.sleep(self.poll_s)
            job = await self._ask(STATUS, "GET", account, f"/imports/{job['id']}")

    async def _ask(self, quota: str, method: str, account: int, target: str, **request: Any) -> Any:
        while True:
            async with self.limiter(quota):
                url = f"{self.url}/api/managed_users/{account}{target}"
                async with self.client.request(method, url, **request) as response:
                    self.sent[quota] += 1
                    if response.status == 200:
                        answer = await response.json()
                        return answer if isinstance(answer, dict) else {"result": answer}
                    if response.status != 429:
                        raise RuntimeError(f"{method} {target}: {response.status} {await response.text()}")
                    self.refused += 1
            await asyncio.sleep(float(response.headers.get("Retry-After", "1")))
