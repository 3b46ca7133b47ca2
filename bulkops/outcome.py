"""The seven outcomes of an account (contract C6)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """Outcome of one account. Every account of a run has exactly one, from its first second."""

    CHANGED = "changed"
    """This run changed the account, and the end state was verified."""
    UNCHANGED = "unchanged"
    """The account was already in the wanted state; no changing request was sent."""
    FAILED = "failed"
    """The account could not be done; every effect is known."""
    UNKNOWN = "unknown"
    """A request was sent, and its outcome is unknown: probe before sending again."""
    CANCELLED = "cancelled"
    """Stopped between steps; every effect is known, and `resume` continues from there."""
    SKIPPED = "skipped"
    """Left out on purpose, with a reason."""
    NOT_ATTEMPTED = "not_attempted"
    """Not started: the vendor accepted no request for it."""

    @property
    def words(self) -> str:
        """`not attempted`"""
        return self.value.replace("_", " ")


def in_words(counts: Mapping[Outcome, int]) -> str:
    """`270 changed, 30 failed`, without the outcomes that did not occur."""
    return ", ".join(f"{counts[outcome]} {outcome.words}" for outcome in Outcome if counts.get(outcome))


RESUMABLE: Final = frozenset({Outcome.NOT_ATTEMPTED, Outcome.CANCELLED, Outcome.UNKNOWN})
"""Outcomes that `resume` takes; `retry` takes FAILED."""

TROUBLED: Final = frozenset({Outcome.FAILED, Outcome.UNKNOWN})
"""Outcomes that make a run end with exit code 1."""

OVER_LIMIT: Final = ", more than the"
"""In the reason of a halt by the limit of failures."""

NONE_SUCCEEDED: Final = "no account of"
"""Beginning of the reason of a halt after a wave without a success."""

IMPOSSIBLE: Final = "impossible"
"""Failure class of an account that was skipped because the saved plan found that it cannot be done."""
DRIFTED: Final = "drifted"
"""Failure class of an account that was skipped because something else is to be done than the saved plan found."""
UNPLANNED: Final = "unplanned"
"""Failure class of an account that was skipped because the saved plan did not look at it."""

LEFT_OUT: Final = frozenset({IMPOSSIBLE, DRIFTED, UNPLANNED})
"""Failure classes of skipped accounts that make a run end with exit code 1: they are not done."""
