"""A wait with an end: its own cancellation is told apart from everybody else's."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from bulkops.session._waits import DeadlineTimer, PendingWaits, WaitCancelled
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
        patience = DeadlineTimer(until)
        for later in moved:
            patience.extend(later)
        return await _lost_after(patience)

    assert run_virtual(main()) == pytest.approx(ends, abs=0.01)


def test_its_own_end_leaves_the_task_uncancelled() -> None:
    async def main() -> int:
        await _lost_after(DeadlineTimer(1.0))
        task = asyncio.current_task()
        assert task is not None
        await asyncio.sleep(1)  # nothing is left that would cut this off
        return task.cancelling()

    assert run_virtual(main()) == 0


@pytest.mark.parametrize("at", [0.5, 1.0])
def test_a_cancellation_from_outside_passes_through_at_the_same_moment_too(at: float) -> None:
    async def waits(until: float) -> float:
        return await _lost_after(DeadlineTimer(until))

    async def main() -> bool:
        task = asyncio.create_task(waits(1.0))
        await asyncio.sleep(at)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert run_virtual(main())


def test_a_cancellation_that_was_swallowed_below_is_taken_back() -> None:
    async def main() -> int:
        patience = DeadlineTimer(1.0)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(1000)
        patience.close()
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert run_virtual(main()) == 0


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
