"""Which accounts may have their first effect: as many as the quotas can carry through, furthest along first (C7).

By Little's law the accounts that a quota keeps busy are its throughput times the time that one account takes. More than
those only wait, with effects half done, and all of them would fail after a halt. So an account is admitted when each
quota can serve it beside those admitted before, within the time that an account takes.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Mapping
from typing import Final

import attrs

from bulkops.events import AttemptEnded, Event
from bulkops.operations import Operation
from bulkops.pacing import Pacer
from bulkops.runs.halting.demand import Demand
from bulkops.runs.policy import Policy
from bulkops.settings import Tuning

_AHEAD: Final = 1.25
"""Of the time that nine of ten accounts take: an account that comes late leaves its slot unused for a while."""

_AHEAD_LEAST_S: Final = 0.25
"""Seconds. An intent has to be on the disk and a request in its queue before the slot comes free."""

_AHEAD_LEAST_SHARE: Final = 0.05
"""Of a quota's window: as little as that is no wait, and the queue for its next slots is never empty."""

_FIRST: Final = 10
"""Accounts admitted when nothing is known of what they take; each that ends well lets in one more than itself."""

_LOOK_SHARE: Final = 1 / 60
_LOOK_LEAST_S: Final = 0.05
_LOOK_MOST_S: Final = 1.0
"""How often those that wait are looked at: slots come free by time alone."""

_CAP_TIMES: Final = 2.0
_CAP_POLLS: Final = 5.0
_CAP_MARGIN: Final = 1.25
"""How much longer than foreseen accounts may take before the cap makes a run slower: about five times, with imports."""


def most_admitted(operation: Operation, *, policy: Policy, pacer: Pacer, tuning: Tuning) -> int:
    """Accounts that hold open effects at once, at most. `concurrency`, unless a limit of failures is promised to hold.

    Then: the binding quota's accounts of one window, and those that it serves in the time of an account, with a margin.
    """
    if policy.max_failures is None:
        return policy.concurrency
    demand = Demand(operation, tuning)
    own_s = max(_CAP_TIMES * demand.foreseen_s, _CAP_POLLS * tuning.first_poll_s)
    most = float(policy.concurrency)
    for quota, count in demand.in_all.items():
        limit = pacer.narrowest(quota)
        if limit is not None:
            most = min(most, _CAP_MARGIN * limit.requests / count * (1 + own_s / limit.window_s))
    requests = sum(demand.in_all.values())
    if tuning.max_rate is not None and requests:
        most = min(most, _CAP_MARGIN * tuning.max_rate / requests * (1 + own_s))
    return max(1, math.ceil(most))


@attrs.define(eq=False)
class _Open:
    """An account with open effects. `left`: requests that it is still expected to send, by quota."""

    admitted_at: float
    left: dict[str, float]
    sent: dict[str, int] = attrs.field(factory=dict)
    waited_s: float = 0.0


@attrs.define(eq=False)
class _Waiting:
    account: str
    granted: asyncio.Future[None]


class Admission:
    """Lets accounts begin. An observer of the session: what the accounts really take replaces the forecast.

    `most`: accounts with open effects at once, whatever the quotas could serve.
    """

    def __init__(self, operation: Operation, *, pacer: Pacer, tuning: Tuning, most: int) -> None:
        self.most = most
        self._demand = Demand(operation, tuning)
        self._pacer = pacer
        self._clock = asyncio.get_running_loop().time
        self._open: dict[str, _Open] = {}
        self._expected: dict[str, float] = {}
        """By quota, what the open accounts are still expected to send."""
        self._began_sum = 0.0
        """Of the open accounts, the times of admission and the waits since: their mean is the mean age."""
        self._ended_well = 0
        self._waiting: list[tuple[int, int, _Waiting]] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def open(self) -> int:
        """Accounts with open effects now."""
        return len(self._open)

    async def admit(self, account: str, priority: tuple[int, int]) -> None:
        """Wait until the account may have its first effect. It counts as open from then on, until `leave`."""
        if not self._waiting and self._rooms() is not None:
            self._enter(account)
            return
        waiting = _Waiting(account, asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiting, (*priority, waiting))
        self._look_later()
        await waiting.granted

    def is_open(self, account: str) -> bool:
        return account in self._open

    def leave(self, account: str, *, well: bool) -> None:
        """The account has ended, admitted or not. `well`: it teaches what accounts take."""
        entry = self._open.pop(account, None)
        if entry is None:
            return
        for quota, count in entry.left.items():
            self._expected[quota] -= count
        self._began_sum -= entry.admitted_at + entry.waited_s
        if well:
            self._ended_well += 1
            self._demand.note(entry.sent, max(0.0, self._clock() - entry.admitted_at - entry.waited_s))
        self._look()

    def note(self, event: Event) -> None:
        """Count what open accounts send. Hot path."""
        if not isinstance(event, AttemptEnded):
            return
        entry = self._open.get(event.account)  # type: ignore[arg-type]  # None is never in it
        if entry is None:
            return
        entry.waited_s += event.waited_s
        self._began_sum += event.waited_s
        if event.status is None or event.status == 429:  # it will be sent again
            return
        quota = event.quota
        entry.sent[quota] = entry.sent.get(quota, 0) + 1
        left = entry.left.get(quota, 0.0)
        if left:
            entry.left[quota] = max(0.0, left - 1)
            self._expected[quota] -= min(1.0, left)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- who may begin ------------------------------------------------------------------------------------------

    def _enter(self, account: str) -> None:
        left = dict(self._demand.each)
        self._open[account] = _Open(self._clock(), left)
        self._began_sum += self._clock()
        for quota, count in left.items():
            self._expected[quota] = self._expected.get(quota, 0.0) + count

    def _rooms(self) -> dict[str, float] | None:
        """What each quota can serve beyond the open accounts; None when no further one may begin.

        One always may: a quota that is closed, or narrower than one account, must not keep a run from trying.
        """
        if self.open >= self._most_now():
            return None
        ahead_s = _AHEAD * self._account_s() + _AHEAD_LEAST_S
        rooms = {}
        for quota, count in self._demand.each.items():
            if count:
                limit = self._pacer.narrowest(quota)
                within_s = max(ahead_s, _AHEAD_LEAST_SHARE * limit.window_s) if limit is not None else ahead_s
                rooms[quota] = self._pacer.grants_within(quota, within_s) - self._expected.get(quota, 0.0)
        return rooms if not self._open or self._fits(rooms) else None

    def _fits(self, rooms: Mapping[str, float]) -> bool:
        return all(rooms[quota] >= count for quota, count in self._demand.each.items() if count)

    def _most_now(self) -> int:
        return self.most if self._demand.is_known else min(self.most, _FIRST + 2 * self._ended_well)

    def _account_s(self) -> float:
        """The time that an account takes: that of those that ended, or of the open ones when those are older."""
        age_s = self._clock() - self._began_sum / self.open if self._open else 0.0
        return max(self._demand.own_s(), age_s)

    def _look(self) -> None:
        """Admit those that wait, as far as there is room."""
        rooms = self._rooms() if self._waiting else None
        while rooms is not None and self._waiting:
            waiting = heapq.heappop(self._waiting)[2]
            if waiting.granted.done():  # let go a moment ago
                continue
            self._enter(waiting.account)
            waiting.granted.set_result(None)
            for quota in rooms:
                rooms[quota] -= self._demand.each.get(quota, 0.0)
            if self.open >= self._most_now() or not self._fits(rooms):
                break
        if self._waiting:
            self._look_later()

    def _look_later(self) -> None:
        if self._timer is not None:
            return
        limits = [self._pacer.narrowest(quota) for quota, count in self._demand.each.items() if count]
        shortest_s = min((limit.window_s for limit in limits if limit is not None), default=0.0)
        after_s = min(_LOOK_MOST_S, max(_LOOK_LEAST_S, _LOOK_SHARE * shortest_s))
        self._timer = asyncio.get_running_loop().call_later(after_s, self._look_on_time)

    def _look_on_time(self) -> None:
        self._timer = None
        self._look()
