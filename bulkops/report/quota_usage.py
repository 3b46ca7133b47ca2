"""Requests by quota and interval, as recorded by the run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

import attrs

from bulkops.journal import EventRow
from bulkops.journal.event_kinds import PROCESS, REQUESTS
from bulkops.pacing import Explored

_FULL: Final = 0.2


@attrs.frozen(kw_only=True)
class Interval:
    """Requests of one quota in `[begin, begin + length_s)`. `allowed`: below the limit while the quota is narrowed."""

    begin: float
    length_s: float
    requests: int
    refused: int
    lost: int
    waited_s: float
    allowed: int | None

    @property
    def end(self) -> float:
        return self.begin + self.length_s


@attrs.frozen(kw_only=True)
class Traffic:
    """One quota over the run. `limit` in `window_s`: its narrowest window for all accounts together, if it has one."""

    quota: str
    limit: int | None
    window_s: float
    share: float
    intervals: list[Interval]

    @property
    def requests(self) -> int:
        return sum(one.requests for one in self.intervals)

    @property
    def refused(self) -> int:
        return sum(one.refused for one in self.intervals)

    @property
    def lost(self) -> int:
        return sum(one.lost for one in self.intervals)

    @property
    def waited_s(self) -> float:
        return sum(one.waited_s for one in self.intervals)

    @property
    def busiest(self) -> int:
        """The most requests in any one window, as finely as the intervals tell."""
        return max(map(self._counter(), self._ends()), default=0)

    def in_window(self, moments: Sequence[float]) -> list[int]:
        """For each moment the most that the window held since the moment before."""
        count, ends = self._counter(), self._ends()
        found = []
        for place, at in enumerate(moments):
            first = bisect_right(ends, moments[place - 1]) if place else 0
            found.append(max(map(count, [*ends[first : bisect_right(ends, at)], at])))
        return found

    def held(self, at: float) -> int:
        """Requests of intervals that ended in the window up to `at`."""
        return int(self._counter()(at))

    def _ends(self) -> list[float]:
        return [one.end for one in self.intervals]

    def _counter(self) -> Any:
        ends = self._ends()
        sums = [0, *accumulate(one.requests for one in self.intervals)]

        def count(at: float) -> int:
            """Requests of intervals that ended in the window up to `at`."""
            return sums[bisect_right(ends, at)] - sums[bisect_right(ends, at - self.window_s + 1e-3)]

        return count


def read_traffic(events: Iterable[EventRow]) -> list[Traffic]:
    """Every quota that was used, the fullest first. Events that say something else are passed over."""
    limits: dict[str, list[list[Any]]] = {}
    share = 1.0
    intervals: dict[str, list[Interval]] = {}
    for event in events:
        data = event.data if isinstance(event.data, Mapping) else {}
        if event.kind == PROCESS:
            limits.update(data.get("quotas", {}))
            share = data.get("share", 1.0)
        elif event.kind == REQUESTS:
            for quota, members in data["quotas"].items():
                intervals.setdefault(quota, []).append(_interval(data, members))
    traffic = [_traffic(quota, limits.get(quota, []), share, found) for quota, found in intervals.items()]
    return sorted(traffic, key=lambda one: (-(one.busiest / one.limit if one.limit else 0.0), one.quota))


def read_explored(events: Iterable[EventRow]) -> list[Explored]:
    """What a run has learned about quotas without a published limit, by the events of its processes."""
    found: dict[tuple[str, float], Explored] = {}
    for event in events:
        for quota, members in event.data.items() if isinstance(event.data, Mapping) else ():
            one = Explored(quota, members["requests"], members["window_s"], members["refused"])
            place = one.quota, one.window_s
            found[place] = one.merged(found.get(place, one))
    return list(found.values())


def explored_words(explored: Explored) -> str:
    """`quota assumed.customer.folders accepted 480 requests in 60 s, and refused more`"""
    end = ", and refused more" if explored.refused else "; its limit was not met"
    return f"quota {explored.quota} accepted {explored.requests:,} requests in {explored.window_s:g} s{end}"


def explored_setting(explored: Explored) -> str:
    """The line for [quotas] of the client file with which a run begins there."""
    return f'"{explored.quota}" = [{{ limit = {explored.requests}, window_s = {explored.window_s:g} }}]'


def by_fullness(traffic: Sequence[Traffic]) -> tuple[list[Traffic], list[Traffic]]:
    """Those whose window was at least a fifth full at some time, the first one in any case; and the others."""
    full = [one for one in traffic if not one.limit or one.busiest >= one.limit * _FULL] or list(traffic[:1])
    return full, [one for one in traffic if one not in full]


def _interval(data: Mapping[str, Any], members: Mapping[str, Any]) -> Interval:
    return Interval(
        begin=data["from"],
        length_s=data["s"],
        requests=members.get("requests", 0),
        refused=members.get("refused", 0),
        lost=members.get("lost", 0),
        waited_s=members.get("waited_s", 0.0),
        allowed=members.get("allowed"),
    )


def _traffic(quota: str, limits: Sequence[Sequence[Any]], share: float, intervals: list[Interval]) -> Traffic:
    shared = sorted((window_s, limit) for limit, window_s, *key in limits if not key)
    window_s, limit = shared[0] if shared else (60.0, None)
    in_order = sorted(intervals, key=lambda one: one.end)
    return Traffic(quota=quota, limit=limit, window_s=window_s, share=share, intervals=in_order)
