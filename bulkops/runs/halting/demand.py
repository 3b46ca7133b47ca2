"""`Demand`: cost of one account, as requests per quota and time without waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

from bulkops.forecast import GUESSED_LATENCY_S, IMPORT, POLL, SLOW_IMPORT, blended, by_quota
from bulkops.operations import Operation
from bulkops.operations.foreseen import Foreseen
from bulkops.settings import Tuning

_SEEN: Final = 64
"""Accounts whose times are kept: enough to meet a slow one, few enough to follow a vendor that grows slower."""

_ENOUGH: Final = 16
"""Accounts after which measured times replace the forecast: the first to end are the quickest."""


class Demand:
    """The forecast of an operation at first, then what its accounts really take.

    `each`: requests of each quota; `longest_s`: time of a slow account, without its waits for quotas: a slot that an
    account reaches late is lost for that long. `is_known`: False until an operation that cannot say its cost has
    shown it. `is_measured`: whether `longest_s` is a measured time.
    """

    def __init__(self, operation: Operation, tuning: Tuning) -> None:
        requests = operation.cost(Foreseen())
        self._said = by_quota(requests)
        self._totals: dict[str, float] = {}
        self._times: deque[float] = deque(maxlen=_SEEN)
        self._ended = 0
        self._foreseen_s = sum(count for call, count in requests.items() if call != POLL) * GUESSED_LATENCY_S
        self._foreseen_s += requests.get(IMPORT, 0.0) * tuning.first_poll_s * SLOW_IMPORT
        self.each: Mapping[str, float] = self._said
        self.longest_s = self._foreseen_s
        self.is_known = bool(self._said)

    @property
    def is_measured(self) -> bool:
        return self._ended >= _ENOUGH

    def note(self, sent: Mapping[str, int], own_s: float) -> None:
        """An account ended well: what it sent, and how long it took without waits."""
        self.is_known = True
        self._ended += 1
        for quota, count in sent.items():
            self._totals[quota] = self._totals.get(quota, 0.0) + count
        self.each = blended(self._said, self._totals, self._ended)
        self._times.append(own_s)
        seen_s = max(self._times)
        self.longest_s = seen_s if self.is_measured else max(self._foreseen_s, seen_s)
