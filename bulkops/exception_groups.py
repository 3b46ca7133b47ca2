"""Exception groups: the errors in them, the one that decides, and the cancellation that a task group leaves."""

from __future__ import annotations

from collections.abc import Iterator

from bulkops.errors import BulkopsError, JournalError, Unauthorized


def leaves_of(error: BaseException) -> Iterator[BaseException]:
    """The errors in an exception group, at any depth; an error that is not a group is its only leaf."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves_of(inner)
    else:
        yield error


def worst_of(error: BaseException) -> BaseException:
    """The error that decides for the whole group: the first of the worst kind. The order, worst first: a failing
    journal (it ends the run), an interrupt, a refused token, an unknown outcome, a mistake in the code, a known
    failure.
    """
    return min(leaves_of(error), key=_mildness)


def _mildness(error: BaseException) -> int:
    kinds = (
        isinstance(error, JournalError),
        not isinstance(error, Exception),
        isinstance(error, Unauthorized),
        isinstance(error, BulkopsError) and error.may_have_acted,
        not isinstance(error, BulkopsError),
        True,
    )
    return kinds.index(True)


def forget_cancellation() -> None:
    """Undo what `asyncio.TaskGroup` leaves behind in Python 3.11: it cancels its own task when one of its tasks raises,
    and does not take that back when it was waiting for them. The operation may have handled the error of the group.

    A cancellation that the operation has swallowed goes too: the executor starts nothing more after it has sent one.
    """
    import asyncio  # noqa: PLC0415 - the help of a command does without it

    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()
