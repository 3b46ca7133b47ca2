"""`RefusalTest`: finds out whether 429s mean a lower limit, by narrowing the quota and counting refusals."""

from __future__ import annotations

import math
from typing import Final, Literal

import attrs

DENSE_SHARE: Final = 0.03
DENSE_COUNT: Final = 3
CHANCE: Final = 2.0
"""Standard deviations that chance may add to the expected refusals."""

MOST: Final = 0.9
"""Upper bound of the assumed share of refusals. At 1 a single accepted request would decide the test.
"""
FEWER: Final = 0.25
"""Share of the refusals above the noise that remains after a right narrowing, which may still be slightly too wide."""
SURE_OF_NOISE: Final = math.log(100)
SURE_OF_LIMIT: Final = math.log(10)
"""Confidence of the two verdicts. A wrong "noise" tolerates refusals for the rest of the run; a wrong narrowing gets
another trial.
"""


@attrs.frozen
class WindowUsage:
    """The last T of a quota. `used`: slots taken, of which `refused` by the server and `answered` well."""

    used: int
    refused: int
    answered: int


def is_dense(usage: WindowUsage, *, noise: float) -> bool:
    """Whether more are refused than expected from single refusals and the known `noise`, a share of requests."""
    expected = noise * usage.used
    few = max(DENSE_COUNT, DENSE_SHARE * usage.used)
    return usage.refused >= few + expected + CHANCE * math.sqrt(expected)


@attrs.define
class RefusalTest:
    """A sequential probability ratio test (Wald 1945) on the answers after a narrowing.

    Either as many are refused as in `before`, the T that led to it: then the width is not the cause. Or far fewer.
    Refusals before the first good answer do not count: the server's window was still full.
    """

    before: WindowUsage
    noise: float
    estimate: int
    since: float
    _answered: int = 0
    _refused: int = 0
    _for_noise: float = 0.0
    """Log-likelihood ratio of the responses so far: nothing has changed, against the narrowing helped."""

    def count(self, *, refused: bool) -> Literal["noise", "limit"] | None:
        """Add one response. Returns: the cause of the refusals, once it is clear."""
        same = min(MOST, self.before.refused / self.before.used)
        fewer = self.noise + (same - self.noise) * FEWER
        if not refused:
            self._answered += 1
            self._for_noise += math.log((1 - same) / (1 - fewer))
        elif self._answered:
            self._refused += 1
            self._for_noise += math.log(same / fewer)
        if self._for_noise >= SURE_OF_NOISE:
            return "noise"
        return "limit" if self._for_noise <= -SURE_OF_LIMIT else None

    @property
    def share_refused(self) -> float:
        """Before and after, if the narrowing has changed nothing."""
        return (self.before.refused + self._refused) / (self.before.used + self._refused + self._answered)
