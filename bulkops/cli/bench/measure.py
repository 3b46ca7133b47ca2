"""An observer that measures a run: requests, refusals, waits and latencies of each quota."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from bulkops.events import AttemptEnded, Event
from bulkops.rate_limit import Limit

PERCENTILES: Final = (50, 90, 99)


@attrs.define
class _Series:
    """Attempts of one quota. Times are seconds; eight bytes for each request and each figure."""

    refused: int = 0
    lost: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    waits_s: array[float] = attrs.field(factory=lambda: array("d"))
    latencies_s: array[float] = attrs.field(factory=lambda: array("d"))


class Measure:
    """Measures one run from its events; `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._series: dict[str, _Series] = {}

    def observe(self, event: Event) -> None:
        if not isinstance(event, AttemptEnded):
            return
        now = self._clock()
        series = self._series.get(event.quota)
        if series is None:
            series = self._series[event.quota] = _Series(first_at=now - event.latency_s)
        series.last_at = now
        series.refused += event.status == 429
        series.lost += event.status is None
        series.waits_s.append(event.waited_s)
        series.latencies_s.append(event.latency_s)

    @property
    def requests(self) -> int:
        return sum(len(series.latencies_s) for series in self._series.values())

    def latencies(self) -> dict[str, float]:
        """Percentiles over all quotas."""
        return percentiles([value for series in self._series.values() for value in series.latencies_s])

    def by_quota(self, limits: Mapping[str, Sequence[Limit]], *, share: float) -> dict[str, dict[str, Any]]:
        """By quota, the busiest first: counts, rate and limit a second, and how much of what was permitted was used."""
        rows = {name: _row(series, limits.get(name, ()), share) for name, series in self._series.items()}
        return dict(sorted(rows.items(), key=lambda item: (-(item[1]["use"] or 0.0), item[0])))


def _row(series: _Series, limits: Sequence[Limit], share: float) -> dict[str, Any]:
    count, span_s = len(series.latencies_s), series.last_at - series.first_at
    shared = [limit for limit in limits if limit.key is None]
    # Permitted in that time: a window's worth at once, and as many again for each window that has passed.
    permitted = [limit.requests * share * (span_s // limit.window_s + 1) for limit in shared]
    narrowest = min(shared, key=lambda limit: limit.requests / limit.window_s, default=None)
    return {
        "requests": count,
        "refused": series.refused,
        "lost": series.lost,
        "per_s": round(count / span_s, 3) if span_s > 0 else None,
        "limit": None if narrowest is None else narrowest.requests,
        "window_s": None if narrowest is None else narrowest.window_s,
        "limit_per_s": None if narrowest is None else round(narrowest.requests * share / narrowest.window_s, 3),
        "use": round(count / min(permitted), 4) if permitted else None,
        "waited_s": percentiles(series.waits_s),
        "latency_s": percentiles(series.latencies_s),
    }


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """`{"p50": ..., "p90": ..., "p99": ..., "max": ...}`, by nearest rank; empty without values.

    >>> percentiles([4.0, 1.0, 2.0, 3.0])
    {'p50': 2.0, 'p90': 4.0, 'p99': 4.0, 'max': 4.0}
    """
    if not values:
        return {}
    ordered = sorted(values)
    found = {f"p{percent}": ordered[max(0, -(-percent * len(ordered) // 100) - 1)] for percent in PERCENTILES}
    return {key: round(value, 6) for key, value in {**found, "max": ordered[-1]}.items()}
