"""The work of the rate-bound rows: for each account begin a job, poll it to its end, start something.

`python -m benchmarks.kit.rate_work CLIENT WINDOW LONGEST_JOB_S ACCOUNTS stalled|steady` runs it once, against a
server of its own, and prints the result as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from random import Random
from typing import Any, Final

import aiohttp

from benchmarks.kit.bare_server import LIMITS
from benchmarks.kit.limiters import PEERS, Acquire
from benchmarks.kit.server_process import served
from bulkops import Workato
from bulkops.cli import event_loop
from bulkops.executor import fan_out
from bulkops.rate_limit import Limit
from bulkops.settings import Tuning

POLL_S: Final = 0.25
LONGEST_JOBS_S: Final = (2.5, 1.0)
"""The denominator, needed / rate, knows no jobs: the longer they take, the more of the time is theirs."""

RATE: Final = LIMITS["create"][0] / LIMITS["create"][1]
QUOTAS: Final = {
    "create": "embedded.rlcm.import_create",
    "poll": "embedded.rlcm.import_status",
    "start": "embedded.recipes.other",
}


async def with_bulkops(url: str, accounts: int) -> None:
    tuning = Tuning(quotas={QUOTAS[name]: (Limit(*limit),) for name, limit in LIMITS.items()}, max_rate=None)
    async with Workato(token="secret", host=url, tuning=tuning) as workato:

        async def one(number: int) -> None:
            account = workato.account(4100231 + number)
            job = await account.imports.create(b"zip", folder_id=1)
            while not job.is_finished:
                await asyncio.sleep(POLL_S)
                job = await account.imports.get(job.id)
            await account.recipes.start(41354)

        async for outcome in fan_out(one, range(accounts), concurrency=accounts):
            outcome.unwrap()


async def with_limiter(url: str, accounts: int, acquire: Acquire) -> None:
    """Plain aiohttp; a refused request waits as it is told and is sent again."""
    headers = {"Authorization": "Bearer secret"}
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as client:

        async def ask(quota: str, method: str, target: str, data: bytes | None = None) -> Any:
            while True:
                await acquire(quota)
                async with client.request(method, f"{url}/api/managed_users{target}", data=data) as response:
                    if response.status == 200:
                        return await response.json()
                await asyncio.sleep(float(response.headers["Retry-After"]))

        async def one(number: int) -> None:
            account = 4100231 + number
            job = await ask("create", "POST", f"/{account}/imports?folder_id=1", b"zip")
            while job["status"] != "completed":
                await asyncio.sleep(POLL_S)
                job = await ask("poll", "GET", f"/{account}/imports/{job['id']}")
            await ask("start", "PUT", f"/{account}/recipes/41354/start")

        await asyncio.gather(*map(one, range(accounts)))


@contextlib.asynccontextmanager
async def stalling(*, on: bool) -> AsyncIterator[None]:
    """The event loop stands still for 100 to 200 ms at random: another task computes, or the machine is busy."""
    chance = Random(17)

    async def stall() -> None:
        while True:
            await asyncio.sleep(chance.uniform(0.1, 1.0))
            time.sleep(chance.uniform(0.1, 0.2))  # noqa: ASYNC251 - to block is the point

    task = asyncio.create_task(stall()) if on else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()


async def work(client: str, url: str, accounts: int, *, stalled: bool) -> float:
    """Seconds from the first request to the end of the last account."""
    async with stalling(on=stalled):
        began = time.monotonic()
        if client == "bulkops":
            await with_bulkops(url, accounts)
        else:
            await with_limiter(url, accounts, PEERS[client][1](LIMITS))
        return time.monotonic() - began


def main(client: str, window: str, longest_s: str, accounts: str, mood: str) -> None:
    with served("jobs", window, longest_s) as server:
        took_s = event_loop.run(work(client, server.url, int(accounts), stalled=mood == "stalled"))
        print(json.dumps({"took_s": took_s, "cpu_s": time.process_time(), **server.counts()}))


def side_by_side(
    jobs: list[tuple[str, str]], accounts: int, mood: str, *, longest_s: float
) -> dict[tuple[str, str], dict[str, Any]]:
    """The work by each (client, window) in a process of its own, all at once: they wait more than they compute.

    Raises: RuntimeError when one failed or did not do the whole work.
    """
    module = [sys.executable, "-m", "benchmarks.kit.rate_work"]
    running = {
        job: subprocess.Popen([*module, *job, str(longest_s), str(accounts), mood], stdout=subprocess.PIPE, text=True)
        for job in jobs
    }
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for job, process in running.items():
        out, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{job} ended with {process.returncode}")
        one = found[job] = json.loads(out)
        one["refused"] = sum(one["refused"].values())
        one["ratio"] = one["took_s"] / (accounts / RATE)
        if any(one["accepted"].get(name) != accounts for name in ("create", "start")):
            raise RuntimeError(f"{job} did {one['accepted']} of {accounts} accounts")
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
