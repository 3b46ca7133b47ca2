"""`Waves`: cuts an inventory into waves, from sizes to places."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import attrs

REST: Final = "rest"


@attrs.frozen
class Wave:
    """Places `start` up to, not including, `end` of the inventory. `number`: from 1, of `of`."""

    number: int
    of: int
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


@attrs.frozen
class Waves:
    """Sizes of waves in order, from text such as "1,5%,rest"; the last one repeats until the inventory ends.

    A number counts accounts, a percentage is of the whole inventory and rounded up, `rest` is all that is left.

    >>> [wave.size for wave in Waves.parse("1,5%,rest").over(300)]
    [1, 15, 284]
    >>> [wave.size for wave in Waves.parse("10%").over(25)]
    [3, 3, 3, 3, 3, 3, 3, 3, 1]
    """

    text: str
    _sizes: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Waves:
        """Raises: ValueError naming the invalid entry."""
        sizes = tuple(part.strip() for part in text.split(","))
        taken = 0.0
        for place, size in enumerate(sizes, start=1):
            if size == REST:
                if place < len(sizes):
                    raise ValueError(f"waves {text!r}: nothing can come after {REST!r}")
            elif not _is_size(size):
                raise ValueError(f"waves {text!r}: {size!r} is neither a count, a percentage nor {REST!r}")
            if taken >= 100:
                raise ValueError(f"waves {text!r}: no accounts are left for {size!r}")
            if size.endswith("%"):
                taken += float(size.rstrip("% "))
                if taken > 100:
                    raise ValueError(f"waves {text!r}: the percentages add up to {taken:g} %")
        return cls(text, sizes)

    def over(self, count: int) -> list[Wave]:
        """The waves of an inventory of `count` accounts; none is empty."""
        cuts = [0, *self._ends(count)]
        return [Wave(n, len(cuts) - 1, start, end) for n, (start, end) in enumerate(pairwise(cuts), start=1)]

    def _ends(self, count: int) -> Iterator[int]:
        end, place = 0, 0
        while end < count:
            size = self._sizes[min(place, len(self._sizes) - 1)]
            end = min(count, end + _absolute(size, count))
            place += 1
            yield end


def _is_size(size: str) -> bool:
    if re.fullmatch(r"\d+", size):
        return int(size) > 0
    percentage = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", size)
    return percentage is not None and 0 < float(percentage[1]) <= 100


def _absolute(size: str, count: int) -> int:
    if size == REST:
        return count
    if size.endswith("%"):
        return max(1, math.ceil(float(size.rstrip("% ")) * count / 100))
    return int(size)
