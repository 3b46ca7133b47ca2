"""`fan_out`: an async callable over many items, a bounded number at a time, outcomes as they arrive."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Generic, TypeVar

import anyio

from bulkops.asyncio_only import require_asyncio
from bulkops.executor._pool import Pool, Statistics
from bulkops.executor._producer import Producer
from bulkops.executor.task_outcome import TaskOutcome

Item = TypeVar("Item")
Value = TypeVar("Value")


class FanOut(AsyncGenerator[TaskOutcome[Item, Value], None], Generic[Item, Value]):
    """The outcomes of one `fan_out`, to be iterated once; an async generator that also counts."""

    def __init__(
        self,
        fn: Callable[[Item], Awaitable[Value]],
        items: Iterable[Item] | AsyncIterable[Item],
        concurrency: int,
        rate: float | None,
    ) -> None:
        self._pool: Pool[Item, Value] = Pool(fn, concurrency)
        self._outcomes = _outcomes(self._pool, items, concurrency, rate)

    def __aiter__(self) -> AsyncGenerator[TaskOutcome[Item, Value], None]:
        return self._outcomes  # itself: outcomes pass without an additional frame

    def statistics(self) -> Statistics:
        """Current counts, at any time, also after the end."""
        return self._pool.statistics()

    async def asend(self, value: None) -> TaskOutcome[Item, Value]:
        return await self._outcomes.asend(value)

    async def athrow(
        self,
        typ: Any,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
    ) -> TaskOutcome[Item, Value]:
        return await self._outcomes.athrow(typ, val, tb)

    async def aclose(self) -> None:
        """Cancel the items in flight, and wait for their clean-up."""
        await self._outcomes.aclose()


def fan_out(
    fn: Callable[[Item], Awaitable[Value]],
    items: Iterable[Item] | AsyncIterable[Item],
    *,
    concurrency: int = 50,
    rate: float | None = None,
) -> FanOut[Item, Value]:
    """Call `fn` for every item, at most `concurrency` at a time, and yield outcomes in the order they end.

        async for outcome in fan_out(fetch, urls, concurrency=20):
            print(outcome.item, outcome.value if outcome.ok else outcome.error)

    Items are taken in order, each when a worker is free: memory follows `concurrency`, not the number of
    items, and a consumer that is slow slows the workers (fewer than 2 * `concurrency` outcomes ever wait).
    An exception of `fn` is that item's outcome. An exception of the iterator ends everything: the outcomes
    that are there come first, then it is raised here.

    Leaving the loop early cancels the items in flight, and closing waits for their clean-up. Python closes a generator
    that was left by `break` some time later. To wait for that, write `async with contextlib.aclosing(fan_out(...)) as
    outcomes`.

    `fan_out(...).statistics()` counts items started, in flight, ended, failed, and outcomes that wait to be taken.

    Args:
        items: an async iterator is driven by one task of its own; an async generator is closed at the end.
        rate: starts per second (None: as fast as workers are free), evenly spaced, without a first burst.
    Raises: ValueError for a concurrency below 1 or a rate not above 0; TypeError if `fn` cannot be called
        or returns no awaitable, or `items` cannot be iterated.
    """
    if not callable(fn):
        raise TypeError(f"fan_out takes an async function, not {type(fn).__name__}: give it uncalled")
    if concurrency < 1:
        raise ValueError(f"concurrency must be 1 or more, not {concurrency}")
    if rate is not None and not rate > 0:
        raise ValueError(f"rate must be above 0 starts a second, not {rate}")
    if not isinstance(items, AsyncIterable):
        items = iter(items)
    return FanOut(fn, items, concurrency, rate)


async def _outcomes(
    pool: Pool[Item, Value],
    items: Iterable[Item] | AsyncIterable[Item],
    concurrency: int,
    rate: float | None,
) -> AsyncGenerator[TaskOutcome[Item, Value], None]:
    require_asyncio()
    pool.open()
    # Plain tasks, not a task group: a generator that is left early is closed from another task, where a
    # cancel scope opened here could not be left. The `finally` owns them all the same.
    if isinstance(items, AsyncIterable) or rate is not None:
        producer = Producer(items, concurrency, rate)
        pool.start(producer.run())
        for _ in range(concurrency):
            pool.start(pool.work_from(producer))
    else:
        numbered = enumerate(items)
        for _ in range(concurrency):
            pool.start(pool.work(numbered))
    outcomes, blocked = pool.outcomes, pool.blocked
    try:
        while True:
            while outcomes:
                outcome = outcomes.popleft()
                pool.taken += 1
                if blocked:
                    pool.make_room()
                yield outcome
                del outcome  # while it waits for more
            if pool.failure is not None:
                raise pool.failure
            if pool.running == 0:
                return
            await pool.news()
    finally:
        with anyio.CancelScope(shield=True):  # or a cancelled scope around us would cut clean-ups short
            await pool.close()
