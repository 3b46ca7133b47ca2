"""When a run must stop starting accounts (contract C7). Pure counting: outcomes in, a reason to stop out."""

from __future__ import annotations

from typing import Protocol

from bulkops.outcome import TROUBLED, Outcome


class Verdict(Protocol):
    """A rule that sees every ending and may say stop."""

    def note(self, outcome: Outcome, fingerprint: str | None) -> str | None:
        """Count one ending; the reason to stop in words, or None. `fingerprint`: equal for equal causes."""


class FailureLimit:
    """At most `limit` accounts may end failed or unknown; the next one halts. `already`: counted before.

    >>> rule = FailureLimit(1)
    >>> rule.note(Outcome.FAILED, "x"), rule.note(Outcome.UNKNOWN, "y")
    (None, '2 accounts failed or unknown, more than the 1 allowed')
    """

    def __init__(self, limit: int, *, already: int = 0) -> None:
        if limit < 0:
            raise ValueError(f"a limit of failures is 0 or more, not {limit}")
        self.limit = limit
        self._count = already

    def note(self, outcome: Outcome, fingerprint: str | None) -> str | None:
        if outcome in TROUBLED:
            self._count += 1
        if self._count <= self.limit:
            return None
        return f"{self._count} accounts failed or unknown, more than the {self.limit} allowed"


class Breaker:
    """Halts when `in_a_row` accounts end in trouble with one fingerprint and none succeeds between.

    Skipped, cancelled and never tried accounts neither count nor break the row.
    """

    def __init__(self, in_a_row: int = 20) -> None:
        if in_a_row < 1:
            raise ValueError(f"a breaker counts 1 account or more, not {in_a_row}")
        self.in_a_row = in_a_row
        self._fingerprint: str | None = None
        self._row = 0

    def note(self, outcome: Outcome, fingerprint: str | None) -> str | None:
        if outcome in {Outcome.CHANGED, Outcome.UNCHANGED}:
            self._row = 0
        elif outcome in TROUBLED:
            same = fingerprint == self._fingerprint
            self._row = self._row + 1 if same and self._row else 1
            self._fingerprint = fingerprint
        if self._row < self.in_a_row:
            return None
        return f"{self._row} accounts in a row ended with one cause: {self._fingerprint}"
