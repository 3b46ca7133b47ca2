"""Settle an effect whose outcome is unknown: what its probe finds (contract C5)."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import anyio
import attrs

from bulkops.errors import STILL_UNKNOWN, ApiError, BulkopsError, TaskFailed, TaskUnknown
from bulkops.steps.effect import Effect, Intent

MAX_SENDS: Final = 5
"""Maximum requests of one step in one pass, while the outcome is unknown or a probe finds no effect."""


async def settle(
    key: str, effect: Effect, intent: Intent, *, server_timeout_s: float, error: BulkopsError | None = None
) -> Any:
    """The effect's result if it happened; None if the step may run (again). Raises: TaskUnknown.

    `error`: why the outcome is unknown; None: an earlier process left the intent open.
    """
    try:
        return await _settle(key, effect, intent, server_timeout_s, error)
    except TaskUnknown as unknown:
        if error is None and not isinstance(unknown.__context__, ApiError):  # then no request can settle it
            unknown.failure_class = STILL_UNKNOWN  # type: ignore[misc]  # per failure here, per class elsewhere
        raise


async def _settle(key: str, effect: Effect, intent: Intent, server_timeout_s: float, error: BulkopsError | None) -> Any:
    unknown = f"outcome of step {key!r} is unknown"
    if effect.probe is None:
        if effect.repeatable:
            return None
        raise TaskUnknown(
            unknown + (f": {error}" if error else ""),
            cause=unknown,
            remedy=effect.check or "check the account before you run it again",
        ) from error
    clock = asyncio.get_running_loop().time
    left_at = clock() - intent.age_s
    try:
        found = await effect.probe(intent)
        # The old request may still be running on the server: until it has ended, a miss is not final.
        wait_s = 0.0 if effect.repeatable else left_at + server_timeout_s - clock()
        if found is None and wait_s > 0:
            await anyio.sleep(wait_s)
            found = await effect.probe(attrs.evolve(intent, age_s=clock() - left_at))
    except ApiError as decode_error:
        if decode_error.failure_class == "unauthorized":
            raise
        raise TaskUnknown(
            f"{unknown}: its probe failed: {decode_error}",
            cause=f"{unknown}: its probe failed",
            remedy=effect.check or "`bulkops resume` checks again",
        ) from decode_error
    return found


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
