"""The workers of one `fan_out`, and the two signals between workers and consumer."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Generic, TypeVar

import attrs

from bulkops.executor._producer import END, Producer
from bulkops.executor.task_outcome import TaskOutcome

Item = TypeVar("Item")
Value = TypeVar("Value")


@attrs.frozen(kw_only=True)
class Statistics:
    """How many items of a `fan_out` were taken, are being worked on, have ended, ended with an error; and how many
    outcomes wait to be taken. `started` is `in_flight` and `ended` together, and what leaving early cancelled."""

    started: int
    in_flight: int
    ended: int
    failed: int
    waiting: int


class Pool(Generic[Item, Value]):
    """Owns its tasks from `start` to `close`. Made anywhere, opened inside the loop.

    Hot path: a few calls per item and no task; see benchmarks/fan_out_cpu.py before adding one.
    """

    def __init__(self, fn: Callable[[Item], Awaitable[Value]], capacity: int) -> None:
        self.failure: BaseException | None = None
        self.running = 0
        self.outcomes: deque[TaskOutcome[Item, Value]] = deque()
        self._fn = fn
        self._capacity = capacity
        self._newest = -1  # index of the item that was taken last
        self.taken = 0
        self._failed = 0
        self._closed = False
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._news: asyncio.Future[None] | None = None
        self.blocked: deque[asyncio.Future[None]] = deque()

    def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        # The time of an ordinary loop is that of the machine, and asked for twice an item.
        is_ordinary = type(self._loop).time is asyncio.BaseEventLoop.time
        self._clock = time.monotonic if is_ordinary else self._loop.time

    def statistics(self) -> Statistics:
        started = self._newest + 1
        ended = self.taken + len(self.outcomes)
        return Statistics(
            started=started,
            in_flight=0 if self._closed else started - ended,
            ended=ended,
            failed=self._failed,
            waiting=len(self.outcomes),
        )

    def start(self, job: Coroutine[Any, Any, None]) -> None:
        self.running += 1
        task = self._loop.create_task(job)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    async def close(self) -> None:
        """Cancel the items in flight and wait for their clean-up. Exceptions from it are dropped."""
        self._stopping = True  # also for a callable that swallows its cancellation: it gets no further item
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._closed = True

    def make_room(self) -> None:
        """An outcome was taken: a worker that waits for room continues."""
        room = self.blocked.popleft()
        if not room.done():
            room.set_result(None)

    async def news(self) -> None:
        """Wait until there is an outcome, a failure, or no worker left."""
        self._news = news = self._loop.create_future()
        try:
            await news
        finally:
            self._news = None

    async def work(self, items: Iterator[tuple[int, Item]]) -> None:
        """One worker over numbered items that all share. One frame: each await of an item passes through it."""
        fn, clock, outcomes, capacity = self._fn, self._clock, self.outcomes, self._capacity
        if self._stopping:
            return
        started = clock()
        for index, item in items:
            self._newest = index
            value: Value | None = None
            error: BaseException | None = None
            try:
                awaitable = fn(item)
                if index == 0 and _is_wrong_kind(awaitable):
                    self._fail(_not_async(fn, awaitable))
                    return
                value = await awaitable
            except asyncio.CancelledError as cancelled:
                if asyncio.current_task().cancelling():  # type: ignore[union-attr]  # a coroutine runs in a task
                    raise
                self._failed += 1
                error = cancelled  # the callable cancelled itself, not this worker: it is the item's outcome
            except Exception as raised:  # noqa: BLE001 - here a failure becomes an outcome
                self._failed += 1
                error = raised
            ended = clock()
            outcomes.append(TaskOutcome(index, item, value, error, ended - started))
            started = ended  # of the next item: nothing is waited for between them, or the clock is asked again
            # A worker that waits keeps no item; and a traceback holds this frame, which would hold the error: a cycle.
            del item, value, error
            if self._news is not None:
                self._wake()
            if len(outcomes) >= capacity and not self._stopping:
                room = self._loop.create_future()
                self.blocked.append(room)
                await room
                started = clock()
            if self._stopping:
                return  # type: ignore[unreachable]  # others set it meanwhile

    async def work_from(self, producer: Producer[Item]) -> None:
        """One worker over a source that needs waiting."""
        while not self._stopping and (item := await producer.next()) is not END:
            await self.work(iter(((self._newest + 1, item),)))
            del item  # while it waits for the next one

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.running -= 1
        if not self._stopping:
            # a worker cancelled from elsewhere has lost its item: do not end as if all were done
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            if error is not None:
                self._fail(error)
        self._wake()

    def _fail(self, error: BaseException) -> None:
        """Nothing more is taken; the first failure is the one that is raised."""
        self._stopping = True
        self.failure = error
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)


def _is_wrong_kind(returned: object) -> bool:
    return not inspect.isawaitable(returned)


def _not_async(fn: Callable[..., Any], returned: object) -> TypeError:
    return TypeError(
        f"{fn!r} returned {type(returned).__name__}, not an awaitable: fan_out takes an async function; "
        "to bind arguments use functools.partial, not a lambda that calls it"
    )
