"""The rules that decide on a halt: a limit of failures, and a breaker for the same cause in a row."""

from __future__ import annotations

from collections.abc import Sequence

from bulkops.errors import STILL_UNKNOWN, PlanError
from bulkops.journal import AccountResult
from bulkops.outcome import OVER_LIMIT, TROUBLED, Outcome
from bulkops.runs.policy import Policy
from bulkops.runs.waves import Wave


class FailureLimit:
    """At most `limit` accounts may end failed or unknown; the next one halts. `already`: counted before.

    >>> rule = FailureLimit(1)
    >>> rule.note(Outcome.FAILED), rule.note(Outcome.UNKNOWN)
    (None, '2 accounts failed or unknown, more than the 1 allowed')
    """

    def __init__(self, limit: int, *, already: int = 0) -> None:
        if limit < 0:
            raise ValueError(f"a limit of failures is 0 or more, not {limit}")
        self.limit = limit
        self._count = already

    @property
    def left(self) -> int:
        """Failures that are still allowed."""
        return self.limit - self._count

    def note(self, outcome: Outcome) -> str | None:
        """Count one ending; the reason to stop in words, or None."""
        if outcome in TROUBLED:
            self._count += 1
        if self._count <= self.limit:
            return None
        return f"{_accounts(self._count)} failed or unknown{OVER_LIMIT} {self.limit} allowed"


def _accounts(count: int) -> str:
    return f"{count} account{'' if count == 1 else 's'}"


class Breaker:
    """Halts when `in_a_row` accounts end in trouble with one fingerprint and none succeeds between.

    Skipped, cancelled and not attempted accounts neither count nor break the row.
    """

    def __init__(self, in_a_row: int = 20) -> None:
        if in_a_row < 1:
            raise ValueError(f"a breaker counts 1 account or more, not {in_a_row}")
        self.in_a_row = in_a_row
        self._fingerprint: str | None = None
        self._row = 0

    def note(self, outcome: Outcome, fingerprint: str | None) -> str | None:
        """Count one ending; the reason to stop in words, or None. `fingerprint`: equal for equal causes."""
        if outcome in {Outcome.CHANGED, Outcome.UNCHANGED}:
            self._row = 0
        if outcome not in TROUBLED:
            return None
        same = fingerprint == self._fingerprint
        self._row = self._row + 1 if same and self._row else 1
        self._fingerprint = fingerprint
        if self._row < self.in_a_row:
            return None
        return f"{self._row} accounts in a row ended with one cause: {self._fingerprint}"


class HaltRules:
    """The policy's limit and breaker, applied to the endings of the current wave.

    `troubled`: places in the inventory of accounts that failed or are unknown and are not taken up again. `ended`: what
    another process has seen of the same run, in order, for the breaker.
    """

    def __init__(
        self, policy: Policy, inventory_count: int, troubled: Sequence[int], ended: Sequence[AccountResult] = ()
    ) -> None:
        self._policy = policy
        self._troubled = troubled
        self._breaker = Breaker(policy.breaker) if policy.breaker is not None else None
        self._limit: FailureLimit | None = None
        for ending in ended:
            self._note_in_a_row(ending)
        if not policy.counts_by_wave:
            self._limit = self._limited(Wave(1, 1, 0, inventory_count))

    @property
    def failures_left(self) -> int | None:
        """Failures that the limit still allows; None: no limit."""
        return self._limit.left if self._limit is not None else None

    def enter(self, wave: Wave) -> None:
        """Begin a wave: a percentage counts anew. Raises: PlanError when its limit is passed already."""
        if self._policy.counts_by_wave:
            self._limit = self._limited(wave)

    def judge(self, ending: AccountResult) -> str | None:
        """The reason to halt after this ending, or None."""
        over_limit = self._limit.note(ending.outcome) if self._limit is not None else None
        in_a_row = self._note_in_a_row(ending)
        return over_limit or in_a_row

    def _note_in_a_row(self, ending: AccountResult) -> str | None:
        """A killed process leaves many accounts that stay unknown with one cause: a resume would halt at them."""
        if self._breaker is None or ending.failure_class == STILL_UNKNOWN:
            return None
        return self._breaker.note(ending.outcome, f"{ending.failure_class}: {ending.cause}")

    def _limited(self, wave: Wave) -> FailureLimit | None:
        allowed = self._policy.allowed_failures(wave.size)
        if allowed is None:
            return None
        before = sum(wave.start <= seq < wave.end for seq in self._troubled)
        if before > allowed:
            raise PlanError(
                f"{_accounts(before)} failed or unknown already, more than the {allowed} allowed",
                remedy="retry the failed and resume the unknown ones first, or raise --max-failures",
            )
        return FailureLimit(allowed, already=before)
