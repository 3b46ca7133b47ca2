"""`QuotaSnapshot`: the state of a quota at one moment, from which a forecast starts."""

from __future__ import annotations

from collections.abc import Sequence

import attrs


@attrs.frozen(kw_only=True)
class QuotaSnapshot:
    """`limits` as (requests, window_s), the shortest shared window first; of that one `allowed` are open now.

    `taken_s`: for each window, in how many seconds each of its taken slots comes free, ascending; a request in flight
    counts as one that is answered now. `opening`: it still grows by half each round trip.
    """

    limits: Sequence[tuple[int, float]]
    allowed: int
    opening: bool = True
    taken_s: Sequence[Sequence[float]] = ()
    closed_for_s: float = 0.0
