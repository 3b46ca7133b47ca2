"""How a vendor may count a quota: three kinds of windows, for servers on sockets and for servers in virtual time."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Final, Protocol


class Window(Protocol):
    def take(self, at: float) -> float | None:
        """Count a request. None: accepted; else refused, and the seconds until one would be accepted."""


class Sliding:
    """At most `limit` accepted in (t - T, t], whatever t."""

    def __init__(self, limit: int, window_s: float, *, burst: int | None = None) -> None:
        self._limit = limit if burst is None else min(limit, burst)
        self._window_s = window_s if burst is None else window_s * self._limit / limit
        self._log: deque[float] = deque()

    def take(self, at: float) -> float | None:
        while self._log and self._log[0] <= at - self._window_s:
            self._log.popleft()
        if len(self._log) >= self._limit:
            return self._log[0] + self._window_s - at
        self._log.append(at)
        return None


class Fixed:
    """Counts afresh at every multiple of T, give or take a phase."""

    def __init__(self, limit: int, window_s: float, *, burst: int | None = None) -> None:
        self._limit = limit if burst is None else min(limit, burst)
        self._window_s = window_s if burst is None else window_s * self._limit / limit
        self._window = -1
        self._taken = 0

    def take(self, at: float) -> float | None:
        window = math.floor(at / self._window_s)
        if window != self._window:
            self._window, self._taken = window, 0
        if self._taken >= self._limit:
            return (window + 1) * self._window_s - at
        self._taken += 1
        return None


class Bucket:
    """`burst` tokens, full at first, refilled evenly at limit / T."""

    def __init__(self, limit: int, window_s: float, *, burst: int | None = None) -> None:
        self._rate = limit / window_s
        self._burst = limit if burst is None else burst
        self._tokens = float(self._burst)
        self._at = 0.0

    def take(self, at: float) -> float | None:
        self._tokens = min(self._burst, self._tokens + (at - self._at) * self._rate)
        self._at = at
        if self._tokens < 1 - 1e-9:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return None


WINDOWS: Final[Mapping[str, type[Sliding] | type[Fixed] | type[Bucket]]] = {
    "fixed": Fixed,
    "sliding": Sliding,
    "token bucket": Bucket,
}
"""Each takes (limit, window_s, burst=...): `burst` narrows what may come at once, the rate stays."""
