"""Messages about an outage while it lasts, so that a waiting command does not seem to hang."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from bulkops.cli.terminal import one_line, say
from bulkops.durations import rough_duration
from bulkops.events import AttemptEnded, Event, HostClosed

FIRST_AFTER_S: Final = 3.0
"""Seconds. A shorter interruption is not reported."""
AGAIN_AFTER_S: Final = 60.0
REFUSED_AFTER_S: Final = 30.0
"""Seconds of nothing but 429. A full quota opens again within its window, which is shorter in most cases."""

_HOST_AWAY: Final = frozenset({502, 503, 504})


class Outage:
    """An observer. `say`: gets a line when the vendor has been away for a while, each minute, and when it is back; and
    one when it has answered every request with 429 for a while.
    """

    def __init__(self, say: Callable[[str], object] = say, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._since: float | None = None
        self._told_at: float | None = None
        self._refused_since: float | None = None
        self._refusal_is_told = False

    def observe(self, event: Event) -> None:
        if isinstance(event, HostClosed):
            self._announced(event)
        if not isinstance(event, AttemptEnded):
            return
        if event.status == 429:
            self._refused(event)
        else:
            self._refused_since, self._refusal_is_told = None, False
        if event.status is not None and event.status not in _HOST_AWAY:
            self._back()
            return
        now = self._clock()
        if self._since is None:
            self._since = now
        away_s = now - self._since
        if away_s < FIRST_AFTER_S or (self._told_at is not None and now - self._told_at < AGAIN_AFTER_S):
            return
        self._told_at = now
        why = one_line(event.error or "no answer")
        self._say(f"the vendor has not answered for {rough_duration(away_s)}: {why}; still trying (Ctrl-C stops)")

    def _announced(self, event: HostClosed) -> None:
        self._told_at = self._clock()
        if self._since is None:
            self._since = self._told_at
        lasts = rough_duration(event.seconds)
        self._say(f"the vendor has announced an outage of {lasts} ({one_line(event.said)}); waiting (Ctrl-C stops)")

    def _refused(self, event: AttemptEnded) -> None:
        now = self._clock()
        if self._refused_since is None:
            self._refused_since = now
        lasts_s = now - self._refused_since
        if lasts_s >= REFUSED_AFTER_S and not self._refusal_is_told:
            self._refusal_is_told = True
            what = f"every request for {rough_duration(lasts_s)}, now {event.call}"
            self._say(f"the vendor has refused {what}: {one_line(event.error or '429')}; still trying (Ctrl-C stops)")

    def _back(self) -> None:
        if self._since is not None and self._told_at is not None:
            self._say(f"the vendor answers again after {rough_duration(self._clock() - self._since)}")
        self._since = self._told_at = None
