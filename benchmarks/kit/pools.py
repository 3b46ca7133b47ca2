"""The same fan-out done by others: what `fan_out` is measured against."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from importlib import import_module
from typing import Any

import anyio

from benchmarks.kit.harness import version
from bulkops.executor import fan_out

Work = Callable[[int], Awaitable[int]]
Pool = Callable[[Work, Iterable[int], int], Coroutine[Any, Any, int]]
"""Calls the work for every item, with bounded concurrency, and returns the sum of the results."""


async def ours(fn: Work, items: Iterable[int], concurrency: int) -> int:
    total = 0
    async for outcome in fan_out(fn, items, concurrency=concurrency):
        total += outcome.unwrap()
    return total


async def bare(fn: Work, items: Iterable[int], concurrency: int) -> int:
    """Workers over a shared iterator and nothing else: no outcomes, no errors, no order, no back-pressure."""
    iterator = iter(items)
    total = 0

    async def worker() -> None:
        nonlocal total
        for item in iterator:
            total += await fn(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(worker())
    return total


async def task_per_item(fn: Work, items: Iterable[int], concurrency: int) -> int:
    """anyio's task group, a task for every item behind a semaphore."""
    semaphore = anyio.Semaphore(concurrency)
    total = 0

    async def one(item: int) -> None:
        nonlocal total
        async with semaphore:
            total += await fn(item)

    async with anyio.create_task_group() as group:
        for item in items:
            group.start_soon(one, item)
    return total


async def with_aiometer(fn: Work, items: Iterable[int], concurrency: int) -> int:
    aiometer = import_module("aiometer")  # a peer that may be missing
    jobs = [functools.partial(fn, item) for item in items]
    total = 0
    async with aiometer.amap(_call, jobs, max_at_once=concurrency) as results:
        async for value in results:
            total += value
    return total


async def _call(job: Callable[[], Awaitable[int]]) -> int:
    return await job()


def pools() -> dict[str, Pool]:
    """`fan_out` first; aiometer only where it is installed."""
    found: dict[str, Pool] = {"fan_out": ours, "bare pool": bare, "anyio task per item": task_per_item}
    if version("aiometer"):
        found["aiometer"] = with_aiometer
    return found
