"""A CPU budget: limits a display to a small share of the process's CPU time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_FREE_S: Final = 0.3
_FREE_ACCOUNT_S: Final = 100.0


class CpuBudget:
    """A budget of CPU time: `share` of the process's own, plus an initial amount, larger for a run of few accounts.
    `longest_s`: after this time without spending it may be overdrawn (None: never).
    """

    def __init__(
        self,
        share: float,
        *,
        accounts: int,
        longest_s: float | None = None,
        earning: Callable[[], float] = time.process_time,
        spending: Callable[[], float] = time.thread_time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.spent_s = 0.0
        self._share = share
        self._free_s = min(_FREE_S, _FREE_ACCOUNT_S / max(1, accounts))
        self._longest_s = longest_s
        self._earned_s = earning
        self._spent_at_s = spending
        self._clock = clock
        self._last_at = clock()

    def may_spend(self) -> bool:
        if self.spent_s <= self._free_s + self._share * self._earned_s():
            return True
        return self._longest_s is not None and self._clock() - self._last_at >= self._longest_s

    @contextmanager
    def spending(self) -> Iterator[None]:
        """What the block costs its thread is taken from the budget."""
        began = self._spent_at_s()
        try:
            yield
        finally:
            self._last_at = self._clock()
            self.spent_s += self._spent_at_s() - began
