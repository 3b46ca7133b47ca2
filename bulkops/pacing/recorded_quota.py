"""Sharing of a quota among processes: divided into parts, or recorded request by request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias

import attrs

from bulkops.rate_limit import Limit

LONGEST_DIVIDED_S: Final = 120.0
"""Seconds. After a killed process a divided quota stays closed for its window, so longer windows are recorded."""

SMALLEST_DIVIDED: Final = 16
"""Requests that a divided quota has at least: each of 8 processes gets two."""


def is_recorded(limits: Sequence[Limit]) -> bool:
    """Whether each request of a quota is on record before it leaves; else processes divide the quota.

    A record is exact, also for a window of hours, for the window of one account, and for a quota of one request. It
    costs a write to the disk for each request.
    """
    return any(
        limit.key is not None or limit.window_s > LONGEST_DIVIDED_S or limit.requests < SMALLEST_DIVIDED
        for limit in limits
    )


@attrs.define  # not frozen: a frozen class pays twice for its constructor
class HeldSlot:
    """A slot that a request holds. `counted_in_s`: seconds from now until the server has counted the request at the
    latest (below 0: since then); `longest_s` after that its quota's longest window counts it no more."""

    quota: str
    key: str | None
    counted_in_s: float
    longest_s: float


Settle: TypeAlias = Callable[[float | None], None]
"""Tells a record how its request ended: `counted_in_s`, or None if the request never left."""


@attrs.frozen
class Full:
    """No slot now: ask again in `again_in_s` seconds. `is_key`: only the window of the request's key is full."""

    again_in_s: float
    is_key: bool


class SlotRecorder(Protocol):
    """Keeps the recorded quotas, for this process and all others."""

    def records(self, limits: Sequence[Limit]) -> bool:
        """Whether each request of a quota with these limits is put on record before it leaves."""

    async def take(self, quota: str, key: str | None, limits: Sequence[Limit]) -> Settle | Full:
        """Put a request on record that is about to leave. Durable when it returns."""
