"""The state of a quota at one moment: `QuotaStatistics` for people, `QuotaSnapshot` for a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Self

import attrs

from bulkops.rate_limit import Limit

if TYPE_CHECKING:
    from bulkops.pacing.quota import Quota

UNLIMITED: Final = 1_000_000_000


@attrs.frozen(kw_only=True)
class QuotaStatistics:
    """`allowed` of `limit` in `window_s` (the quota's shortest shared window); `waited_s`: summed over requests.

    `limit` is UNLIMITED (10**9) for a quota without a shared window.
    """

    requests: int
    refused: int
    lost: int
    waited_s: float
    allowed: int
    limit: int
    window_s: float
    used: int
    waiting: int
    in_flight: int
    closed_for_s: float

    @classmethod
    def of(cls, quota: Quota, now: float) -> Self:
        window = quota.shortest_window
        return cls(
            requests=quota.requests,
            refused=quota.refused,
            lost=quota.lost,
            waited_s=quota.waited_s,
            allowed=quota.adaptation.allowed,
            limit=window.limit,
            window_s=window.documented_s,
            used=window.used(now),
            waiting=quota.waiting,
            in_flight=window.in_flight,
            closed_for_s=quota.closed_for_s(now),
        )


@attrs.frozen(kw_only=True)
class QuotaSnapshot:
    """`limits`: those for all keys together, the shortest window first; of that one `allowed` are open now, None: as
    many as at first.

    `taken_s`: for each window, in how many seconds each of its taken slots comes free, ascending; a request in flight
    counts as one that is answered now. `opening`: it still grows by half each round trip.
    """

    limits: Sequence[Limit]
    allowed: int | None = None
    opening: bool = True
    taken_s: Sequence[Sequence[float]] = ()
    closed_for_s: float = 0.0

    @classmethod
    def of(cls, quota: Quota, now: float) -> Self:
        adaptation, shortest = quota.adaptation, quota.shortest_window
        beside = shortest.inherited(now) if adaptation.is_opening else 0
        allowed = min(shortest.limit, adaptation.allowed + beside)
        return cls(
            limits=quota.shared_limits(),
            allowed=max(1, allowed // adaptation.sharers),
            opening=adaptation.is_opening,
            taken_s=[window.taken_s(now) for window in quota.shared_windows],
            closed_for_s=quota.closed_for_s(now),
        )
