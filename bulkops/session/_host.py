"""State of the host: whether it was ever reached, and until when it has announced an outage."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable
from typing import Final

from bulkops.errors import ConnectFailed, ConnectionLost, TransportError

UNREACHED_S: Final = 8.0
"""Seconds to wait for a host that has never answered. A command ends within 15 s, its start included."""

_DOUBT_S: Final = 10.0
"""Seconds for which an announced outage is in doubt when no other request has a slot to try the host."""

_ALONE_S: Final = 1.0
"""Seconds for which it is in doubt without any other request: one may arrive soon."""


class Host:
    """Decides whether a request may leave, as far as the host is concerned. Knows neither quotas nor tokens.

    One request at a time tries a host that is not open: one that has not answered yet, so that a bad token costs one
    request and not one per worker, and one whose announced outage is over. An announcement is an answer to one call,
    and may be wrong about the others. So the next request tries the host at once: a good answer opens it again, and
    only a second announcement closes it for everybody.

    `is_open`: anybody may send; `is_reached`: it has answered, whatever it said; `answered_at`: loop time of the last
    usable answer; `away_s`: seconds of announced outages so far; `unreachable`: why nothing is sent any more.
    """

    def __init__(self, *, give_up: Callable[[], object]) -> None:
        """`give_up`: called when `unreachable` is set."""
        self.is_open = False
        self.is_reached = False
        self.answered_at: float | None = None
        self.away_s = 0.0
        self.unreachable: TransportError | None = None
        self._give_up = give_up
        self._live = 0
        self._doubting = 0
        self._closed_until = -math.inf
        self._trying: object | None = None
        self._tried_last: object | None = None
        self._moved = asyncio.Event()
        self._patience: asyncio.TimerHandle | None = None
        self._failed: TransportError | None = None

    @property
    def is_away(self) -> bool:
        """Whether an announced outage is on."""
        return self._closed_for_s > 0

    def arrived(self) -> None:
        """A request is under way or waits from now on: it may try the host when its turn comes."""
        self._live += 1

    def left(self) -> None:
        """A request that had arrived has ended."""
        self._live -= 1
        if self._doubting:
            self._move()

    # -- leaving ------------------------------------------------------------------------------------------------

    def enter(self, who: object) -> bool:
        """Whether `who` may send now. At a host that is not open, the first to ask tries it."""
        if self.is_open:
            return True
        if self._trying is not None or self.is_away:
            return False
        self._trying = who
        return True

    async def approach(self) -> None:
        """Wait until the host is open, or until a request has to try it."""
        while not self.is_open:
            wait_s = self._closed_for_s
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            elif self._trying is not None:
                await self._moved.wait()
            else:
                return

    def tried(self, who: object, *, answered: bool) -> None:
        """The request of `who` is over. If it tried the host alone, its response opens the host, else the next one
        tries.
        """
        was_alone = self._trying is who
        self._tried_last = who if was_alone else None
        if not was_alone:
            return
        self._trying = None
        self.is_open = answered and not self.is_away
        self._move()

    # -- what answers say ---------------------------------------------------------------------------------------

    def answered(self, *, usable: bool) -> None:
        """An answer has arrived. `usable`: below 500."""
        self.is_reached = True
        self._cancel()
        if usable:
            self.answered_at = self._now()

    def announced(self, who: object, seconds: float) -> float:
        """`who` was told that the host is away for so long. Returns: seconds by which the host is now closed longer
        than before; none as long as it is in doubt."""
        if self.is_away or self._tried_last is who:
            return self._close(seconds)
        self.is_open = False
        return 0.0

    async def doubt(self, seconds: float) -> float:
        """Wait until it is known whether an announced outage affects all calls. Returns: as `announced`; then `is_away`
        or `is_open` says which. Without another request to try the host, it does.
        """
        alone_since, ends_at = math.inf, self._now() + min(seconds, _DOUBT_S)
        self._doubting += 1
        self._move()
        try:
            while not self.is_open and not self.is_away:
                now = self._now()
                alone_since = min(alone_since, now) if self._live <= self._doubting else math.inf
                wait_s = min(ends_at, alone_since + _ALONE_S) - now
                if wait_s <= 0:
                    return self._close(seconds)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._moved.wait()
        finally:
            self._doubting -= 1
        return 0.0

    def failed(self, error: TransportError, *, began_at: float, is_permanent: bool) -> None:
        """A request was not answered. As long as none was, failing connections end everything after UNREACHED_S, and
        at once where another try cannot help."""
        if self.is_reached or not isinstance(error, ConnectFailed | ConnectionLost):
            return
        self._failed = error
        if is_permanent:
            self._end()
        elif self._patience is None:
            self._patience = asyncio.get_running_loop().call_at(began_at + UNREACHED_S, self._end)

    def close(self) -> None:
        """The session ends."""
        self._cancel()

    def _close(self, seconds: float) -> float:
        now = self._now()
        more_s = max(0.0, now + seconds - max(now, self._closed_until))
        self._closed_until = max(self._closed_until, now + seconds)
        self.is_open = False
        self.away_s += more_s
        self._move()
        return more_s

    def _end(self) -> None:
        self._cancel()
        if not self.is_reached and self.unreachable is None:
            self.unreachable = self._failed
            self._give_up()

    def _cancel(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _move(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    @property
    def _closed_for_s(self) -> float:
        return self._closed_until - self._now() if self._closed_until > -math.inf else 0.0

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
