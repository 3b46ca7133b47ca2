"""`RefusalTest`: finds out whether 429s mean a lower limit, by narrowing the quota and counting refusals."""

from __future__ import annotations

import math
from typing import Final, Literal

import attrs

DENSE_SHARE: Final = 0.03
DENSE_COUNT: Final = 3
CHANCE: Final = 2.0
"""Standard deviations that chance may add to the refusals that come anyhow."""

MOST: Final = 0.9
"""A share of all would make one good answer a proof."""
FEWER: Final = 0.25
"""Of the refusals above the noise, so many are left when a narrowing was right: it may be a little too wide still."""
SURE_OF_NOISE: Final = math.log(100)
SURE_OF_LIMIT: Final = math.log(10)
"""A noise that is none lets refusals pass for the rest of the run; a narrowing that was wrong is on trial again."""


@attrs.frozen
class WindowUsage:
    """The last T of a quota. `used`: slots taken, of which `refused` by the server and `answered` well."""

    used: int
    refused: int
    answered: int


def is_dense(usage: WindowUsage, *, noise: float) -> bool:
    """Whether more are refused than come anyhow: singly (a few) and by the known `noise`, a share of requests."""
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
    """Logarithm of how much more likely the answers so far are if nothing has changed."""

    def count(self, *, refused: bool) -> Literal["noise", "limit"] | None:
        """One more answer. Returns: the cause of the refusals, once it is clear."""
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
