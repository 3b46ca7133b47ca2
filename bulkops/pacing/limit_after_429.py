"""`AdaptiveLimit`: the number of requests that a quota accepts, learned from responses and 429s (contract C3).

Documented limits may be wrong for this customer's plan, others may use the same quota, a server may refuse bursts that
its limit per minute would allow, and some throttle at random. What a refusal teaches:

* Every refusal closes the quota, once for all that left before the closing. Until the first good answer after it
  requests leave singly.
* A few that come singly (less than 3 % of the requests) teach nothing more.
* When there are more, or three closings come without a good answer between, a burst was too large: from then on
  departures are spaced at limit / T.
* When spaced departures are refused like that twice, the limit is wrong (`LimitEvidence`): the quota is narrowed to
  what was answered well in a T before them. It is widened by 1 % of the limit after ten clean windows, by twice that
  after ten more, and so on; a refusal soon after takes the last widening back.
* A narrowing is on trial. Where as many are refused as before, the limit is not the cause: that share is noise, and
  teaches nothing from then on. What it explains of narrowing and spacing is undone.
"""

from __future__ import annotations

import math
from random import Random
from typing import Final, Literal

import attrs

from bulkops.pacing.backoff import full_jitter
from bulkops.pacing.limit_evidence import LimitEvidence
from bulkops.pacing.rate_limiter import Gcra
from bulkops.pacing.refusal_cause import RefusalTest, WindowUsage, is_dense
from bulkops.pacing.slots_in_hand import SharedWidth

OPENING_SHARE: Final = 0.05
OPENING_GROWTH: Final = 1.5
REGROWTH_SHARE: Final = 0.01
CLEAN_WINDOWS: Final = 10
SPACED_BURST_SHARE: Final = 0.25
STUCK_CLOSINGS: Final = 3
LONGEST_CLOSING_SHARE: Final = 0.25
"""Fraction of T. After T the server's window is over in any case, and a long backoff would waste the next one."""
SILENCE_SHARE: Final = 1.5
TRIAL_SHARE: Final = 0.9
"""Factor of the width before. A narrowing on trial is at least this much narrower, or the trial could not decide."""
WORTH_SHRINKING: Final = 0.98
"""Refused slots count as used (C1), so random throttling of a few percent looks like a slightly lower limit."""

Change = Literal["grown", "closed", "shrunk"]


@attrs.define(kw_only=True)
class AdaptiveLimit:
    """The state of one quota's opening. `limit` requests in `window_s` seconds; `now` is the event loop's time."""

    limit: int
    window_s: float
    base_s: float
    cap_s: float
    rng: Random
    allowed: int = attrs.field(init=False)
    closed_until: float = -math.inf
    sharers: int = 1
    """Processes that use the quota: spaced departures are divided among them."""
    _spacing: Gcra | None = None
    # opening
    _is_opening: bool = True
    _grants: int = 0
    _ended: int = 0
    _full_at_grant: int | None = None
    # closing: an episode lasts from a refusal to the reopening
    _episode_ends: float = -math.inf
    _closings_in_a_row: int = 0
    # narrowing and widening
    _answered_at: float = -math.inf
    _turned_at: float = -math.inf
    _evidence: LimitEvidence = attrs.field(
        init=False, default=attrs.Factory(lambda self: LimitEvidence(self.window_s), takes_self=True)
    )
    _is_dense: bool = False
    _clean_since: float = math.inf
    _steps: int = 1
    _grown_from: int | None = None
    _grown_at: float = -math.inf
    # the share of noise
    _noise: float = 0.0
    _trial: RefusalTest | None = None
    _narrowings: list[tuple[int, WindowUsage]] = attrs.field(factory=list)
    """The width before each, and the refusals that led to it."""
    _spaced_at: float = -math.inf
    _spaced_by: WindowUsage | None = None
    _used: int = 0

    def __attrs_post_init__(self) -> None:
        self.allowed = max(1, math.ceil(self.limit * OPENING_SHARE))

    @property
    def is_opening(self) -> bool:
        return self._is_opening and self.allowed < self.limit

    @property
    def is_spaced(self) -> bool:
        """Whether requests leave at an even pace; an answer may then bring the next one forward."""
        return self._spacing is not None

    def may_leave_at(self, now: float) -> float:
        """Earliest time at which the gate and the spacing let a request leave, without regard to slots."""
        at = max(now, self.closed_until)
        return at if self._spacing is None else max(at, self._spacing.next_at())

    def relimit(self, limit: int) -> None:
        """Use another limit from now on. A wider one opens as slowly as the first."""
        if self.allowed == self.limit < limit:
            self._is_opening, self._full_at_grant = True, None
        self.limit = limit
        self._set_allowed(self.allowed)

    def explore(self, limit: int, now: float, *, burst: int) -> None:
        """Use a limit of unknown truth: departures are even, because a burst may be refused as a whole."""
        self._is_opening = False
        if self._spacing is None:
            self._spacing = Gcra(self.window_s, limit, burst=burst, at=now)
            self._evidence.measure_afresh(now)
        allowed, self.limit = limit if self.allowed == self.limit else self.allowed, limit
        self._set_allowed(allowed)

    def departures_by(self, until: float) -> float:
        """How many requests gate and spacing let leave until then."""
        departures = math.inf if self._spacing is None else self._spacing.departures_by(until)
        return 0 if self.closed_until > until else departures

    # -- among processes ----------------------------------------------------------------------------------------

    def width(self, now: float) -> SharedWidth:
        """What this process knows."""
        burst = self._spacing.burst if self._spacing else 0
        return SharedWidth(self.allowed, self._is_opening, burst, max(0.0, self.closed_until - now))

    def hear_closing(self, until: float) -> None:
        """Another process was refused. What left before the closing is stale here too."""
        if until > self.closed_until:
            self.closed_until = self._episode_ends = self._clean_since = until
            if self._spacing is not None:
                self._spacing.restart(until)

    def adopt(self, width: SharedWidth, now: float) -> None:
        """Another process has changed the width: what this one was about to conclude was about another width."""
        self._is_opening = width.is_opening
        self._full_at_grant = self._trial = self._grown_from = None
        self._evidence.forget()
        self._clean_since = max(self.closed_until, now)
        if width.burst and self._spacing is None:
            self._spacing = Gcra(self.window_s, self.limit, burst=width.burst, at=now)
            self._evidence.measure_afresh(now)
        elif not width.burst:
            self._spacing = None
        self._set_allowed(width.allowed)

    def share_with(self, sharers: int) -> None:
        """`sharers`: processes that use the quota now, this one included."""
        self.sharers = sharers
        self._set_allowed(self.allowed)

    # -- requests -----------------------------------------------------------------------------------------------

    def granted(self, now: float, used: int) -> None:
        """A request leaves, and `used` slots are taken now."""
        self._grants += 1
        self._used = used
        if self._spacing is not None:
            self._spacing.left(now)
        if self._full_at_grant is None and used >= self.allowed:
            self._full_at_grant = self._grants

    def accepted(self, granted_at: float, now: float) -> Change | None:
        """A request that left at `granted_at` was answered, and not refused."""
        self._ended += 1
        if self._closings_in_a_row and granted_at >= self._episode_ends:
            self._closings_in_a_row = 0
            if self._spacing is not None and not self._is_dense:
                self._spacing.credit(self._episode_ends - self._turned_at)
        if now - self._answered_at > SILENCE_SHARE * self.window_s:
            # Idle, or refused for longer than a window explains: the last T does not show the limit.
            self._evidence.measure_afresh(now)
        self._answered_at = now
        if self._trial is not None and (change := self._tried(granted_at, refused=False)) is not None:
            return change
        if self.allowed >= self.limit:
            return None
        if self._is_opening:
            return self._round_ended()
        return self._widen(now) if now - self._clean_since >= CLEAN_WINDOWS * self.window_s else None

    def ended(self) -> Change | None:
        """A request was never answered, or never left. Its round trip may still be over."""
        self._ended += 1
        return self._round_ended() if self._is_opening and self.allowed < self.limit else None

    def refused(
        self, granted_at: float, now: float, usage: WindowUsage, *, retry_after_s: float | None
    ) -> list[Change]:
        """A 429 for a request that left at `granted_at`. Returns what changed by it, in order."""
        self._ended += 1
        is_new = granted_at >= self._episode_ends
        changes = self._close(now, usage, retry_after_s) if is_new else self._close_longer(now, retry_after_s)
        self._is_dense = is_dense(usage, noise=self._noise)
        is_stuck = is_new and self._closings_in_a_row == STUCK_CLOSINGS
        if granted_at < self._spaced_at:
            self._spaced_by = usage  # one more of the burst
        if (change := self._tried(granted_at, refused=True)) is not None:
            return [*changes, change]
        if self._noise and not (self._is_dense or is_stuck):
            return changes
        self._clean_since = self.closed_until
        if self._grown_from is not None and now - self._grown_at <= 2 * self.window_s:
            self._set_allowed(self._grown_from)  # the wider limit was tried, and refused
            self._grown_from, self._steps = None, 1
            return [*changes, "shrunk"]
        if not (self._is_dense or is_stuck):
            return changes
        if self._spacing is None:
            return changes + self._space(now, usage)
        return changes + self._weigh_evidence(usage)

    # -- opening and widening -----------------------------------------------------------------------------------

    def _round_ended(self) -> Change | None:
        """Widen once all that was allowed has left and ended; a tenth of it may be late."""
        if self._full_at_grant is None or self._ended < self._full_at_grant - self.allowed // 10:
            return None
        self._full_at_grant = None
        self._set_allowed(math.ceil(self.allowed * OPENING_GROWTH))
        return "grown"

    def _widen(self, now: float) -> Change:
        step = max(1, math.ceil(self.limit * REGROWTH_SHARE)) * self._steps
        self._grown_from, self._grown_at = self.allowed, now
        self._set_allowed(self.allowed + step)
        self._steps *= 2
        self._clean_since = now
        return "grown"

    # -- closing ------------------------------------------------------------------------------------------------

    def _close(self, now: float, usage: WindowUsage, retry_after_s: float | None) -> list[Change]:
        delay_s = retry_after_s
        if delay_s is None:
            cap_s = max(self.base_s, min(self.cap_s, self.window_s * LONGEST_CLOSING_SHARE))
            delay_s = full_jitter(self._closings_in_a_row, base_s=self.base_s, cap_s=cap_s, rng=self.rng)
        if self._closings_in_a_row == 0:  # it has just turned from answering to refusing
            self._turned_at = now
            self._evidence.turned(now, usage.answered, is_noisy=self._noise > 0)
        self._closings_in_a_row += 1
        self.closed_until = self._episode_ends = max(self.closed_until, now + delay_s)
        if self._spacing is not None:
            self._spacing.restart(self.closed_until)
        return ["closed"]

    def _close_longer(self, now: float, retry_after_s: float | None) -> list[Change]:
        """It left before the closing, so it adds nothing. After the reopening it is stale."""
        if now >= self.closed_until or retry_after_s is None:
            return []
        added_s = now + retry_after_s - self.closed_until
        self.closed_until = self._episode_ends = max(self.closed_until, now + retry_after_s)
        return ["closed"] if added_s >= 1 else []

    # -- spacing and narrowing ----------------------------------------------------------------------------------

    def _space(self, now: float, usage: WindowUsage) -> list[Change]:
        """The burst was too large. It says little about the limit; spaced departures will show it."""
        self._is_opening = False
        self.allowed = self.limit
        self._spaced_at, self._spaced_by = now, usage
        burst = max(1, int((usage.used - usage.refused) * SPACED_BURST_SHARE))
        self._spacing = Gcra(self.window_s, self.limit, burst=burst, at=now)
        self._evidence.measure_afresh(self.closed_until)
        return ["shrunk"]

    def _weigh_evidence(self, usage: WindowUsage) -> list[Change]:
        if self._trial is not None or not self._evidence.is_possible:
            return []
        answered = self._evidence.add()
        if answered is None or answered >= WORTH_SHRINKING * self.allowed:
            return []
        self._narrow(max(1, answered), usage)
        self._steps = 1
        return ["shrunk"]

    def _narrow(self, width: int, usage: WindowUsage) -> None:
        if not self._is_dense:  # refusals in a row: noise is not like that
            self._narrowings.clear()
            self._set_allowed(width)
            return
        self._trial = RefusalTest(usage, self._noise, width, since=self.closed_until)
        self._narrowings.append((self.allowed, usage))
        self._set_allowed(max(1, min(width, int(TRIAL_SHARE * self.allowed))))

    def _tried(self, granted_at: float, *, refused: bool) -> Change | None:
        """An answer to what left after a narrowing that is on trial."""
        trial = self._trial
        if trial is None or granted_at < trial.since:
            return None
        cause = trial.count(refused=refused)
        if cause is None:
            return None
        self._trial = None
        if cause == "limit":
            before = self.allowed
            self._set_allowed(trial.estimate)
            return "grown" if self.allowed > before else None
        self._noise = trial.share_refused
        self._evidence.measure_afresh(self._answered_at)
        self._undo()
        return "grown"

    def _undo(self) -> None:
        """Undo the reaction to refusals that were only noise."""
        while self._narrowings and not is_dense(self._narrowings[-1][1], noise=self._noise):
            self._set_allowed(self._narrowings.pop()[0])
        if self._narrowings or self._spaced_by is None or is_dense(self._spaced_by, noise=self._noise):
            return
        self._spacing = self._spaced_by = None
        self._is_opening = True  # as slowly as at first, from the current width
        self._full_at_grant = None
        self._set_allowed(max(self._used, math.ceil(self.limit * OPENING_SHARE)))

    def _set_allowed(self, allowed: int) -> None:
        self.allowed = min(allowed, self.limit)
        if self._spacing is not None:
            self._spacing.spread(self.allowed / self.sharers)
