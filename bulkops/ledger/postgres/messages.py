"""What a process and the functions of the database tell each other. Durations only: clocks are never compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import attrs

from bulkops.pacing import Explored

Back: TypeAlias = tuple[int, int, int, float | None, bool]
"""A slot that is given back: window, number, exchange in which it was taken, seconds until it is free (None: its
request never left), whether it was refused.
"""


@attrs.frozen(kw_only=True)
class Opening:
    """A process begins to use a quota. See `ledger_open` in slots.sql."""

    quota: str
    windows: Sequence[OpenedWindow]
    held: Sequence[Earlier]
    longest_s: float | None
    allowed: int
    opening: bool


@attrs.frozen
class OpenedWindow:
    requests: int
    window_s: float
    length_s: float


@attrs.frozen
class Earlier:
    """A request that left before the quota was opened."""

    key: str | None
    counted_in_s: float


@attrs.frozen(kw_only=True)
class Width:
    """What is known about a quota (`pacing.SharedWidth`), with the number of its version."""

    version: int
    allowed: int
    opening: bool
    burst: int
    closed_for_s: float


@attrs.frozen(kw_only=True)
class Opened(Width):
    """`windows`: their numbers, in the order of `Opening.windows`."""

    quota_id: int
    windows: Sequence[int]


@attrs.frozen(kw_only=True)
class Wish:
    """Slots of a quota that a process wants. See `ledger_take` in exchange.sql."""

    quota: str
    quota_id: int
    windows: Sequence[tuple[int, int]]
    places: Sequence[int]
    have: int


@attrs.frozen(kw_only=True)
class Told(Width):
    """`requests`: slots that the window must have by now, if more than before."""

    quota_id: int
    window_id: int = 0
    requests: int = 0


@attrs.frozen
class Keyed:
    """A request that must be on record under its key. See `ledger_record` in exchange.sql."""

    quota: str
    key: str | None
    limits: Sequence[tuple[int, float]]


@attrs.frozen(kw_only=True)
class Request:
    """One exchange. `exchange`: its number; `seen`: of the last one whose reply arrived. `explored`: what is new about
    quotas without a published limit.
    """

    exchange: int
    seen: int
    back: Sequence[Back] = ()
    take: Sequence[Wish] = ()
    told: Sequence[Told] = ()
    settled: Sequence[tuple[int, float | None]] = ()
    record: Sequence[Keyed] = ()
    explored: Sequence[Explored] = ()


@attrs.frozen(kw_only=True)
class TakenSlot:
    """`numbers`: one slot of each window; a request may leave with them in `ready_in_s`."""

    numbers: Sequence[int]
    ready_in_s: float


@attrs.frozen(kw_only=True)
class Taken(Width):
    """`used`, `refused`, `held`: slots of other processes. `sharers`: processes that have lately wanted slots.

    `is_scarce`: fewer slots than this process may have; otherwise it has as many in hand as it may. `next_in_s`: until
    the next slot comes free, None while all are held; it may be taken `within_s` before.
    """

    quota_id: int
    slots: Sequence[TakenSlot]
    used: int
    refused: int
    held: int
    sharers: int
    is_scarce: bool
    next_in_s: float | None
    within_s: float


@attrs.frozen(kw_only=True)
class Recorded:
    """The number of a record, or how long its window is full."""

    record_id: int | None = None
    again_in_s: float | None = None


@attrs.frozen(kw_only=True)
class Reply:
    quotas: Sequence[Taken]
    records: Sequence[Recorded]
    explored: Sequence[Explored] = ()
