"""`Report`: everything a person or program asks about a run, from queries of the journal alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

import attrs

from bulkops.errors import JournalCorrupt, RunAborted, RunFailed
from bulkops.journal import AccountRow, EventRow, Journal, RunRecord, RunState, StepMark
from bulkops.outcome import TROUBLED, Outcome
from bulkops.report.clusters import Cluster, cluster
from bulkops.report.commands import resume_command
from bulkops.report.text import render_text, summary

_STOPPED: Final[Mapping[RunState, int]] = {
    RunState.INTERRUPTED: 130,
    RunState.AUTH_FAILED: 4,
    RunState.HALTED: 3,
    RunState.PAUSED: 5,
}
"""How a run can stop before its end, with the exit code of each (DESIGN section 8)."""


@attrs.frozen(kw_only=True)
class Details:
    """What the HTML report shows beyond the answers: how the run was asked for, and what happened when."""

    record: RunRecord
    events: list[EventRow]
    steps: list[StepMark]


@attrs.frozen(kw_only=True)
class Report:
    """One run: its state and one row per account. `str()` is the text report.

    `accounts`: in inventory order; `journal`: the journal's directory, None for the default one; `created_at`,
    `ended_at`, `as_of` (when the journal was read): wall-clock seconds since the epoch; `details`: only when asked for.
    """

    run_id: str
    state: RunState
    reason: str | None
    title: str
    host: str
    created_at: float
    ended_at: float | None
    as_of: float
    journal: str | None = None
    accounts: list[AccountRow] = attrs.field(repr=False)  # their parameters may hold secrets
    details: Details | None = attrs.field(default=None, repr=False)

    @property
    def inventory(self) -> int:
        """How many accounts the run is about."""
        return len(self.accounts)

    @cached_property
    def in_progress(self) -> list[AccountRow]:
        """Accounts between start and end. Their outcomes say what they would be if the process died now."""
        if self.state is not RunState.RUNNING:
            return []
        return [row for row in self.accounts if row.started_at is not None and row.ended_at is None]

    @cached_property
    def outcomes(self) -> Mapping[Outcome, int]:
        """How many accounts ended how: all seven outcomes, summing to the inventory."""
        counts = Counter(row.outcome for row in self.accounts)
        return {outcome: counts[outcome] for outcome in Outcome}

    @cached_property
    def clusters(self) -> list[Cluster]:
        """Accounts that were not done, by cause: failed and unknown first, largest first."""
        busy = {row.seq for row in self.in_progress}
        return cluster((row for row in self.accounts if row.seq not in busy), run_reason=self.reason)

    @property
    def failures(self) -> list[AccountRow]:
        """Accounts that ended failed or unknown, in inventory order."""
        busy = {row.seq for row in self.in_progress}
        return [row for row in self.accounts if row.outcome in TROUBLED and row.seq not in busy]

    @property
    def duration_s(self) -> float:
        """From the run's creation to its end (so far), pauses between processes included."""
        return (self.as_of if self.ended_at is None else self.ended_at) - self.created_at

    @property
    def ok(self) -> bool:
        """Whether the run came to its end and no account failed or is unknown."""
        return self.state is RunState.FINISHED and self.exit_code == 0

    @property
    def exit_code(self) -> int:
        """130 interrupted, 4 authentication, 3 halted, 5 paused, 1 some failed or unknown, 0 all well."""
        return _STOPPED.get(self.state, 1 if self.failures else 0)

    def raise_for_failures(self) -> None:
        """Raises: RunFailed if accounts failed or are unknown, else RunAborted if the run stopped early."""
        if self.failures:
            raise RunFailed(summary(self), run_id=self.run_id, remedy="see report.failures")
        if self.state in _STOPPED:
            raise RunAborted(summary(self), run_id=self.run_id, remedy=f"resume with: {resume_command(self)}")

    def __str__(self) -> str:
        return render_text(self)


async def load_report(journal: Journal, run_id: str | None = None, *, detailed: bool = False) -> Report:
    """The report of a run (its id or the start of it; None: the newest), also while the run is on.

    A run whose process died without a word is reported as interrupted: it can be resumed like one.
    `detailed`: read what HTML shows beyond the answers too: every step of every account.

    Raises: JournalError when there is no such run; JournalCorrupt when accounts are missing from the journal.
    """
    record = await journal.get_run(run_id)
    died = False
    if record.state is RunState.RUNNING and not journal.is_locked(record.run_id):
        record = await journal.get_run(record.run_id)  # it may have ended between the two looks
        died = record.state is RunState.RUNNING
    accounts = await journal.accounts(record.run_id)
    if len(accounts) != record.inventory_count:
        raise JournalCorrupt(
            f"the journal has {len(accounts)} accounts of run {record.run_id}, "
            f"which began with {record.inventory_count}",
            remedy="restore the journal directory from a backup",
        )
    return Report(
        run_id=record.run_id,
        state=RunState.INTERRUPTED if died else record.state,
        reason="the process that worked on it died" if died else record.reason,
        title=record.title,
        host=record.host,
        created_at=record.created_at,
        ended_at=record.last_beat_at if died else record.ended_at,
        as_of=time.time(),
        journal=_unless_default(journal.path.parent),
        accounts=accounts,
        details=await _details(journal, record) if detailed else None,
    )


async def _details(journal: Journal, record: RunRecord) -> Details:
    return Details(
        record=record, events=await journal.events(record.run_id), steps=await journal.step_marks(record.run_id)
    )


def _unless_default(directory: Path) -> str | None:
    """What a command needs as --journal: nothing for ./.bulkops, the shortest name otherwise."""
    here = Path.cwd()
    if directory == here / ".bulkops":
        return None
    return str(directory.relative_to(here) if directory.is_relative_to(here) else directory)
