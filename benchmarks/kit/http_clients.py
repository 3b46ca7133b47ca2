"""Peers that send the same requests to the same server: how others do what the session does."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping
from importlib import import_module
from typing import Any, Final

import aiohttp
from aiolimiter import AsyncLimiter

from benchmarks.kit.harness import version

CONCURRENCY: Final = 100

Client = Callable[[str, int], Coroutine[Any, Any, None]]
"""(base URL, how many): gets this number of recipes, CONCURRENCY at a time, each into plain data."""


def target(url: str, number: int) -> str:
    return f"{url}/api/managed_users/{4100231 + number % 1000}/recipes/41354"


def _session() -> aiohttp.ClientSession:
    """As a good engineer sets it up for this job."""
    headers = {"Authorization": "Bearer secret", "Accept": "application/json"}
    return aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0))


async def _fetch(session: aiohttp.ClientSession, url: str, number: int) -> Any:
    loads = _loads()
    async with session.get(target(url, number)) as response:
        response.raise_for_status()
        return loads(await response.read())


@functools.cache
def _loads() -> Callable[[bytes], Any]:
    name = "orjson" if version("orjson") else "json"
    loads: Callable[[bytes], Any] = import_module(name).loads
    return loads


async def raw(url: str, requests: int) -> None:
    """aiohttp, a semaphore and gather: a task for every request, no quota, no retry, no types."""
    semaphore = asyncio.Semaphore(CONCURRENCY)
    async with _session() as session:

        async def one(number: int) -> Any:
            async with semaphore:
                return await _fetch(session, url, number)

        await asyncio.gather(*map(one, range(requests)))


async def bare_pool(url: str, requests: int) -> None:
    numbers = iter(range(requests))
    async with _session() as session:

        async def worker() -> None:
            for number in numbers:
                await _fetch(session, url, number)

        async with asyncio.TaskGroup() as group:
            for _ in range(CONCURRENCY):
                group.create_task(worker())


async def with_aiometer(url: str, requests: int) -> None:
    aiometer = import_module("aiometer")
    async with _session() as session:
        jobs = [functools.partial(_fetch, session, url, number) for number in range(requests)]
        await aiometer.run_all(jobs, max_at_once=CONCURRENCY)


async def with_aiolimiter(url: str, requests: int) -> None:
    """The raw one with an AsyncLimiter that never makes anybody wait."""
    limiter = AsyncLimiter(1_000_000, 60)
    semaphore = asyncio.Semaphore(CONCURRENCY)
    async with _session() as session:

        async def one(number: int) -> Any:
            async with semaphore, limiter:
                return await _fetch(session, url, number)

        await asyncio.gather(*map(one, range(requests)))


async def with_aiohttp_retry(url: str, requests: int) -> None:
    retrying = import_module("aiohttp_retry")
    logging.getLogger("aiohttp_retry").setLevel(logging.WARNING)
    semaphore = asyncio.Semaphore(CONCURRENCY)
    loads = _loads()
    async with _session() as session:
        client = retrying.RetryClient(client_session=session, retry_options=retrying.ExponentialRetry(attempts=5))

        async def one(number: int) -> Any:
            async with semaphore, client.get(target(url, number)) as response:
                return loads(await response.read())

        await asyncio.gather(*map(one, range(requests)))


async def with_httpx(url: str, requests: int) -> None:
    httpx = import_module("httpx")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    semaphore = asyncio.Semaphore(CONCURRENCY)
    loads = _loads()
    limits = httpx.Limits(max_connections=CONCURRENCY)
    async with httpx.AsyncClient(headers={"Authorization": "Bearer secret"}, limits=limits) as client:

        async def one(number: int) -> Any:
            async with semaphore:
                return loads((await client.get(target(url, number))).content)

        await asyncio.gather(*map(one, range(requests)))


async def with_nornir(url: str, requests: int) -> None:
    """nornir's threaded runner, and requests with a session a thread: what network people do."""
    await asyncio.to_thread(_nornir, url, requests)


def _nornir(url: str, requests: int) -> None:
    inventory = import_module("nornir.core.inventory")
    nornir = import_module("nornir.core").Nornir
    runner = import_module("nornir.plugins.runners").ThreadedRunner(num_workers=CONCURRENCY)
    http = import_module("requests")
    loads = _loads()
    local = threading.local()

    def fetch(task: Any) -> Any:
        if not hasattr(local, "session"):
            local.session = http.Session()
            local.session.headers["Authorization"] = "Bearer secret"
        answer = local.session.get(target(url, int(task.host.name)), timeout=60)
        result = import_module("nornir.core.task").Result
        return result(host=task.host, result=loads(answer.content))

    hosts = {str(number): inventory.Host(name=str(number)) for number in range(requests)}
    nornir(inventory=inventory.Inventory(hosts=hosts), runner=runner).run(task=fetch)


def peers() -> Mapping[str, tuple[Client, int]]:
    """By name, those that are installed: the client, and by how much fewer requests it is asked for (it is slow)."""
    wanted: dict[str, tuple[Client, int, str]] = {
        "raw aiohttp": (raw, 1, "aiohttp"),
        "bare worker pool": (bare_pool, 1, "aiohttp"),
        "aiohttp + AsyncLimiter": (with_aiolimiter, 1, "aiolimiter"),
        "aiometer": (with_aiometer, 1, "aiometer"),
        "aiohttp-retry": (with_aiohttp_retry, 1, "aiohttp-retry"),
        "nornir + requests": (with_nornir, 4, "nornir"),
        "httpx": (with_httpx, 8, "httpx"),
    }
    return {name: (client, fewer) for name, (client, fewer, needs) in wanted.items() if version(needs)}
