"""How a quota stands at a moment, in full: what a forecast begins from."""

from __future__ import annotations

from collections.abc import Sequence

import attrs


@attrs.frozen(kw_only=True)
class QuotaStanding:
    """`limits` as (requests, window_s), the shortest shared window first; of that one `allowed` are open now.

    `taken_s`: for each window, in how many seconds each of its taken slots comes free, ascending; a request in flight
    counts as one that is answered now. `opening`: it still grows by half each round trip.
    """

    limits: Sequence[tuple[int, float]]
    allowed: int
    opening: bool = True
    taken_s: Sequence[Sequence[float]] = ()
    closed_for_s: float = 0.0
