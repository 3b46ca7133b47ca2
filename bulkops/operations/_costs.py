"""What operations that follow each other take together: they share a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

_LOOKED_ONCE: Final = "managed_users.folders.list"
"""The folders under Home are asked for once: the operations of a chain share what they saw (`Context.cache`)."""


def looked_once(costs: Iterable[Mapping[str, float]]) -> list[dict[str, float]]:
    """`costs` of operations that follow each other, with the look that they share in the first that takes it."""
    made = [dict(cost) for cost in costs]
    looking = [cost for cost in made if cost.get(_LOOKED_ONCE)]
    for cost in looking[1:]:
        looking[0][_LOOKED_ONCE] = max(looking[0][_LOOKED_ONCE], cost.pop(_LOOKED_ONCE))
    return made


def summed(costs: Iterable[Mapping[str, float]]) -> Mapping[str, float]:
    """Requests of each call that operations take which follow each other."""
    total: Counter[str] = Counter()
    for cost in looked_once(costs):
        total.update(cost)
    return total
