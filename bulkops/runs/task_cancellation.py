"""Errors, cancellations and exits of an operation: those of its account alone, and those that end more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from bulkops.exception_groups import forget_cancellation, worst_of

T = TypeVar("T")


async def attempted(
    work: Awaitable[T], *, ends_all: type[BaseException] | tuple[type[BaseException], ...]
) -> tuple[T | None, BaseException | None]:
    """The result of an operation's work, or else the error, which concerns its account alone.

    A cancelled task for which the work waited, and `sys.exit()` in it, are such errors.
    Raises: CancelledError if this task is cancelled; an interrupt, and errors of the types `ends_all`.
    """
    result: T | None = None
    raised: BaseException | None = None
    try:
        result = await work
    except (Exception, SystemExit, BaseExceptionGroup) as error:  # noqa: BLE001 - a mistake is an outcome
        raised = error
    except asyncio.CancelledError as cancelled:
        if _is_cancelled():
            raise
        raised = cancelled
    forget_cancellation()
    worst = None if raised is None else worst_of(raised)
    if isinstance(worst, ends_all) or not isinstance(worst, Exception | SystemExit | asyncio.CancelledError | None):
        raise worst from worst.__cause__
    return result, raised


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
