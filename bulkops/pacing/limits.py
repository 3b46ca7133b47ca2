"""`Limits`: how much of each quota a process may use, by its settings and by what was explored."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from bulkops.pacing.exploration import Exploration, Explored
from bulkops.rate_limit import Limit

ASSUMED: Final = (Limit(60, 60.0),)
"""For a quota without a documented limit."""


@attrs.frozen
class Limits:
    """`share`: fraction of every limit to use. `unlimited`: no limits at all. `explore`: quotas whose limits are only
    assumed, and may be exceeded.
    """

    quotas: Mapping[str, Sequence[Limit]]
    share: float
    unlimited: bool
    explore: frozenset[str] = frozenset()
    _explored: dict[tuple[str, float], Explored] = attrs.field(factory=dict)

    def of(self, quota: str, part: float = 1.0) -> list[Limit]:
        """All limits of a quota, for a process that has this part of it."""
        if self.unlimited:
            return []
        return [
            Limit(max(1, math.floor(limit.requests * self.share * part + 1e-9)), limit.window_s, limit.key)
            for limit in self.quotas.get(quota, ASSUMED)
        ]

    def shared(self, quota: str, part: float = 1.0) -> list[Limit]:
        """Those for all keys together."""
        return [limit for limit in self.of(quota, part) if limit.key is None]

    def exploration(self, quota: str, now: float) -> Exploration | None:
        """A new one, which starts with what is known; None: the limit stands."""
        limit = self._assumed(quota)
        if limit is None:
            return None
        made = Exploration(quota=quota, assumed=limit.requests, window_s=limit.window_s, share=self.share)
        if (explored := self._explored.get((quota, limit.window_s))) is not None:
            made.learn(explored, now)
        return made

    def learn(self, explored: Iterable[Explored]) -> list[Explored]:
        """Remember what is known of quotas that may be explored. Returns: what is new."""
        new = []
        for one in explored:
            limit, place = self._assumed(one.quota), (one.quota, one.window_s)
            if limit is None or one.window_s != limit.window_s or one.requests < limit.requests:
                continue  # of another window, or the user has set a higher figure since
            known = self._explored.get(place)
            merged = one if known is None else known.merged(one)
            if merged != known:
                self._explored[place] = merged
                new.append(merged)
        return new

    def explored(self, explorations: Iterable[Exploration | None]) -> list[Explored]:
        """All that is known, with what these have found."""
        self.learn(one.explored for one in explorations if one is not None and one.has_learned)
        return list(self._explored.values())

    def _assumed(self, quota: str) -> Limit | None:
        """The limit that may be exceeded: the shortest of those for all keys together."""
        if quota not in self.explore or self.unlimited:
            return None
        shared = (limit for limit in self.quotas.get(quota, ASSUMED) if limit.key is None)
        return min(shared, key=lambda limit: limit.window_s, default=None)
