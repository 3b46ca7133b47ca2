"""When a run stops by itself: the policy's limits, applied to the endings of the current wave."""

from __future__ import annotations

from collections.abc import Sequence

from bulkops.errors import PlanError
from bulkops.executor import Breaker, FailureLimit, Verdict, Wave
from bulkops.journal import Ending
from bulkops.runs.policy import Policy


class Rules:
    """`troubled`: places in the inventory of accounts that failed or are unknown and are not taken up again."""

    def __init__(self, policy: Policy, inventory_count: int, troubled: Sequence[int]) -> None:
        self._policy = policy
        self._troubled = troubled
        self._breaker = Breaker(policy.breaker) if policy.breaker is not None else None
        self._limit: FailureLimit | None = None
        if not policy.counts_by_wave:
            self._limit = self._limited(Wave(1, 1, 0, inventory_count))

    def enter(self, wave: Wave) -> None:
        """Begin a wave: a percentage counts anew. Raises: PlanError when its limit is passed already."""
        if self._policy.counts_by_wave:
            self._limit = self._limited(wave)

    def judge(self, ending: Ending) -> str | None:
        """Why nothing more may start, or None."""
        verdicts: list[Verdict] = [rule for rule in (self._limit, self._breaker) if rule is not None]
        reasons = [verdict.note(ending.outcome, f"{ending.failure_class}: {ending.cause}") for verdict in verdicts]
        return next(filter(None, reasons), None)

    def _limited(self, wave: Wave) -> FailureLimit | None:
        allowed = self._policy.allowed_failures(wave.size)
        if allowed is None:
            return None
        before = sum(wave.start <= seq < wave.end for seq in self._troubled)
        if before > allowed:
            raise PlanError(
                f"{before} accounts have failed already, more than the {allowed} allowed",
                remedy="raise --max-failures, or retry the failed ones first",
            )
        return FailureLimit(allowed, already=before)
