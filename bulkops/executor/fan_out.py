"""`fan_out`: an async callable over many items, a bounded number at a time, outcomes as they come."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import Generic, TypeVar

import attrs
from aiolimiter import AsyncLimiter

Item = TypeVar("Item")
Value = TypeVar("Value")


@attrs.define  # not frozen: a frozen class pays twice for its constructor, and there is one per item
class TaskOutcome(Generic[Item, Value]):
    """What became of one item: `error` is None and `value` counts, or the other way round.

    `index`: the item's place in `items`, from 0; `elapsed_s`: how long the callable took.
    """

    index: int
    item: Item
    value: Value | None
    error: BaseException | None
    elapsed_s: float

    @property
    def ok(self) -> bool:
        return self.error is None

    def unwrap(self) -> Value:
        """The value. Raises: the item's own error."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # without an error the value is the callable's


async def fan_out(
    fn: Callable[[Item], Awaitable[Value]],
    items: Iterable[Item] | AsyncIterable[Item],
    *,
    concurrency: int = 50,
    rate: float | None = None,
) -> AsyncIterator[TaskOutcome[Item, Value]]:
    """Call `fn` for every item, at most `concurrency` at a time, and yield outcomes in the order they end.

    Items are taken in order, each when a worker is free: memory follows `concurrency`, not the number of items,
    and a consumer that is slow to take outcomes slows the workers (at most `concurrency` outcomes wait).
    An exception of `fn` is that item's outcome; an exception of the iterator ends everything and is raised here.
    Leaving the loop early cancels what is in flight and waits for its clean-up before the generator is closed.

    Args:
        rate: starts per second (None: as fast as workers are free), evenly spaced, without a first burst.
    Raises: ValueError for a concurrency below 1 or a rate not above 0; TypeError if `fn` returns no awaitable.
    """
    if concurrency < 1:
        raise ValueError(f"concurrency must be 1 or more, not {concurrency}")
    if rate is not None and not rate > 0:
        raise ValueError(f"rate must be above 0 starts a second, not {rate}")
    pool = _Pool(fn, items, concurrency, rate)
    # Plain tasks, not a task group: a generator that is left early is closed from another task, where a cancel
    # scope opened here could not be left. The `finally` owns them all the same.
    workers = [asyncio.create_task(pool.work()) for _ in range(concurrency)]
    for worker in workers:
        worker.add_done_callback(pool.worker_done)
    try:
        while True:
            while pool.outcomes:
                yield pool.outcomes.popleft()
                pool.space.set()
            if pool.failure is not None:
                raise pool.failure
            if pool.running == 0:
                return
            await pool.news()
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


class _Pool(Generic[Item, Value]):
    """What the workers share: the iterator, the outcomes, and the two signals between them and the consumer."""

    def __init__(
        self,
        fn: Callable[[Item], Awaitable[Value]],
        items: Iterable[Item] | AsyncIterable[Item],
        concurrency: int,
        rate: float | None,
    ) -> None:
        self.fn = fn
        self.outcomes: deque[TaskOutcome[Item, Value]] = deque()
        self.running = concurrency
        self.failure: BaseException | None = None
        self.space = asyncio.Event()
        self._capacity = concurrency
        self._awaited: asyncio.Future[None] | None = None
        self._clock = asyncio.get_running_loop().time
        self._limiter = AsyncLimiter(1, 1 / rate) if rate is not None else None
        if isinstance(items, AsyncIterable):
            self._iterator = None
            self._async_iterator = aiter(items)
            self._turn = asyncio.Lock()  # an async generator serves one caller at a time
        else:
            self._iterator = iter(items)
        self._index = -1

    async def work(self) -> None:
        if self._iterator is None:
            await self._work_async()
            return
        for item in self._iterator:
            self._index += 1
            await self._one(self._index, item)

    async def _work_async(self) -> None:
        while True:
            async with self._turn:
                try:
                    item = await anext(self._async_iterator)
                except StopAsyncIteration:
                    return
                self._index += 1
                index = self._index
            await self._one(index, item)

    async def _one(self, index: int, item: Item) -> None:
        if self._limiter is not None:
            await self._limiter.acquire()
        value: Value | None = None
        error: BaseException | None = None
        started = self._clock()
        try:
            awaitable = self.fn(item)
            if index == 0 and not inspect.isawaitable(awaitable):
                raise _NotAsync(
                    f"{self.fn!r} returned {type(awaitable).__name__}, not an awaitable: fan_out takes an async "
                    "function; wrap a lambda's arguments with functools.partial"
                )
            value = await awaitable
        except _NotAsync:
            raise
        except asyncio.CancelledError as cancelled:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            error = cancelled  # the callable's own doing, not ours: that item's outcome
        except Exception as raised:  # noqa: BLE001 - here a failure becomes an outcome
            error = raised
        self.outcomes.append(TaskOutcome(index, item, value, error, self._clock() - started))
        self._wake()
        while len(self.outcomes) >= self._capacity:
            self.space.clear()
            await self.space.wait()

    async def news(self) -> None:
        """Wait until there is an outcome, a failure, or no worker left."""
        self._awaited = asyncio.get_running_loop().create_future()
        try:
            await self._awaited
        finally:
            self._awaited = None

    def worker_done(self, worker: asyncio.Task[None]) -> None:
        self.running -= 1
        if not worker.cancelled() and worker.exception() is not None and self.failure is None:
            self.failure = worker.exception()
        self._wake()

    def _wake(self) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(None)


class _NotAsync(TypeError):
    """Not an item's failure: the callable is of the wrong kind."""
