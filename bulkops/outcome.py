"""The one answer that each account gets (contract C6)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What became of one account. Every account of a run has exactly one, from its first second."""

    CHANGED = "changed"
    """This run did something, and the end state was verified."""
    UNCHANGED = "unchanged"
    """It was already so; nothing was sent that changes anything."""
    FAILED = "failed"
    """It could not be done; every effect is known."""
    UNKNOWN = "unknown"
    """Something was sent and nobody can tell what came of it: look before acting again."""
    CANCELLED = "cancelled"
    """Stopped between steps; every effect is known and `resume` goes on from there."""
    SKIPPED = "skipped"
    """Left out on purpose, with a reason."""
    NOT_ATTEMPTED = "not_attempted"
    """Never started: nothing was sent for it that the vendor accepted."""


RESUMABLE: Final = frozenset({Outcome.NOT_ATTEMPTED, Outcome.CANCELLED, Outcome.UNKNOWN})
"""What `resume` takes up again; `retry` takes FAILED."""

TROUBLED: Final = frozenset({Outcome.FAILED, Outcome.UNKNOWN})
"""What makes a run end with exit code 1."""

IMPOSSIBLE: Final = "impossible"
"""Failure class of an account that was skipped because the plan that the run follows found that it cannot be done."""
