"""The vendor's rate limits as a server counts them: three kinds of windows, and an exact tally of what arrived."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Hashable, Mapping
from typing import Any, Final, Protocol

import attrs
import msgspec

from bulkops.rate_limit import Limit
from bulkops.sandbox.responses import Standing
from bulkops.sandbox.settings import WindowKind

_PEOPLE: Final = ("email", "user")
"""In the key of a limit: counted apart for each address, beside whatever else the key says."""

_SOON_S: Final = 1e-9
"""No refusal waits less: rounding must not turn "soon" into "now"."""


def email_in(body: bytes) -> str | None:
    """The address that a JSON body names, in small letters; None where it has no address."""
    try:
        email = msgspec.json.decode(body)["email"]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError):
        return None
    return email.strip().lower() if isinstance(email, str) else None


class Window(Protocol):
    """Decides whether one more request fits. Times are seconds on one clock that never goes back."""

    def wait_s(self, now: float) -> float:
        """0 when there is room now, else the seconds until there is, should nobody else come."""

    def take(self, now: float) -> None:
        """One request goes through."""

    def standing(self, now: float) -> tuple[int, float]:
        """How many more would fit now, and the seconds until as many fit as ever."""


class Sliding:
    """At most N in (t - T, t] at every moment: an exact log. RefusedError requests take no room."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._log: deque[float] = deque()

    def wait_s(self, now: float) -> float:
        while self._log and self._log[0] <= now - self._limit.window_s:
            self._log.popleft()
        if len(self._log) < self._limit.requests:
            return 0.0
        return max(_SOON_S, self._log[0] + self._limit.window_s - now)

    def take(self, now: float) -> None:
        self._log.append(now)

    def standing(self, now: float) -> tuple[int, float]:
        log = [t for t in self._log if t > now - self._limit.window_s]
        return max(0, self._limit.requests - len(log)), log[-1] + self._limit.window_s - now if log else 0.0


class Fixed:
    """At most N from one multiple of T to the next; across a boundary 2N may pass within moments."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._period = -1
        self._taken = 0

    def wait_s(self, now: float) -> float:
        period = math.floor(now / self._limit.window_s)
        if period != self._period:
            self._period, self._taken = period, 0
        if self._taken < self._limit.requests:
            return 0.0
        return max(_SOON_S, (period + 1) * self._limit.window_s - now)

    def take(self, now: float) -> None:
        self._taken += 1

    def standing(self, now: float) -> tuple[int, float]:
        return max(0, self._limit.requests - self._taken), (self._period + 1) * self._limit.window_s - now


class Bucket:
    """A bucket of N tokens, full at first, filled at N a T."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._rate = limit.requests / limit.window_s
        self._tokens = float(limit.requests)
        self._at = 0.0

    def wait_s(self, now: float) -> float:
        self._tokens = min(self._limit.requests, self._tokens + (now - self._at) * self._rate)
        self._at = now
        # a token that is due now must not be missed for the last bit of a float
        return 0.0 if self._tokens >= 1 - 1e-9 else (1 - self._tokens) / self._rate

    def take(self, now: float) -> None:
        self._tokens -= 1

    def standing(self, now: float) -> tuple[int, float]:
        return max(0, int(self._tokens)), (self._limit.requests - self._tokens) / self._rate


_WINDOWS: Final[Mapping[WindowKind, type[Sliding] | type[Fixed] | type[Bucket]]] = {
    "sliding": Sliding,
    "fixed": Fixed,
    "bucket": Bucket,
}


class Peak:
    """The most arrivals in any (t - T, t], whatever kind of window the server enforces."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._recent: deque[float] = deque()

    def arrived(self, now: float) -> int:
        """Count one arrival; how many the window that ends now holds."""
        self._recent.append(now)
        while self._recent[0] <= now - self._window_s:
            self._recent.popleft()
        return len(self._recent)


class Rule:
    """One limit of one quota, counted apart per key where the limit has one."""

    def __init__(self, limit: Limit, kind: WindowKind) -> None:
        self._limit = limit
        self._make = _WINDOWS[kind]
        self._windows: dict[Hashable, Window] = {}
        self._peaks: dict[Hashable, Peak] = {}
        self._max_in_window = 0

    def wait_s(self, key: Hashable, now: float) -> float:
        """Count one arrival; 0 when it fits, else the seconds until it would."""
        key = key if self._limit.key else None
        if key not in self._peaks:
            self._peaks[key] = Peak(self._limit.window_s)
            self._windows[key] = self._make(self._limit)
        self._max_in_window = max(self._max_in_window, self._peaks[key].arrived(now))
        return self._windows[key].wait_s(now)

    @property
    def counts_emails(self) -> bool:
        return any(word in (self._limit.key or "") for word in _PEOPLE)

    def take(self, key: Hashable, now: float) -> None:
        self._windows[key if self._limit.key else None].take(now)

    def standing(self, key: Hashable, now: float) -> Standing:
        remaining, reset_s = self._windows[key if self._limit.key else None].standing(now)
        return Standing(self._limit.requests, remaining, reset_s)

    def row(self) -> dict[str, Any]:
        row: dict[str, Any] = {"limit": self._limit.requests, "window_s": self._limit.window_s}
        if self._limit.key:
            row["key"] = self._limit.key
        return row | {"max_in_window": self._max_in_window}


@attrs.define
class Tally:
    """What one quota saw."""

    rules: tuple[Rule, ...]
    requests: int = 0
    refused: int = 0

    def row(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "refused": self.refused,
            "limits": [rule.row() for rule in self.rules],
        }


class Quotas:
    """All quotas of the server. A request must fit every limit of its quota; refused, it takes room in none."""

    def __init__(self, limits: Mapping[str, tuple[Limit, ...]], kind: WindowKind) -> None:
        self._tallies = {name: Tally(tuple(Rule(limit, kind) for limit in rows)) for name, rows in limits.items()}
        self._total = 0

    def count_unknown(self) -> None:
        """A request to no known call: it belongs to no quota and counts all the same."""
        self._total += 1

    def counts_emails(self, quota: str) -> bool:
        """Whether a limit of the quota is for one e-mail address at a time: the key must hold it."""
        tally = self._tallies.get(quota)
        return tally is not None and any(rule.counts_emails for rule in tally.rules)

    def arrive(self, quota: str, key: Hashable, now: float) -> float:
        """Count one request; 0 when it is let through, else the seconds after which it would be."""
        self._total += 1
        tally = self._tallies.get(quota)
        if tally is None:  # a call whose quota has no figure
            tally = self._tallies[quota] = Tally(())
        tally.requests += 1
        wait_s = max((rule.wait_s(key, now) for rule in tally.rules), default=0.0)
        if wait_s > 0:
            tally.refused += 1
            return wait_s
        for rule in tally.rules:
            rule.take(key, now)
        return 0.0

    def standing(self, quota: str, key: Hashable, now: float) -> Standing | None:
        """How the tightest limit of a quota stands after an arrival, None when it has none."""
        rules = self._tallies[quota].rules
        return min((rule.standing(key, now) for rule in rules), key=lambda each: each.remaining, default=None)

    def report(self) -> dict[str, Any]:
        """`GET /_sandbox/requests`: plain JSON data."""
        return {"total": self._total, "quotas": {name: tally.row() for name, tally in self._tallies.items()}}
