"""Outcomes on the page: a word, a shape and a color each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from bulkops.journal import AccountRow, RunState
from bulkops.outcome import Outcome

if TYPE_CHECKING:
    from bulkops.report.model import Report


@attrs.frozen
class Kind:
    """`name`: class in the style sheet and id of its shape; `bad`: what a reader looks for first."""

    name: str
    word: str
    bad: bool = False


IN_PROGRESS: Final = Kind("in_progress", "in progress")
_WAITING: Final = Kind("not_attempted", "waiting")

_KINDS: Final = {
    Outcome.FAILED: Kind("failed", "failed", bad=True),
    Outcome.UNKNOWN: Kind("unknown", "unknown", bad=True),
    Outcome.CANCELLED: Kind("cancelled", "cancelled"),
    Outcome.NOT_ATTEMPTED: Kind("not_attempted", "not attempted"),
    Outcome.SKIPPED: Kind("skipped", "skipped"),
    Outcome.UNCHANGED: Kind("unchanged", "unchanged"),
    Outcome.CHANGED: Kind("changed", "changed"),
}
"""Worst first: the order of the legend, of the filters and of sorting by outcome."""


@attrs.frozen
class Standing:
    """Every account's kind. `kinds`: those that may occur, worst first; `of`: an index into it per account."""

    kinds: tuple[Kind, ...]
    of: tuple[int, ...]

    @classmethod
    def from_report(cls, report: Report) -> Standing:
        """While the run is on, accounts under way and waiting ones have no outcome yet."""
        running = report.state is RunState.RUNNING
        known = dict(_KINDS) | ({Outcome.NOT_ATTEMPTED: _WAITING} if running else {})
        kinds = (*known.values(), IN_PROGRESS)
        busy = {row.seq for row in report.in_progress}
        place = {outcome: index for index, outcome in enumerate(known)}

        def kind(row: AccountRow) -> int:
            return len(kinds) - 1 if row.seq in busy else place[row.outcome]

        return cls(kinds, tuple(map(kind, report.accounts)))

    def counts(self) -> list[tuple[Kind, int]]:
        """Worst first, without those that do not occur."""
        counted = [0] * len(self.kinds)
        for index in self.of:
            counted[index] += 1
        return [(kind, count) for kind, count in zip(self.kinds, counted, strict=True) if count]
