"""`Admission`: limits the accounts in progress to what the quotas can serve (C7).

By Little's law the accounts that a quota keeps busy are its throughput times the time that one account takes. More than
those only wait, with effects half done, and all of them could fail after a halt. So an account is admitted when every
quota can serve it beside those in progress, within the time that an account takes.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
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

_AHEAD_LEAST_S: Final = 0.25
"""Seconds. An intent has to be on the disk and a request in its queue before the slot comes free."""

_AHEAD_LEAST_SHARE: Final = 0.05
"""Share of a quota's window. Its queue must not run empty between two bursts of slots."""

_UNMEASURED: Final = 1.5
"""Margin of an account's time, before it is measured. With too few accounts in the first window, the slow ones use its
last slots, and a slot that is used late is late in each window that follows."""

_FIRST: Final = 30
_FIRST_OF_FEW: Final = 10
"""`_FIRST` with a limit of failures: each account in progress may fail beyond it, so the first window may be slower."""
_MORE_EACH_S: Final = 1.0
"""Accounts admitted while their cost is unknown: at once, with two requests each a window of the narrowest documented
quotas; and in each second until one has ended well."""

_LOOK_SHARE: Final = 1 / 60
_LOOK_LEAST_S: Final = 0.05
_LOOK_MOST_S: Final = 1.0
"""Seconds between two looks at waiting accounts, because slots come free by time alone."""

_CAP_POLLS: Final = 5.0
"""Delays of a first poll. The cap allows an account this long, also when its requests alone take less."""


def most_admitted(operation: Operation, *, policy: Policy, pacer: Pacer, tuning: Tuning) -> int:
    """Accounts in progress at once, at most: `concurrency`, unless a limit of failures promises a worst case.

    Then: the accounts that the binding quota serves in one window, and in the time of a slow account.
    """
    most = float(policy.concurrency)
    if policy.max_failures is not None:
        demand = Demand(operation, tuning)
        account_s = max(demand.longest_s, _CAP_POLLS * tuning.first_poll_s)
        for quota, count in demand.each.items():
            limit = pacer.narrowest(quota)
            if limit is not None:
                most = min(most, limit.requests / count * (1 + account_s / limit.window_s))
        if tuning.max_rate is not None and demand.is_known:
            most = min(most, tuning.max_rate / sum(demand.each.values()) * (1 + account_s))
    return max(1, math.ceil(most))


@attrs.define(eq=False)
class _Open:
    """An account in progress. `left`: requests that it is still expected to send, by quota."""

    admitted_at: float
    left: dict[str, float] = attrs.field(factory=dict)
    sent: dict[str, int] = attrs.field(factory=dict)
    waited_s: float = 0.0

    def age_s(self, now: float) -> float:
        """Its time in progress, without its waits for quotas."""
        return max(0.0, now - self.admitted_at - self.waited_s)


@attrs.define(eq=False)
class _Waiting:
    account: str
    granted: asyncio.Future[bool]


class Admission:
    """Lets accounts start. An observer of the session: measured costs replace the forecast.

    `most`: accounts in progress at once, whatever the quotas could serve; `limits_failures`: whether the run has a
    limit of failures.
    """

    def __init__(
        self, operation: Operation, *, pacer: Pacer, tuning: Tuning, most: int, limits_failures: bool = False
    ) -> None:
        self.most = most
        self._first = _FIRST_OF_FEW if limits_failures else _FIRST
        self._margin = 1.0 if limits_failures else _UNMEASURED
        self._demand = Demand(operation, tuning)
        self._pacer = pacer
        self._clock = asyncio.get_running_loop().time
        self._open: dict[str, _Open] = {}
        self._expected: dict[str, float] = {}
        """By quota, what the accounts in progress are still expected to send."""
        self._began_at = self._clock()
        self._waiting: list[tuple[int, int, _Waiting]] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def open(self) -> int:
        """Accounts in progress now."""
        return len(self._open)

    async def admit(self, account: str, priority: tuple[int, int]) -> bool:
        """Wait until the account may start, lower priority first. Returns False after `stop`.

        The account is in progress from then on, until `leave`.
        """
        if not self._waiting and self._rooms() is not None:
            self._enter(account)
            return True
        waiting = _Waiting(account, asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiting, (*priority, waiting))
        self._pacer.held_back = len(self._waiting)
        self._look_later()
        return await waiting.granted

    def leave(self, account: str, *, teaches: bool) -> None:
        """The account has ended. `teaches`: it shows the cost of a complete account."""
        entry = self._open.pop(account)
        for quota, count in entry.left.items():
            self._expected[quota] -= count
        if teaches:
            was_known = self._demand.is_known
            self._demand.note(entry.sent, entry.age_s(self._clock()))
            if not was_known:
                for other in self._open.values():
                    self._expect(other)
        self._look()

    def stop(self) -> None:
        """Nobody is admitted any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for _, _, waiting in self._waiting:
            if not waiting.granted.done():
                waiting.granted.set_result(False)
        self._waiting.clear()
        self._pacer.held_back = 0

    def note(self, event: Event) -> None:
        """Count what accounts in progress send. Hot path."""
        if not isinstance(event, AttemptEnded):
            return
        entry = self._open.get(event.account)  # type: ignore[arg-type]  # None is never in it
        if entry is None:
            return
        entry.waited_s += event.waited_s
        if event.status is None or event.status == 429:  # it will be sent again
            return
        quota = event.quota
        entry.sent[quota] = entry.sent.get(quota, 0) + 1
        left = entry.left.get(quota, 0.0)
        if left:
            entry.left[quota] = max(0.0, left - 1)
            self._expected[quota] -= min(1.0, left)

    # -- who may start ------------------------------------------------------------------------------------------

    def _enter(self, account: str) -> None:
        self._open[account] = _Open(self._clock())
        self._expect(self._open[account])

    def _expect(self, entry: _Open) -> None:
        """Reserve what the account has still to send."""
        for quota, count in self._demand.each.items():
            entry.left[quota] = max(0.0, count - entry.sent.get(quota, 0))
            self._expected[quota] = self._expected.get(quota, 0.0) + entry.left[quota]

    def _rooms(self) -> dict[str, float] | None:
        """Requests that each quota can serve beyond the accounts in progress; None when no further account may start.
        One account always may: a closed quota, or one narrower than an account, must not block a run.
        """
        if self.open >= self._most_now():
            return None
        ahead_s = self._account_s() + _AHEAD_LEAST_S
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
        if self._demand.is_known:
            return self.most
        return min(self.most, self._first + int((self._clock() - self._began_at) * _MORE_EACH_S))

    def _account_s(self) -> float:
        """The time that a slow account takes; the age of those in progress when a tenth of them is older."""
        old = next(itertools.islice(self._open.values(), len(self._open) // 10, None), None)
        slow_s = self._demand.longest_s * (1.0 if self._demand.is_measured else self._margin)
        return max(slow_s, old.age_s(self._clock()) if old is not None else 0.0)

    def _look(self) -> None:
        """Admit those that wait, as far as there is room."""
        rooms = self._rooms() if self._waiting else None
        while rooms is not None and self._waiting:
            waiting = heapq.heappop(self._waiting)[2]
            if waiting.granted.done():  # its worker was cancelled
                continue
            self._enter(waiting.account)
            waiting.granted.set_result(True)
            for quota in rooms:
                rooms[quota] -= self._demand.each.get(quota, 0.0)
            if self.open >= self._most_now() or not self._fits(rooms):
                break
        self._pacer.held_back = len(self._waiting)
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
