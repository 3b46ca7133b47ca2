"""What is shown of a run may cost a small share of what the run itself costs, and no more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_FREE_S: Final = 0.5


class Thrift:
    """A budget of CPU time: `share` of the process's own, and half a second of pocket money for short runs.

    `longest_s`: after so long without spending it may be overdrawn (None: never).
    """

    def __init__(
        self,
        share: float,
        *,
        longest_s: float | None = None,
        cpu: Callable[[], float] = time.process_time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.spent_s = 0.0
        self._share = share
        self._longest_s = longest_s
        self._cpu = cpu
        self._clock = clock
        self._last_at = clock()

    def may_spend(self) -> bool:
        if self.spent_s <= _FREE_S + self._share * self._cpu():
            return True
        return self._longest_s is not None and self._clock() - self._last_at >= self._longest_s

    @contextmanager
    def spending(self) -> Iterator[None]:
        """What the block costs is taken from the budget."""
        began = self._cpu()
        try:
            yield
        finally:
            self._last_at = self._clock()
            self.spent_s += self._cpu() - began
