"""`Effect`: the effect of a step, and `Intent`, the data of an open intent for its probe."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Any, Final, TypeAlias

import attrs

from bulkops.errors import STILL_UNKNOWN, ApiError, BulkopsError, TaskFailed, TaskUnknown

MAX_SENDS: Final = 5
"""Maximum requests of one step in one pass, while the outcome is unknown or a probe finds no effect."""


@attrs.frozen(kw_only=True)
class Intent:
    """Data for a probe.

    `data`: what `step(data=...)` recorded before the request left; `age_s`: seconds since the request left, or less.
    """

    data: Any
    age_s: float


Probe: TypeAlias = Callable[[Intent], Awaitable[Any]]


class _NotPlanned(Enum):
    NOT_PLANNED = "the author does not say what the step would return"

    def __repr__(self) -> str:
        return self.name


NOT_PLANNED: Final = _NotPlanned.NOT_PLANNED


class Offline(Enum):
    """What a rehearsal without any request takes an account for."""

    FRESH = "everything is still to be done"
    DONE = "everything is already as it is to be"


@attrs.define(kw_only=True)  # not frozen: a frozen class pays twice for its constructor
class Effect:
    """What a step does, as `Context.step` takes it."""

    fn: Callable[[], Awaitable[Any]]
    probe: Probe | None = None
    repeatable: bool = False
    data: Any = None
    changes: bool = True
    check: str | None = None
    planned: Any = NOT_PLANNED
    says: Sequence[str] | None = None


def given_up(key: str, effect: Effect, lost: BulkopsError | None) -> BulkopsError:
    """The error of a step that was sent MAX_SENDS times. Without a probe its outcome is unknown."""
    if effect.probe is None:
        cause = f"outcome of step {key!r} is unknown after {MAX_SENDS} requests"
        return TaskUnknown(f"{cause}; the last one: {lost}", cause=cause, remedy=effect.check or "`bulkops resume`")
    cause = f"step {key!r} was sent {MAX_SENDS} times without effect"
    return TaskFailed(
        f"{cause}; the last time: {lost}",
        failure_class="never-happened",
        cause=cause,
        remedy="`bulkops retry` sends it again",
    )


def age_of(error: BulkopsError) -> float:
    """Seconds since the request left that failed with this error; 0.0 for another error."""
    sent_at = error.sent_at if isinstance(error, ApiError) else None
    return asyncio.get_running_loop().time() - sent_at if sent_at is not None else 0.0


def note_earlier(unknown: TaskUnknown) -> None:
    """Note in the error of an intent of an earlier process that no request can settle it, if none has failed."""
    if not isinstance(unknown.__context__, ApiError):
        unknown.failure_class = STILL_UNKNOWN  # type: ignore[misc]  # per failure here, per class elsewhere
