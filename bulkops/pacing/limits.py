"""`Limits`: how much of each quota a process may use, by its settings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from bulkops.settings import Limit

ASSUMED: Final = (Limit(60, 60.0),)
"""For a quota without a documented limit."""


@attrs.frozen
class Limits:
    """`share`: fraction of every limit to use. `unlimited`: no limits at all."""

    quotas: Mapping[str, Sequence[Limit]]
    share: float
    unlimited: bool

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
