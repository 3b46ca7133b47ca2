"""Discrete-event simulation of a run: when each account would send each request.

Discrete events in plain Python, about ten microseconds a request. What it plays: workers that take accounts in
inventory order, wave by wave; the quotas themselves, on the simulation's clock and never refused; the smoother;
the furthest-along account first; imports that take their time, and are polled as `operations.polling` polls.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

import attrs

from bulkops.forecast.simulated_account import InFlightAccount, SimulatedAccount, Stage
from bulkops.operations.polling import LikelyFinish, eager_age_s, patient_age_s
from bulkops.pacing import Quota, QuotaSnapshot, SharedWidth

SMOOTHER: Final = "max_rate"

_REPLY, _LOOK, _WAKE, _TOKEN, _WAVE = range(5)


@attrs.frozen(kw_only=True)
class SimulationResult:
    """`waits`: seconds by cause on the way to the last account's end; `tails_s`: by quota, the least time from an
    account's last request of it to its end; `own_s`: the mean account's own time; `polls`: of all imports."""

    seconds: float
    waits: dict[str, float]
    tails_s: dict[str, float]
    own_s: float
    polls: int


class _SimulatedQuota(Quota):
    """A real quota, as the snapshot shows it, at 0 on the clock. It is never refused, and its requests have no keys."""

    def __init__(self, name: str, snapshot: QuotaSnapshot) -> None:
        super().__init__(name, snapshot.limits, base_s=1.0, cap_s=1.0, rng=Random(0))  # noqa: S311 - never drawn from
        if snapshot.allowed is not None:
            self.adaptation.adopt(SharedWidth(snapshot.allowed, snapshot.opening, burst=0, closed_for_s=0.0), 0.0)
        self.not_before = snapshot.closed_for_s
        for window, free_at in zip(self.shared_windows, snapshot.taken_s, strict=False):  # an unlimited one has none
            window.hold(free_at)

    def give_back(self, granted_at: float, now: float) -> None:
        """A request was answered."""
        for window in self.shared_windows:
            window.give_back(now)
        self.adaptation.accepted(granted_at, now)


class _Line:
    """The accounts that wait for one quota, by contract C2. `wakes_at`: the next look at it; `full_since`,
    `open_since`: when it last had no room, and room again.
    """

    __slots__ = ("full_since", "name", "open_since", "quota", "waiting", "wakes_at")

    def __init__(self, name: str, snapshot: QuotaSnapshot) -> None:
        self.name = name
        self.quota = _SimulatedQuota(name, snapshot)
        self.waiting: list[tuple[int, int, SimulatedAccount]] = []
        self.wakes_at = math.inf
        self.full_since = math.inf
        self.open_since = -math.inf

    def free_at(self, now: float) -> float:
        """`now` when a request may leave; infinity while only a reply can tell."""
        at = self.quota.free_at(now)
        if at > now:
            self.full_since = min(self.full_since, now)
        elif self.full_since < math.inf:
            if now > self.full_since:
                self.open_since = now
            self.full_since = math.inf
        return at


class Simulation:
    """Simulate accounts going through `stages`, in waves of these sizes.

    Args:
        standings: by quota, for all that the stages name.
        begun: accounts in flight at the beginning, furthest first; they belong to the first wave.
        rate_per_s: of the smoother; first_poll_s: delay of an import's first poll; soak_s: between waves.
        soaked_s: of the soak before the second wave, what has passed already.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        *,
        standings: Mapping[str, QuotaSnapshot],
        waves: Sequence[int],
        concurrency: int,
        rate_per_s: float | None,
        first_poll_s: float,
        soak_s: float = 0.0,
        soaked_s: float = 0.0,
        begun: Sequence[InFlightAccount] = (),
    ) -> None:
        self._stages = stages
        self._lines = {name: _Line(name, standing) for name, standing in standings.items()}
        self._waves = deque(waves)
        self._concurrency = concurrency
        self._token_s = 1 / rate_per_s if rate_per_s else 0.0
        self._first_poll_s = first_poll_s
        self._soak_s = soak_s
        self._soaked_s = soaked_s
        self._likely = LikelyFinish(first_poll_s)
        self._begun = begun
        self._ready_at = 0.0
        self._drawing = False
        self._events: list[tuple[float, int, int, object]] = []
        self._pushed = 0
        self._left = 0
        self._running = 0
        self._filling = False
        self._seq = 0
        self._now = 0.0
        self._ways: dict[tuple[int, ...], list[Stage]] = {}
        self._tails: dict[str, float] = {}
        self._own_s = 0.0
        self._polls = 0
        self._ended = 0
        self._last: SimulatedAccount | None = None

    def play(self) -> SimulationResult:
        """To the end of the last account."""
        self._filling = True
        for begun in self._begun:
            self._start(begun.counts, begun.progress, None)
        self._filling = False
        if self._waves:
            self._left = self._waves.popleft()
        self._fill(None)
        events = self._events
        while events:
            self._now, _, kind, what = heapq.heappop(events)
            if kind == _REPLY:
                self._replied(what)  # type: ignore[arg-type]  # each kind has its own
            elif kind == _LOOK:
                self._look(what)  # type: ignore[arg-type]
            elif kind == _WAKE:
                what.wakes_at = math.inf  # type: ignore[attr-defined]
                self._pump()
            elif kind == _TOKEN:
                self._drawing = False
                self._pump()
            else:
                self._left = self._waves.popleft()
                self._fill(self._last)
        return SimulationResult(
            seconds=self._last.since if self._last is not None else 0.0,
            waits=self._last.waits_on_the_way() if self._last is not None else {},
            tails_s=self._tails,
            own_s=self._own_s / max(1, self._ended),
            polls=self._polls,
        )

    def _at(self, when: float, kind: int, what: object) -> None:
        self._pushed += 1
        heapq.heappush(self._events, (when, self._pushed, kind, what))

    # -- accounts -----------------------------------------------------------------------------------------------

    def _fill(self, before: SimulatedAccount | None) -> None:
        """Start accounts of the wave as long as there is room; when its last has ended, soak and begin the next."""
        if self._filling:  # an account without requests ends while it starts
            return
        self._filling = True
        while self._left > 0 and self._running < self._concurrency:
            self._left -= 1
            self._start([stage.count for stage in self._stages], 0, before)
        self._filling = False
        if self._waves and self._left <= 0 and not self._running:
            self._at(self._now + max(0.0, self._soak_s - self._soaked_s), _WAVE, None)
            self._soaked_s = 0.0

    def _start(self, counts: Sequence[float], progress: int, before: SimulatedAccount | None) -> None:
        seq = self._seq
        self._seq += 1
        self._running += 1
        # Fractions are dealt out evenly: of a count of 1.5 every second account gets 2.
        whole = tuple([int((seq + 1) * count + 1e-9) - int(seq * count + 1e-9) for count in counts])
        steps = self._ways.get(whole)
        if steps is None:
            steps = [stage for stage, count in zip(self._stages, whole, strict=True) for _ in range(count)]
            self._ways[whole] = steps
        account = SimulatedAccount(seq, steps, self._now, before)
        account.progress = progress
        self._go_on(account)

    def _go_on(self, account: SimulatedAccount) -> None:
        if account.step < len(account.steps):
            self._ask(account, account.steps[account.step].quota)
        else:
            self._end(account)

    def _end(self, account: SimulatedAccount) -> None:
        now = self._now
        account.since = now
        for quota, at in account.last.items():
            self._tails[quota] = min(self._tails.get(quota, math.inf), now - at)
        self._own_s += now - account.began - sum(account.waits.values())
        self._ended += 1
        self._last = account
        self._running -= 1
        self._fill(account)

    # -- requests -----------------------------------------------------------------------------------------------

    def _ask(self, account: SimulatedAccount, quota: str) -> None:
        """Leave at once when nobody waits and there is room; else get in line."""
        now = self._now
        line = self._lines[quota]
        account.since = now
        if not line.waiting and not self._drawing and self._ready_at <= now and line.free_at(now) <= now:
            self._leave(account, line)
            return
        heapq.heappush(line.waiting, (-account.progress, account.seq, account))
        self._arrange(line)

    def _arrange(self, line: _Line) -> None:
        """Schedule a look at the line for when its next request may leave."""
        at = line.free_at(self._now)
        if at <= self._now:
            if not self._drawing:
                self._drawing = True
                self._at(max(self._now, self._ready_at), _TOKEN, None)
        elif at < line.wakes_at:
            line.wakes_at = at
            self._at(at, _WAKE, line)

    def _pump(self) -> None:
        """Let those leave that may, best first, as far as the smoother lets them."""
        now = self._now
        while not self._drawing:
            best: _Line | None = None
            for line in self._lines.values():
                if line.waiting:
                    at = line.free_at(now)
                    if at > now:
                        if at < line.wakes_at:
                            line.wakes_at = at
                            self._at(at, _WAKE, line)
                    elif best is None or line.waiting[0] < best.waiting[0]:
                        best = line
            if best is None:
                return
            if self._ready_at > now:
                self._drawing = True
                self._at(self._ready_at, _TOKEN, None)
                return
            self._leave(heapq.heappop(best.waiting)[2], best)

    def _leave(self, account: SimulatedAccount, line: _Line) -> None:
        now = self._now
        if now > account.since:
            had_room_at = max(account.since, line.open_since)
            account.waits[line.name] += had_room_at - account.since
            account.waits[SMOOTHER] += now - had_room_at
        self._ready_at = max(self._ready_at, now) + self._token_s
        account.last[line.name] = now
        line.quota.take(None, now)
        step = account.steps[account.step]
        account.since = now
        self._at(now + step.latency_s, _REPLY, (account, line))

    def _replied(self, what: tuple[SimulatedAccount, _Line]) -> None:
        account, line = what
        now = self._now
        line.quota.give_back(account.since, now)
        if line.waiting:
            self._arrange(line)
        step = account.steps[account.step]
        if account.import_ends > -math.inf:
            self._polled(account)
        elif step.imports:
            account.progress += 1
            account.import_ends = now + account.import_duration_s(self._first_poll_s)
            account.imported_at = account.asked_at = now
            self._look(account)
        else:
            account.progress += 1
            account.step += 1
            self._go_on(account)

    # -- imports ------------------------------------------------------------------------------------------------

    def _look(self, account: SimulatedAccount) -> None:
        now = self._now
        asked_s = account.asked_at - account.imported_at
        if any(line.waiting for line in self._lines.values()):
            worth_at = account.imported_at + patient_age_s(asked_s, likely_s=self._likely.age_s)
        else:
            worth_at = account.imported_at + eager_age_s(asked_s, first_s=self._first_poll_s)
        if now >= worth_at:
            account.asked_at = now
            self._ask(account, account.steps[account.step].poll_quota)
        else:
            self._at(now + min(worth_at - now, self._first_poll_s), _LOOK, account)

    def _polled(self, account: SimulatedAccount) -> None:
        self._polls += 1
        done = self._now >= account.import_ends
        if account.first_poll:
            self._likely.note(account.asked_at - account.imported_at, done=done)
            account.first_poll = False
        if done:
            account.import_ends = -math.inf
            account.step += 1
            self._go_on(account)
        else:
            self._look(account)
