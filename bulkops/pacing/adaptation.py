"""How wide a quota is opened: carefully at first, closed once by a 429, narrower or spaced after it (C3).

Documented limits may be wrong for this customer's plan, others may use the same quota, and a server may refuse bursts
that its limit per minute would allow. What a refusal teaches:

* A lone 429 while less than 90 % of the limit is in use says nothing about the limit: the quota is only closed.
* The first real refusal says that a burst was too large: from then on departures are spaced at limit / T.
* A refusal of spaced requests says that the limit is wrong: the quota is narrowed to what was accepted in the last T,
  and widened by 1 % of the limit after ten clean windows.
"""

from __future__ import annotations

import math
from random import Random
from typing import Final, Literal

import attrs

from bulkops.pacing.backoff import full_jitter

OPENING_SHARE: Final = 0.05
OPENING_GROWTH: Final = 1.5
REGROWTH_SHARE: Final = 0.01
CLEAN_WINDOWS: Final = 10
BUSY_SHARE: Final = 0.9
SATURATED_SHARE: Final = 0.5
SPACED_BURST_SHARE: Final = 0.25

Change = Literal["grown", "closed", "shrunk"]


@attrs.define(kw_only=True)
class Adaptation:
    """The state of one quota's opening. `limit` requests in `window_s` seconds; `now` is the event loop's time."""

    limit: int
    window_s: float
    base_s: float
    cap_s: float
    rng: Random
    allowed: int = attrs.field(init=False)
    closed_until: float = -math.inf
    interval_s: float | None = None
    """Seconds between departures once spaced; None: bursts are fine."""
    _is_opening: bool = True
    _grants: int = 0
    _full_at_grant: int | None = None
    _grown_at: float = -math.inf
    _grown_from: int | None = None
    _clean_since: float = math.inf
    _first_at: float = math.inf
    _episode_ends: float = -math.inf
    _episode_refusals: int = 0
    _episodes_in_a_row: int = 0
    _tolerance_s: float = 0.0
    _due_at: float = -math.inf

    def __attrs_post_init__(self) -> None:
        self.allowed = max(1, math.ceil(self.limit * OPENING_SHARE))

    def may_leave_at(self, now: float) -> float:
        """The earliest time at which the gate and the spacing let a request leave; slots are another matter."""
        at = max(now, self.closed_until)
        return at if self.interval_s is None else max(at, self._due_at - self._tolerance_s)

    def granted(self, now: float, used: int) -> int:
        """A request leaves, and `used` slots are taken now. Returns its number, for `accepted`."""
        self._grants += 1
        self._first_at = min(self._first_at, now)
        if self.interval_s is not None:
            self._due_at = max(now, self._due_at) + self.interval_s
        if self._full_at_grant is None and used >= self.allowed:
            self._full_at_grant = self._grants
        return self._grants

    def accepted(self, grant: int, granted_at: float, now: float) -> Change | None:
        """Request number `grant`, which left at `granted_at`, was answered, and not refused."""
        if granted_at >= self.closed_until:
            self._episodes_in_a_row = 0
        if self.allowed >= self.limit:
            return None
        if self._is_opening:
            # The last of what was allowed has been answered well: one round trip is over.
            if self._full_at_grant is None or grant < self._full_at_grant:
                return None
            self._set_allowed(min(self.limit, math.ceil(self.allowed * OPENING_GROWTH)))
            self._full_at_grant = None
            return "grown"
        if now - self._clean_since < CLEAN_WINDOWS * self.window_s:
            return None
        self._grown_from, self._grown_at = self.allowed, now
        self._set_allowed(min(self.limit, self.allowed + max(1, math.ceil(self.limit * REGROWTH_SHARE))))
        self._clean_since = now
        return "grown"

    def refused(
        self, granted_at: float, now: float, *, used: int, accepted: int, retry_after_s: float | None
    ) -> list[Change]:
        """A 429 for a request that left at `granted_at`; `used` slots are taken, of which `accepted` not refused."""
        changes: list[Change] = []
        if granted_at >= self._episode_ends:
            changes.append(self._close(now, retry_after_s))
        else:
            self._episode_refusals += 1  # it left before the closing: the same news once more
            if retry_after_s is not None:
                self.closed_until = max(self.closed_until, now + retry_after_s)
        self._clean_since = self.closed_until
        if self._grown_from is not None and now - self._grown_at <= 2 * self.window_s:
            self._set_allowed(self._grown_from)  # the wider limit was tried, and refused
            self._grown_from = None
            return [*changes, "shrunk"]
        is_stuck = self.interval_s is not None and self._episodes_in_a_row > 2
        if self._episode_refusals > 1 or used >= BUSY_SHARE * self.limit or is_stuck:
            changes += self._learn(now, used, accepted)
        return changes

    def hold(self, until: float) -> None:
        """Keep closed until then, with nothing learned from it."""
        self.closed_until = max(self.closed_until, until)

    def _close(self, now: float, retry_after_s: float | None) -> Change:
        delay_s = retry_after_s
        if delay_s is None:
            delay_s = full_jitter(self._episodes_in_a_row, base_s=self.base_s, cap_s=self.cap_s, rng=self.rng)
        self._episodes_in_a_row += 1
        self._episode_refusals = 1
        self.closed_until = max(self.closed_until, now + delay_s)
        self._episode_ends = self.closed_until
        self._start_spaced()
        return "closed"

    def _learn(self, now: float, used: int, accepted: int) -> list[Change]:
        self._is_opening = False
        if self.interval_s is None:
            # The burst was too large, and says little about the limit: spaced departures will tell.
            burst = max(1, int(accepted * SPACED_BURST_SHARE))
            self.allowed = self.limit
            self.interval_s = self.window_s / self.limit
            self._tolerance_s = (burst - 1) * self.interval_s
            self._start_spaced()
            return ["shrunk"]
        is_known = now - self._first_at >= self.window_s
        is_saturated = used >= SATURATED_SHARE * self.allowed or self._episodes_in_a_row > 2
        if not (is_known and is_saturated) or accepted >= self.allowed:
            return []
        self._set_allowed(max(1, accepted))
        return ["shrunk"] if self._episode_refusals <= 2 else []  # said once an episode

    def _start_spaced(self) -> None:
        """The server has just refused: nothing may be saved up while closed and then leave as a burst."""
        if self.interval_s is not None:
            self._due_at = self.closed_until + self._tolerance_s + self.interval_s

    def _set_allowed(self, allowed: int) -> None:
        self.allowed = allowed
        if self.interval_s is not None:
            self.interval_s = self.window_s / allowed
