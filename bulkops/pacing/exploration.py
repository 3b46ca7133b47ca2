"""`Exploration`: finds out how much a quota accepts whose limit the vendor does not publish.

The limit is unknown, and so is the kind of the server's window. A window that is found full costs a 429, so there must
be one such moment, not many:

* Beyond the assumed limit requests leave evenly, and few are in flight: a full window refuses one or two of them.
* While requests wait, each twentieth of a window without a 429 adds a tenth of the assumed limit. Larger steps would
  overshoot: a fixed window and a token bucket show late that they are full.
* The first 429 ends the growth for good; one before, within the assumed limit, lets it not begin. From then on four
  fifths of the requests that the last window accepted may leave: a fixed window accepts up to twice its limit around
  its boundary.
* A later 429 means that this was too much. What remains is certain for each kind of window: a limit of N accepts at
  most N (k + 1) requests in k windows, so N is at least what was accepted in k windows, divided by k + 1.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Final

import attrs

from bulkops.rate_limit import Limit

STEPS: Final = 20
"""Per window."""
GROWTH_SHARE: Final = 0.1
KEPT_SHARE: Final = 0.8
BUSY_SHARE: Final = 0.8
"""Of the requests that may leave in a step. Timers are late, so all of them never leave."""
MOST_IN_FLIGHT: Final = 3
BURST: Final = 2
TRUSTED_REFUSALS: Final = 2
"""From the next one on, other processes are not expected to send as much as their part."""
REMEMBERED_WINDOWS: Final = 10


@attrs.frozen
class Explored:
    """`requests` were accepted within `window_s` seconds. `refused`: a 429 came beyond the assumed limit, so nothing
    beyond `requests` is tried again.
    """

    quota: str
    requests: int
    window_s: float
    refused: bool

    def merged(self, other: Explored) -> Explored:
        """The knowledge of two processes about one quota."""
        if self.refused == other.refused:
            return min(self, other, key=_requests) if self.refused else max(self, other, key=_requests)
        return self if self.refused else other


def _requests(explored: Explored) -> int:
    return explored.requests


@attrs.define(kw_only=True)
class Exploration:
    """One quota. `figure`: requests per window of all processes together, the assumed limit at first.

    `share` of it may be used, and this process has a `part` of that. Times are the event loop's.
    """

    quota: str
    assumed: int
    window_s: float
    share: float = 1.0
    part: float = 1.0
    figure: int = attrs.field(init=False)
    refused: bool = False
    is_begun: bool = False
    """Whether requests beyond the assumed limit may leave."""
    _most_accepted: int = 0
    _granted: int = 0
    _refusals: int = 0
    _step_began_at: float = -math.inf
    _learned_at: float = -math.inf
    _accepted: deque[tuple[int, int]] = attrs.field(factory=lambda: deque(maxlen=REMEMBERED_WINDOWS * STEPS))
    """Requests by twentieth of a window."""

    def __attrs_post_init__(self) -> None:
        self.figure = self.assumed

    @property
    def own(self) -> int:
        """Requests per window of this process."""
        return self._of(self.part)

    def _of(self, part: float) -> int:
        return max(1, math.floor(self.figure * self.share * part + 1e-9))

    def over(self, limits: Sequence[Limit], part: float) -> list[Limit]:
        """These limits with the figure in place of the shortest window's, once it counts."""
        if not self.is_begun:
            return list(limits)
        return [
            attrs.evolve(limit, requests=self._of(part))
            if limit.key is None and limit.window_s == self.window_s
            else limit
            for limit in limits
        ]

    @property
    def due_at(self) -> float:
        """When `step` may change something; infinity after the end of the growth."""
        if self.refused and (self.is_begun or self.figure <= self.assumed):
            return math.inf
        return self._step_began_at + self._step_s

    @property
    def is_growing(self) -> bool:
        """Whether requests beyond the assumed limit leave, and none of them was refused."""
        return self.is_begun and not self.refused

    def granted(self) -> None:
        """A request leaves."""
        self._granted += 1

    def accepted(self, now: float) -> None:
        """A request was answered, and not refused."""
        place = int(now / self._step_s)
        if self._accepted and self._accepted[-1][0] == place:
            self._accepted[-1] = place, self._accepted[-1][1] + 1
        else:
            self._accepted.append((place, 1))

    def step(self, now: float, *, is_clean: bool, accepted: int, per_window: float) -> bool:
        """End a step while requests wait. Returns: whether the figure has grown, or counts from now on.

        `is_clean`: all of the limit may be used, and nothing was ever refused; `accepted`: requests in the last window;
        `per_window`: requests that may leave from this process.
        """
        if now < self.due_at:
            return False
        took_s = now - self._step_began_at
        granted, self._granted, self._step_began_at = self._granted, 0, now
        is_bottleneck = accepted >= self.figure * self.share or granted >= BUSY_SHARE * per_window / STEPS
        if took_s >= 2 * self._step_s or not is_clean or not is_bottleneck:
            return False
        self._most_accepted = max(self._most_accepted, self._accepted_since(now, 1))
        if self.is_begun or self.figure <= self.assumed:
            self.figure += max(1, int(self.assumed * GROWTH_SHARE))
        self.is_begun = True
        return True

    def was_refused(self, granted_at: float, now: float, *, accepted: int, fraction: float) -> bool:
        """A 429 for a request that left at `granted_at`. Returns: whether the figure has changed.

        `accepted`: own requests in the last window; `fraction`: of those of all processes, as far as that is known.
        """
        if not self.is_begun or granted_at < self._learned_at:
            return False
        if not self.refused:
            found = KEPT_SHARE * accepted / fraction
        else:
            found = self._certain(now) / (fraction if self._refusals < TRUSTED_REFUSALS else 1)
        self._refusals += 1
        self._end_growth(min(self.figure, math.floor(found / self.share)), now)
        return True

    def learn(self, explored: Explored, now: float) -> bool:
        """Other processes, or earlier ones, have found this. Returns: whether the figure has changed."""
        merged = self.explored.merged(explored)
        before = self.figure, self.refused
        if merged.refused and not (self.refused and merged.requests >= self.figure):
            self._end_growth(merged.requests, now)
        elif not self.refused:
            self.figure = max(self.figure, merged.requests)
        return before != (self.figure, self.refused)

    @property
    def has_learned(self) -> bool:
        return self.refused or self._most_accepted > self.assumed * self.share

    @property
    def explored(self) -> Explored:
        """What is known. Without a 429 the figure has run ahead of what was accepted."""
        requests = self.figure if self.refused else max(self.assumed, math.floor(self._most_accepted / self.share))
        return Explored(self.quota, requests, self.window_s, self.refused)

    def _end_growth(self, figure: int, now: float) -> None:
        self.figure, self.refused, self._learned_at = max(self.assumed, figure), True, now

    def _accepted_since(self, now: float, windows: float) -> int:
        first = now / self._step_s - windows * STEPS
        return sum(count for place, count in self._accepted if place >= first)

    def _certain(self, now: float) -> float:
        """The lower bound of the limit, from the best number of windows back."""
        end, best, total = int(now / self._step_s) + 1, 0.0, 0
        for place, count in reversed(self._accepted):
            total += count
            best = max(best, total / ((end - place) / STEPS + 1))
        return best

    @property
    def _step_s(self) -> float:
        return self.window_s / STEPS
