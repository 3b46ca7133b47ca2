"""What an account takes from its first effect to its end: requests of each quota, and time of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

from bulkops.catalogue import CALLS
from bulkops.forecast import GUESSED_LATENCY_S, IMPORT, POLL, TYPICAL_IMPORT, by_quota, way
from bulkops.operations import Foreseen, Operation
from bulkops.settings import Tuning

_TRUSTED: Final = 5.0
"""The operation's own figures count like this many accounts that were seen."""

_SEEN: Final = 64
"""Accounts whose times are kept: enough for a 90th percentile, few enough to follow a vendor that grows slower."""

_ENOUGH: Final = 16
"""Accounts after which measured times replace the forecast: the first to end are the quickest."""

_LATE: Final = 0.9
"""A slot that its account reaches late is lost for that long, so the estimate covers nine of ten accounts."""


class Demand:
    """The forecast of an operation, then what its accounts really take. `own_s`: without waits for quotas."""

    def __init__(self, operation: Operation, tuning: Tuning) -> None:
        requests = operation.cost(Foreseen())
        rows = [row for row in way(operation, requests) if row[0] in CALLS]
        first = next((place for place, (call, _) in enumerate(rows) if not CALLS[call].is_read), None)
        after = dict.fromkeys((call for call, _ in rows[first:]), 0.0) if first is not None else {}
        for call, count in rows[first:] if first is not None else ():
            after[call] += count
        self.is_known = first is not None
        """Whether there is anything to go by; an operation that cannot say its cost is learned on the way."""
        self.in_all = by_quota(requests)
        """Requests of each quota with those before the first effect, as the operation says."""
        self.foreseen_s = sum(count for call, count in after.items() if call != POLL) * GUESSED_LATENCY_S
        self.foreseen_s += after.get(IMPORT, 0.0) * tuning.first_poll_s * TYPICAL_IMPORT
        self._said = by_quota(after)
        self._totals: dict[str, float] = {}
        self._ended = 0
        self._times: deque[float] = deque(maxlen=_SEEN)
        self._own_s = self.foreseen_s
        self.each: Mapping[str, float] = self._said
        """Requests of each quota after the first effect."""

    def own_s(self) -> float:
        return self._own_s

    def note(self, sent: Mapping[str, int], own_s: float) -> None:
        """An account ended well: what it sent from its first effect on, and how long it took without waits."""
        self.is_known = True
        self._ended += 1
        for quota, count in sent.items():
            self._totals[quota] = self._totals.get(quota, 0.0) + count
        said_weight = _TRUSTED if self._said else 0.0
        weight = self._ended + said_weight
        self.each = {
            quota: (self._said.get(quota, 0.0) * said_weight + self._totals.get(quota, 0.0)) / weight
            for quota in dict.fromkeys([*self._said, *self._totals])
        }
        self._times.append(own_s)
        late_s = sorted(self._times)[int(len(self._times) * _LATE)]
        self._own_s = late_s if self._ended >= _ENOUGH else max(self.foreseen_s, late_s)
