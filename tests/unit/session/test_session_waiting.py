"""A wait with an end: its own cancellation is told apart from everybody else's."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bulkops.session._waits import Deadlines, DeadlineTimer, PendingWaits, WaitCancelled
from tests.virtual_time import run_virtual


async def _lost_after(patience: DeadlineTimer) -> float:
    """When the wait was cut off, on the clock of the loop."""
    try:
        await asyncio.sleep(1000)
    except asyncio.CancelledError:
        if not patience.was_lost():
            raise
    finally:
        patience.close()
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize(
    ("until", "moved", "ends"), [(5.0, (), 5.0), (5.0, (9.0,), 9.0), (5.0, (3.0,), 3.0), (5.0, (9.0, 4.0), 4.0)]
)
def test_it_ends_when_it_was_moved_to(until: float, moved: tuple[float, ...], ends: float) -> None:
    async def main() -> float:
        patience = DeadlineTimer(until, Deadlines())
        for later in moved:
            patience.extend(later)
        return await _lost_after(patience)

    assert run_virtual(main()) == pytest.approx(ends, abs=0.01)


def test_its_own_end_leaves_the_task_uncancelled() -> None:
    async def main() -> int:
        await _lost_after(DeadlineTimer(1.0, Deadlines()))
        task = asyncio.current_task()
        assert task is not None
        await asyncio.sleep(1)  # nothing is left that would cut this off
        return task.cancelling()

    assert run_virtual(main()) == 0


@pytest.mark.parametrize("at", [0.5, 1.0])
def test_a_cancellation_from_outside_passes_through_at_the_same_moment_too(at: float) -> None:
    async def waits(until: float) -> float:
        return await _lost_after(DeadlineTimer(until, Deadlines()))

    async def main() -> bool:
        task = asyncio.create_task(waits(1.0))
        await asyncio.sleep(at)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert run_virtual(main())


def test_a_cancellation_that_was_swallowed_below_is_taken_back() -> None:
    async def main() -> int:
        patience = DeadlineTimer(1.0, Deadlines())
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(1000)
        patience.close()
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert run_virtual(main()) == 0


def test_two_loops_in_two_threads_ring_at_the_same_moment() -> None:
    """With one context for all timers, one loop lost its ring, and its attempts had no time limit any more."""
    both = threading.Barrier(2, timeout=10)

    class Meeting(DeadlineTimer):
        def lose(self) -> None:
            both.wait()
            super().lose()

    async def main() -> float:
        async with asyncio.timeout(20):
            return await _lost_after(Meeting(asyncio.get_running_loop().time(), Deadlines()))

    with ThreadPoolExecutor(2) as threads:
        assert len([thread.result() for thread in [threads.submit(asyncio.run, main()) for _ in range(2)]]) == 2


def test_one_timer_keeps_the_times_of_all_tasks() -> None:
    async def waits(until: float, moved: float, among: Deadlines) -> float:
        patience = DeadlineTimer(until, among)
        await asyncio.sleep(0)
        patience.extend(moved)
        return await _lost_after(patience)

    async def main() -> tuple[list[float], int]:
        loop, among = asyncio.get_running_loop(), Deadlines()
        times = ((9.0, 9.0), (3.0, 3.0), (3.0, 7.0), (8.0, 2.0), (5.0, 5.0), (math.inf, 6.0))
        tasks = [loop.create_task(waits(until, moved, among)) for until, moved in times]
        return [round(ended, 2) for ended in await asyncio.gather(*tasks)], len(among.running)

    assert run_virtual(main()) == ([9.0, 3.0, 7.0, 2.0, 5.0, 6.0], 0)


def test_a_time_limit_that_is_not_reached_costs_the_loop_no_timer() -> None:
    async def main() -> int:
        loop, among, timers = asyncio.get_running_loop(), Deadlines(), 0
        call_at = loop.call_at

        def counted(*args: Any, **kwargs: Any) -> asyncio.TimerHandle:
            nonlocal timers
            timers += 1
            return call_at(*args, **kwargs)

        loop.call_at = counted  # type: ignore[assignment, method-assign]
        for _ in range(100):
            patience = DeadlineTimer(loop.time() + 10, among)
            patience.extend(loop.time() + 40)
            patience.close()
        return timers

    assert run_virtual(main()) == 1


def test_waits_end_by_their_own_deadline_or_all_at_once() -> None:
    async def main() -> list[tuple[str, float]]:
        loop, waiting = asyncio.get_running_loop(), PendingWaits()
        found: list[tuple[str, float]] = []

        async def one(name: str, until: float | None) -> None:
            try:
                found.append((await waiting.wait(asyncio.sleep(3, name), until=until), round(loop.time(), 2)))
            except WaitCancelled:
                found.append((f"{name} gave up", round(loop.time(), 2)))

        ends = {"short": 1.0, "extended": 2.0, "long": 9.0, "endless": None}
        tasks = [loop.create_task(one(name, until)) for name, until in ends.items()]
        await asyncio.sleep(1.5)
        waiting.extend(0.5)
        await asyncio.sleep(2)
        tasks += [loop.create_task(one(name, None)) for name in ("a", "b")]
        await asyncio.sleep(1)
        waiting.end()
        await asyncio.wait(tasks)
        return found

    # Those that end at one moment end in any order.
    assert sorted(run_virtual(main()), key=lambda one: (one[1], one[0])) == [
        ("short gave up", 1.0),
        ("extended gave up", 2.5),
        ("endless", 3.0),
        ("long", 3.0),
        ("a gave up", 4.5),
        ("b gave up", 4.5),
    ]
