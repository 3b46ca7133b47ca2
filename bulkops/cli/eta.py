"""Expected end of a run and state of its quotas, for progress displays."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from bulkops.cli.cpu_budget import CpuBudget
from bulkops.durations import rough_duration

if TYPE_CHECKING:
    from bulkops.client import Workato
    from bulkops.events import Observer
    from bulkops.operations import Operation
    from bulkops.pacing import QuotaStatistics
    from bulkops.runs import Policy
    from bulkops.runs.progress import Eta

_SHARE: Final = 0.002
_SOONEST_S: Final = 1.0


class EtaSource(Protocol):
    """Data for a display beyond counts.

    `seen_s_ago`: how old `quotas` is, which then does not know what waits; None: it is of this moment.
    """

    @property
    def observe(self) -> Observer: ...

    @property
    def seen_s_ago(self) -> float | None: ...

    def eta(self) -> Eta | None: ...

    def quotas(self) -> Mapping[str, QuotaStatistics]: ...


class ForecastEta:
    """Forecasts the end at intervals, within a CPU budget, and counts down between."""

    seen_s_ago: float | None = None

    def __init__(self, workato: Workato, operation: Operation, policy: Policy, *, total: int, settled: int = 0) -> None:
        from bulkops.client import session_of
        from bulkops.runs.progress import Progress

        self._pacer = session_of(workato).pacer
        self._progress = Progress(operation, session_of(workato), policy, total=total, settled=settled)
        self.observe: Observer = self._progress.observe
        self._budget = CpuBudget(_SHARE, accounts=total)
        self._eta: Eta | None = None
        self._asked_at = -_SOONEST_S
        self._answered_for = 0.0
        self._asking: asyncio.Future[None] | None = None

    @property
    def spent_s(self) -> float:
        """CPU seconds that forecasts have cost."""
        return self._budget.spent_s

    def eta(self) -> Eta | None:
        """When the run will end, counted from now; None while that is not known."""
        now = time.monotonic()
        is_asking = self._asking is not None and not self._asking.done()
        if not is_asking and now - self._asked_at >= _SOONEST_S and self._budget.may_spend():
            self._ask(now)
        return None if self._eta is None else self._eta.after(now - self._answered_for)

    def _ask(self, now: float) -> None:
        """Compute in another thread: with thousands of accounts in flight it takes seconds."""
        self._asked_at = now
        with self._budget.spending():
            question = self._progress.question()
        if question is None:
            return

        def answer() -> None:
            with self._budget.spending():
                eta = question()
            self._eta, self._answered_for = eta, now

        self._asking = asyncio.get_running_loop().run_in_executor(None, answer)

    def quotas(self) -> dict[str, QuotaStatistics]:
        """Current state of each used quota."""
        return self._pacer.statistics()


def eta_words(eta: Eta | None) -> str:
    """`about 6 min left`, `nearly done`, or nothing."""
    if eta is None:
        return ""
    if eta.seconds < 1:
        return "nearly done"
    return f"about {round(eta.seconds)} s left" if eta.seconds < 100 else f"about {rough_duration(eta.seconds)} left"
