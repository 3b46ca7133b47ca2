"""Cancellations and exits in an operation: of its account's task, or of a task that the operation began."""

from __future__ import annotations

import asyncio
from typing import TypeGuard


def is_ours() -> bool:
    """Whether the cancellation at hand is of this task, and not of one that the operation began and waited for."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def forget_cancellation() -> None:
    """Undo what `asyncio.TaskGroup` leaves behind in Python 3.11: it cancels its own task when one of its tasks raises,
    and does not take that back when it was waiting for them."""
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()


def ends_all(
    worst: BaseException | None, always: type[BaseException] | tuple[type[BaseException], ...]
) -> TypeGuard[BaseException]:
    """Whether an operation's error ends the run or plan, and not its account alone: an interrupt, and `always`."""
    return isinstance(worst, always) or not isinstance(worst, Exception | SystemExit | asyncio.CancelledError | None)
