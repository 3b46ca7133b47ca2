"""`QuotaSnapshot`: the state of a quota at one moment, from which a forecast starts."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from bulkops.settings import Limit


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
