"""`fan_out`: one outcome per item, never more in flight than allowed, nothing taken too early, nothing lost."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import anyio
import attrs
import looptime
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, strategies as st

from bulkops.executor import TaskOutcome, fan_out


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    """Virtual time: sleeping an hour takes no time."""
    return "asyncio", {"loop_factory": looptime.new_event_loop}


async def echo(item: int) -> int:
    await anyio.sleep(1)
    return item


async def drip(count: int) -> AsyncIterator[int]:
    for item in range(count):
        await checkpoint()
        yield item


async def test_outcomes_come_in_the_order_they_end() -> None:
    async def sleep(seconds: float) -> str:
        await anyio.sleep(seconds)
        return f"after {seconds}"

    outcomes = [outcome async for outcome in fan_out(sleep, [3, 1, 2], concurrency=3)]
    assert [(one.index, one.item, one.value, one.elapsed_s) for one in outcomes] == [
        (1, 1, "after 1", 1.0),
        (2, 2, "after 2", 2.0),
        (0, 3, "after 3", 3.0),
    ]
    assert all(one.ok and one.error is None for one in outcomes)


async def test_statistics_add_up_at_every_moment() -> None:
    async def work(item: int) -> int:
        await anyio.sleep(1 + item % 3)
        if item % 4 == 0:
            raise LookupError(item)
        return item

    outcomes = fan_out(work, range(30), concurrency=5)
    assert attrs.astuple(outcomes.statistics()) == (0, 0, 0, 0, 0)
    taken = failed = 0
    async for outcome in outcomes:
        taken, failed = taken + 1, failed + (not outcome.ok)
        now = outcomes.statistics()
        assert now.started == now.in_flight + now.ended
        assert now.in_flight <= 5
        assert (now.ended - now.waiting, now.failed >= failed) == (taken, True)
    assert attrs.astuple(outcomes.statistics()) == (30, 0, 30, 8, 0)


async def test_statistics_after_leaving_early() -> None:
    async with aclosing(fan_out(echo, range(100), concurrency=4)) as outcomes:
        await anext(outcomes)
        await anyio.sleep(0.5)
        under_way = outcomes.statistics()
        assert 0 < under_way.in_flight == under_way.started - under_way.ended
    left = outcomes.statistics()
    assert (left.in_flight, left.started, left.ended) == (0, under_way.started, under_way.ended)


@given(
    delays=st.lists(st.integers(0, 4), max_size=40),
    concurrency=st.integers(1, 12),
    rate=st.none() | st.sampled_from([0.5, 1000.0]),
    waited_for=st.booleans(),
)
def test_every_item_has_one_outcome_in_bounded_flight_and_order(
    delays: list[int], concurrency: int, rate: float | None, waited_for: bool
) -> None:
    taken: list[int] = []
    flying = peak = 0

    async def work(item: tuple[int, int]) -> int:
        nonlocal flying, peak
        taken.append(item[0])
        flying += 1
        peak = max(peak, flying)
        await anyio.sleep(item[1])
        flying -= 1
        if item[1] == 3:
            raise LookupError(item[0])
        return item[0]

    async def waited(items: list[tuple[int, int]]) -> AsyncIterator[tuple[int, int]]:
        for item in items:
            await anyio.sleep(item[1] % 2)
            yield item

    async def main() -> list[TaskOutcome[tuple[int, int], int]]:
        items = list(enumerate(delays))
        source = waited(items) if waited_for else items
        return [one async for one in fan_out(work, source, concurrency=concurrency, rate=rate)]

    with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
        outcomes = runner.run(main())
    assert taken == list(range(len(delays)))
    assert peak <= concurrency
    assert flying == 0
    assert sorted(one.index for one in outcomes) == taken
    for one in outcomes:
        assert one.item == (one.index, delays[one.index])
        if one.item[1] == 3:
            assert isinstance(one.error, LookupError)
            assert (one.ok, one.value) == (False, None)
        else:
            assert one.unwrap() == one.index


async def test_workers_are_all_used() -> None:
    start = anyio.current_time()
    assert len([one async for one in fan_out(echo, range(100), concurrency=20)]) == 100
    assert anyio.current_time() - start == pytest.approx(5)


async def test_no_items_no_outcomes() -> None:
    assert [one async for one in fan_out(echo, list[int](), concurrency=5)] == []
    assert [one async for one in fan_out(echo, drip(0), concurrency=5)] == []


@pytest.mark.parametrize("rate", [None, 1000.0])
async def test_a_slow_consumer_slows_the_workers(rate: float | None) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        while taken < 1000:
            taken += 1
            yield taken

    seen = 0
    async for _ in fan_out(echo, items(), concurrency=4, rate=rate):
        seen += 1
        await anyio.sleep(60)
        assert taken <= seen + 2 * 4
    assert seen == taken == 1000


async def test_an_item_is_taken_only_when_a_worker_is_free() -> None:
    asked: list[float] = []

    async def leases() -> AsyncIterator[int]:
        for item in range(4):
            asked.append(anyio.current_time())
            yield item

    start = anyio.current_time()
    _ = [one async for one in fan_out(echo, leases(), concurrency=2)]
    assert [at - start for at in asked] == pytest.approx([0, 0, 1, 1])


# --- rate


@pytest.mark.parametrize("concurrency", [1, 7, 50])
async def test_starts_are_evenly_spaced_in_order_without_a_burst(concurrency: int) -> None:
    starts: list[tuple[int, float]] = []

    async def note(item: int) -> None:
        starts.append((item, anyio.current_time()))

    began = anyio.current_time()
    _ = [one async for one in fan_out(note, range(30), concurrency=concurrency, rate=10)]
    assert [item for item, _ in starts] == list(range(30))
    assert [at - began for _, at in starts] == pytest.approx([place / 10 for place in range(30)], abs=1e-6)
    assert anyio.current_time() - began < 3.0  # nobody waits for a start that never comes


async def test_a_stall_is_not_made_up_for_by_a_burst_and_a_late_start_does_not_slow_the_next() -> None:
    starts: list[float] = []

    async def note(item: int) -> None:
        starts.append(anyio.current_time() - began)
        await anyio.sleep({1: 10, 3: 1.5}.get(item, 0))

    began = anyio.current_time()
    _ = [one async for one in fan_out(note, range(6), concurrency=1, rate=1)]
    assert starts == pytest.approx([0, 1, 11, 12, 13.5, 14])


# --- failures


async def test_a_failure_is_data_until_unwrapped() -> None:
    async def fail(item: int) -> int:
        raise LookupError(f"no {item}")

    (outcome,) = [one async for one in fan_out(fail, [7])]
    assert not outcome.ok
    with pytest.raises(LookupError, match="no 7"):
        outcome.unwrap()


async def test_a_callable_that_raises_before_its_coroutine_is_that_items_failure() -> None:
    def fail(item: int) -> asyncio.Future[int]:
        raise LookupError(item)

    assert [type(one.error) async for one in fan_out(fail, [1, 2])] == [LookupError, LookupError]


async def test_a_cancellation_of_the_callables_own_making_is_that_items_failure() -> None:
    async def cancelled(item: int) -> int:
        if item == 1:
            future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            future.cancel()
            await future
        return item

    outcomes = [one async for one in fan_out(cancelled, range(3), concurrency=1)]
    assert [one.ok for one in outcomes] == [True, False, True]
    assert isinstance(outcomes[1].error, asyncio.CancelledError)


async def test_a_failed_outcome_is_freed_without_the_garbage_collector() -> None:
    class CertainError(Exception):
        """Ours, so that it can be referred to weakly."""

    async def fail(item: int) -> int:
        raise CertainError(item)

    gc.disable()
    try:
        async for outcome in fan_out(fail, range(3), concurrency=1):
            assert outcome.error is not None
            error = weakref.ref(outcome.error)
            outcome.error = None
            assert error() is None
    finally:
        gc.enable()


class Fatal(BaseException):
    """Not an Exception: not an item's failure."""


async def test_a_base_exception_ends_everything() -> None:
    cleaned = []

    async def work(item: int) -> int:
        try:
            await anyio.sleep(item)
        finally:
            cleaned.append(item)
        raise Fatal

    with pytest.raises(Fatal):
        _ = [one async for one in fan_out(work, [1, 50, 60], concurrency=3)]
    assert cleaned == [1, 50, 60]
    assert anyio.current_time() < 50


def broken(count: int, error: BaseException) -> Iterator[int]:
    yield from range(count)
    raise error


async def broken_async(count: int, error: BaseException) -> AsyncIterator[int]:
    async for item in drip(count):
        yield item
    raise error


@pytest.mark.parametrize("rate", [None, 1000.0])
@pytest.mark.parametrize("source", [broken, broken_async])
@pytest.mark.parametrize("error", [LookupError("page 3 is gone"), asyncio.CancelledError("the iterator's own")])
async def test_an_error_of_the_iterator_is_raised_after_the_outcomes_there_are(
    source: Callable[..., Any], rate: float | None, error: BaseException
) -> None:
    async def quick(item: int) -> int:
        return item

    seen: list[int] = []

    async def consume() -> None:
        async for one in fan_out(quick, source(5, error), concurrency=2, rate=rate):
            seen.append(one.item)  # noqa: PERF401 - what was seen before the error counts

    with pytest.raises(type(error)):
        await consume()
    assert seen == [0, 1, 2, 3, 4]


async def test_a_worker_that_somebody_cancels_is_not_the_end_of_the_items() -> None:
    """Its item is lost: the rest must not look like all there was."""

    async def suicidal(item: int) -> int:
        if item == 3:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        await anyio.sleep(1)
        return item

    with pytest.raises(asyncio.CancelledError):
        _ = [one async for one in fan_out(suicidal, range(10), concurrency=2)]


# --- wrong use


async def test_a_function_that_is_not_async_is_called_once_and_named() -> None:
    calls = []

    def plain(item: int) -> int:
        calls.append(item)
        return item

    with pytest.raises(TypeError, match=r"plain.* returned int, not an awaitable.*functools\.partial"):
        _ = [one async for one in fan_out(plain, range(100), concurrency=10)]  # type: ignore[arg-type, var-annotated]
    assert calls == [0]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"concurrency": 0}, ValueError, "concurrency must be 1 or more, not 0"),
        ({"rate": 0}, ValueError, "rate must be above 0 starts a second, not 0"),
        ({"rate": float("nan")}, ValueError, "not nan"),
        ({"items": 7}, TypeError, "not iterable"),
        ({"fn": "echo"}, TypeError, "takes an async function, not str: give it uncalled"),
    ],
)
async def test_wrong_arguments_are_refused_where_they_are_given(
    arguments: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        fan_out(**{"fn": echo, "items": [1], **arguments})  # type: ignore[arg-type, var-annotated]
