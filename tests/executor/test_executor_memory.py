"""Memory follows `concurrency`, not the number of items. The full size is measured by benchmarks/fan_out_memory.py."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterator

import pytest

from bulkops.executor import fan_out


async def work(item: int) -> bytes:
    await asyncio.sleep(0)
    if item % 10 == 0:
        raise LookupError(item)
    return bytes(100)


async def waited(count: int) -> AsyncIterator[int]:
    for item in range(count):
        yield item


def peak_bytes(items: Iterator[int] | AsyncIterator[int]) -> int:
    """The most that was allocated at once while outcomes of `items` are streamed and dropped."""

    async def main() -> int:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        async for outcome in fan_out(work, items, concurrency=100):
            del outcome
        return tracemalloc.get_traced_memory()[1] - before

    return asyncio.run(main())


@pytest.mark.parametrize("waited_for", [False, True])
def test_ten_times_the_items_take_no_more_memory(waited_for: bool) -> None:
    def items(count: int) -> Iterator[int] | AsyncIterator[int]:
        return waited(count) if waited_for else iter(range(count))

    tracemalloc.start()
    try:
        peak_bytes(items(1_000))  # caches fill
        few, many = peak_bytes(items(1_000)), peak_bytes(items(10_000))
    finally:
        tracemalloc.stop()
    assert many - few < 50_000
