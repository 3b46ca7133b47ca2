"""Leaving a `fan_out` early: what is in flight is cancelled, cleaned up, and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import anyio
import looptime
import pytest
from anyio.lowlevel import checkpoint

from bulkops.executor import fan_out


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": looptime.new_event_loop}


class Work:
    """Item 0 ends at once, the others sleep an hour; every cancelled one takes 5 s to clean up."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.cleaned: list[int] = []

    async def __call__(self, item: int) -> int:
        self.started.append(item)
        if item == 0:
            return item
        try:
            await anyio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(5)
            self.cleaned.append(item)
            raise
        return item


def tasks() -> list[asyncio.Task[object]]:
    """All but the test's own."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    return [task for task in others if "TestRunner" not in repr(task.get_coro())]


async def test_closing_waits_for_the_clean_up() -> None:
    work = Work()
    async with aclosing(fan_out(work, range(1000), concurrency=3)) as outcomes:
        async for _ in outcomes:
            break
        await anyio.sleep(1)
    assert sorted(work.cleaned) == [1, 2, 3]
    assert anyio.current_time() == pytest.approx(6)
    assert not tasks()


async def test_a_break_without_closing_is_cleaned_up_by_the_loop() -> None:
    work = Work()
    async for _ in fan_out(work, range(1000), concurrency=3):
        break
    await anyio.sleep(6)
    assert set(work.cleaned) == set(work.started) - {0}
    assert not tasks()


async def test_an_error_in_the_consumer_passes_through() -> None:
    work = Work()

    async def stumble() -> None:
        async with aclosing(fan_out(work, range(1000), concurrency=3)) as outcomes:
            async for _ in outcomes:
                raise LookupError

    with pytest.raises(LookupError):
        await stumble()
    assert not tasks()


async def test_a_generator_never_started_starts_nothing() -> None:
    work = Work()
    outcomes = fan_out(work, range(3))
    await outcomes.aclose()
    assert (work.started, tasks()) == ([], [])


async def consume(work: Work) -> None:
    async for _ in fan_out(work, range(1000), concurrency=3):
        pass


async def test_a_cancelled_consumer_waits_for_the_clean_up() -> None:
    work = Work()
    consumer = asyncio.create_task(consume(work))
    await anyio.sleep(1)
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    assert sorted(work.cleaned) == [1, 2, 3]
    assert not tasks()


async def test_a_cancelled_scope_does_not_cut_clean_ups_short() -> None:
    """anyio cancels again and again until its scope is left; asyncio's clean-ups expect it once."""
    work = Work()
    with anyio.move_on_after(1) as scope:
        await consume(work)
    assert scope.cancelled_caught
    assert sorted(work.cleaned) == [1, 2, 3]
    assert not tasks()


async def test_a_consumer_cancelled_twice_still_leaves_nobody_behind() -> None:
    work = Work()
    consumer = asyncio.create_task(consume(work))
    await anyio.sleep(1)
    consumer.cancel()
    await anyio.sleep(1)
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    assert work.cleaned == []  # the second one is "stop now"
    assert not tasks()


@pytest.mark.parametrize("rate", [None, 1000.0])
async def test_a_callable_that_swallows_its_cancellation_gets_no_further_item(rate: float | None) -> None:
    started = []

    async def stubborn(item: int) -> int:
        started.append(item)
        try:
            await anyio.sleep(item * 10)
        except asyncio.CancelledError:
            return -1
        return item

    async with aclosing(fan_out(stubborn, range(1000), concurrency=3, rate=rate)) as outcomes:
        async for _ in outcomes:
            await anyio.sleep(1)
            break
    assert started == [0, 1, 2, 3]
    assert not tasks()


async def test_workers_that_wait_for_room_are_closed_too() -> None:
    async def quick(item: int) -> int:
        return item

    async with aclosing(fan_out(quick, range(1000), concurrency=3)) as outcomes:
        async for _ in outcomes:
            await anyio.sleep(1)
            break
    assert not tasks()


async def test_a_worker_cancelled_while_it_waits_for_room_does_not_break_the_consumer() -> None:
    async def quick(item: int) -> int:
        return item

    async def disturb() -> None:
        async for _ in fan_out(quick, range(1000), concurrency=3):
            await anyio.sleep(1)
            for task in tasks():
                task.cancel()
            await anyio.sleep(1)

    with pytest.raises(asyncio.CancelledError):
        await disturb()
    assert not tasks()


class Pages:
    """An async iterable whose generator holds a timeout open across its yields, as clients do."""

    def __init__(self) -> None:
        self.drivers: set[object] = set()
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[int]:
        try:
            async with asyncio.timeout(10_000):
                for item in range(20):
                    self.drivers.add(asyncio.current_task())
                    await checkpoint()
                    yield item
        finally:
            self.drivers.add(asyncio.current_task())
            self.closed = True


async def short(item: int) -> int:
    await anyio.sleep(item % 3)
    return item


async def test_an_async_iterator_is_driven_by_one_task() -> None:
    pages = Pages()
    assert len([one async for one in fan_out(short, pages, concurrency=5)]) == 20
    assert len(pages.drivers) == 1


async def test_an_async_generator_is_closed_by_its_driver_when_the_loop_is_left() -> None:
    pages = Pages()
    async with aclosing(fan_out(short, pages, concurrency=2)) as outcomes:
        async for _ in outcomes:
            break
    assert pages.closed
    assert len(pages.drivers) == 1


class Counter:
    """An async iterator that is no generator: nothing to close."""

    def __init__(self) -> None:
        self.count = 0

    def __aiter__(self) -> Counter:
        return self

    async def __anext__(self) -> int:
        self.count += 1
        if self.count > 3:
            raise StopAsyncIteration
        return self.count


async def test_any_async_iterator_will_do() -> None:
    assert [one.item async for one in fan_out(short, Counter(), concurrency=1)] == [1, 2, 3]
