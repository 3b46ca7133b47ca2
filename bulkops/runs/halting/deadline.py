"""The run's deadline: nothing new starts, and accounts that have begun finish as long as the API answers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Final

from bulkops.events import AttemptEnded, Event
from bulkops.session import ApiSession

_LONG_WINDOW_S: Final = 120.0
"""Windows up to this long are waited out after the deadline; an hour is too long."""


class Deadline:
    """Calls `stop` at the loop time `at`. Calls `abort` if the API then does not answer for an attempt's timeout and
    the longest window of a quota, which is the longest wait without an outage.
    """

    def __init__(
        self, at: float, session: ApiSession, *, stop: Callable[[], object], abort: Callable[[], object]
    ) -> None:
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        self._session = session
        self._stop = stop
        self._abort = abort
        self._answered_at = at
        self._unsubscribe: Callable[[], object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        if at < math.inf:
            self._unsubscribe = session.subscribe(self._note)
            self._timer = loop.call_at(at, self._passed)

    def answered(self) -> None:
        """The API has answered another process of the run."""
        self._answered_at = max(self._answered_at, self._clock())

    def close(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._timer is not None:
            self._timer.cancel()

    def _note(self, event: Event) -> None:
        if isinstance(event, AttemptEnded) and event.status is not None and event.status < 500:
            self.answered()

    def _passed(self) -> None:
        self._stop()
        self._look()

    def _look(self) -> None:
        windows = (quota.window_s for quota in self._session.pacer.statistics().values())
        longest_s = max((window_s for window_s in windows if window_s <= _LONG_WINDOW_S), default=0.0)
        patience_s = self._session.settings.tuning.attempt_timeout_s + longest_s
        if self._clock() >= self._answered_at + patience_s:
            self._abort()
        else:
            self._timer = asyncio.get_running_loop().call_at(self._answered_at + patience_s, self._look)
