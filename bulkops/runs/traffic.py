"""`TrafficRecorder`: requests of a run by time and quota, for the report. One event every few seconds."""

from __future__ import annotations

import math
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import attrs

from bulkops.events import AttemptEnded, Event, QuotaChanged
from bulkops.journal import Journal
from bulkops.journal.event_kinds import EXPLORED, PROCESS, REQUESTS
from bulkops.rate_limit import Limit
from bulkops.session import ApiSession

_LONGEST_S: Final = 5.0
_SHORTEST_S: Final = 0.1
_INTERVALS_PER_WINDOW: Final = 12
"""Intervals per window: enough to see how full a window is, wherever it starts."""


@attrs.define
class _Count:
    requests: int = 0
    refused: int = 0
    lost: int = 0
    waited_s: float = 0.0
    allowed: int | None = None

    def members(self) -> dict[str, Any]:
        return {key: round(value, 3) for key, value in attrs.asdict(self).items() if value}


class TrafficRecorder:
    """Counts attempts by quota and interval. No task and no timer: an interval is written when a later event comes.

    `quotas`: each is counted in intervals of its own; `clock`: seconds that never step back.
    """

    def __init__(
        self,
        journal: Journal,
        run_id: str,
        *,
        quotas: Mapping[str, Sequence[Limit]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._run_id = run_id
        self._intervals_s = {name: interval_for(limits) for name, limits in quotas.items()}
        self._clock = clock
        self._began = self._clock()
        self._wall_offset_s = time.time() - self._began
        self._counts: dict[tuple[int, float], dict[str, _Count]] = {}
        """By interval, its number from the beginning and its length: those that are not written yet."""
        self._due_s = math.inf
        """When the first of them is to be written, from the beginning."""
        self._narrowed: dict[str, int] = {}

    def note(self, event: Event) -> None:
        """Count an event of the session; what is of no interest passes by."""
        if isinstance(event, AttemptEnded):
            count = self._count(event.quota, ago_s=event.latency_s)
            count.requests += 1
            count.waited_s += event.waited_s
            if event.status is None:
                count.lost += 1
            elif event.status == 429:
                count.refused += 1
        elif isinstance(event, QuotaChanged):
            self._narrowed[event.quota] = event.allowed
            if event.allowed >= event.limit:
                del self._narrowed[event.quota]
            self._count(event.quota)

    def write(self, *, due_s: float = math.inf) -> None:
        """Put intervals that are due by then into the journal, queued."""
        for place, length_s in sorted(self._counts, key=lambda interval: _due_s(*interval)):
            if _due_s(place, length_s) > due_s:
                break
            self._journal.add_event(
                self._run_id,
                REQUESTS,
                {
                    "from": round(self._began + place * length_s + self._wall_offset_s, 3),
                    "s": length_s,
                    "quotas": {name: count.members() for name, count in self._counts.pop((place, length_s)).items()},
                },
            )
        self._due_s = min((_due_s(*interval) for interval in self._counts), default=math.inf)

    def _count(self, quota: str, *, ago_s: float = 0.0) -> _Count:
        """Of the interval `ago_s` seconds ago."""
        passed_s = self._clock() - self._began
        if passed_s >= self._due_s:
            self.write(due_s=passed_s)
        length_s = self._intervals_s.get(quota, _LONGEST_S)
        interval = max(0, int((passed_s - ago_s) / length_s)), length_s
        counts = self._counts.get(interval)
        if counts is None:
            counts = self._counts[interval] = {}
            self._due_s = min(self._due_s, _due_s(*interval))
        count = counts.get(quota)
        if count is None:
            count = counts[quota] = _Count()
        count.allowed = self._narrowed.get(quota)
        return count


def _due_s(place: int, length_s: float) -> float:
    """When an interval is written: one that has passed waits one more for those still on their way."""
    return (place + 2) * length_s


@contextmanager
def metered(
    session: ApiSession, journal: Journal, run_id: str, *, is_worker: bool = False
) -> Iterator[Callable[[], None]]:
    """Write into the journal what the session sends while the block lasts. `is_worker`: beside other processes.

    Yields a function that writes, queued, what has been counted so far; the end of the block does it too.
    """
    journal.add_event(run_id, PROCESS, _process(session) | ({"worker": True} if is_worker else {}))
    meter = TrafficRecorder(journal, run_id, quotas=session.quotas)
    explored: dict[str, Any] = {}

    def write() -> None:
        meter.write()
        used, members = session.pacer.statistics(), ("requests", "window_s", "refused")
        found = [one for one in session.pacer.explored() if one.quota in used]
        new = {one.quota: {key: getattr(one, key) for key in members} for one in found}
        if new != explored:
            explored.update(new)
            journal.add_event(run_id, EXPLORED, new)

    unsubscribe = session.subscribe(meter.note)
    try:
        yield write
    finally:
        unsubscribe()
        write()


def interval_for(limits: Sequence[Limit]) -> float:
    """Seconds of one interval of a quota: a twelfth of its narrowest window, between 0.1 and 5."""
    narrowest_s = min((limit.window_s for limit in limits), default=math.inf)
    return min(_LONGEST_S, max(_SHORTEST_S, narrowest_s / _INTERVALS_PER_WINDOW))


def _process(session: ApiSession) -> dict[str, Any]:
    return {
        "bulkops": getattr(sys.modules.get("bulkops"), "__version__", "?"),
        "python": platform.python_version(),
        "share": session.settings.tuning.share,
        "quotas": {
            name: [[limit.requests, limit.window_s, *([limit.key] if limit.key else [])] for limit in limits]
            for name, limits in session.quotas.items()
        },
    }
