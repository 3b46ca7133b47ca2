"""`Report`: the state, outcomes, causes and times of a run, from the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from bulkops.errors import RunAborted, RunFailed
from bulkops.exit_codes import STOPPED, exit_code_of_run
from bulkops.journal import AccountRow, EventRow, RunRecord, RunState, StepTiming
from bulkops.outcome import LEFT_OUT, TROUBLED, Outcome
from bulkops.pacing import Explored
from bulkops.report.failure_clusters import Cluster, Remark, cluster, remarks
from bulkops.report.next_steps import resume_command
from bulkops.report.text import render_text, summary

if TYPE_CHECKING:
    from bulkops.report.formats import Format


@attrs.frozen(kw_only=True)
class Details:
    """What the HTML report shows beyond the answers: how the run was asked for, and what happened when."""

    record: RunRecord
    events: list[EventRow]
    steps: list[StepTiming]


@attrs.frozen(kw_only=True)
class Report:
    """One run: its state and one row per account. `str()` is the text report.

    `workspace`: id of the partner's workspace, None when the token may not read it;
    `accounts`: in inventory order; `journal`: the journal's directory, None for the default one; `created_at`,
    `ended_at`, `as_of` (when the journal was read): wall-clock seconds since the epoch; `between_s`: time between the
    run's processes, in which none worked on it; `explored`: what the run has learned about quotas without a published
    limit; `details`: only when asked for.
    """

    run_id: str
    state: RunState
    reason: str | None
    title: str
    host: str
    workspace: str | None = None
    created_at: float
    ended_at: float | None
    as_of: float
    between_s: float = 0.0
    journal: str | None = None
    accounts: Sequence[AccountRow] = attrs.field(repr=False)  # their parameters may hold secrets
    explored: list[Explored] = attrs.field(factory=list)
    details: Details | None = attrs.field(default=None, repr=False)

    @property
    def inventory(self) -> int:
        """Number of accounts of the run."""
        return len(self.accounts)

    @cached_property
    def in_progress(self) -> list[AccountRow]:
        """Accounts between start and end. Their outcomes say what they would be if the process died now."""
        if self.state is not RunState.RUNNING:
            return []
        return [row for row in self.accounts if row.started_at is not None and row.ended_at is None]

    @cached_property
    def outcomes(self) -> Mapping[Outcome, int]:
        """Accounts by outcome: all seven, summing to the inventory."""
        counts = Counter(row.outcome for row in self.accounts)
        return {outcome: counts[outcome] for outcome in Outcome}

    @cached_property
    def clusters(self) -> list[Cluster]:
        """Accounts that were not done, by cause: failed and unknown first, largest first."""
        busy = {row.seq for row in self.in_progress}
        return cluster((row for row in self.accounts if row.seq not in busy), run_reason=self.reason)

    @cached_property
    def failed_classes(self) -> frozenset[str | None]:
        """Failure classes of the accounts that failed."""
        return frozenset(one.failure_class for one in self.clusters if one.outcome is Outcome.FAILED)

    @cached_property
    def remarks(self) -> list[Remark]:
        """Notes from the operation about accounts that are done."""
        return remarks(self.accounts)

    @property
    def failures(self) -> list[AccountRow]:
        """Accounts that ended failed or unknown, in inventory order."""
        busy = {row.seq for row in self.in_progress}
        return [row for row in self.accounts if row.outcome in TROUBLED and row.seq not in busy]

    @property
    def left_out(self) -> list[AccountRow]:
        """Accounts that were skipped undone: the plan that the run follows found that they cannot be done, or they are
        not as it found them, or it did not look at them."""
        return [row for row in self.accounts if _is_left_out(row)]

    @cached_property
    def _is_troubled(self) -> bool:
        """Whether there are `failures` or `left_out` ones. One look at each account: each is made anew for it."""
        busy = {row.seq for row in self.in_progress}
        return any(_is_left_out(row) or (row.outcome in TROUBLED and row.seq not in busy) for row in self.accounts)

    @property
    def duration_s(self) -> float:
        """Time worked: from the run's creation to its end (so far), without the time between its processes."""
        return max(0.0, (self.as_of if self.ended_at is None else self.ended_at) - self.created_at - self.between_s)

    @property
    def ok(self) -> bool:
        """Whether the run came to its end and no account failed, is unknown or left out."""
        return self.state is RunState.FINISHED and self.exit_code == 0

    @property
    def exit_code(self) -> int:
        """130 interrupted, 4 authentication, 3 halted, 5 paused, 1 some failed, unknown or left out, 0 all well."""
        return exit_code_of_run(self.state, troubled=self._is_troubled)

    def raise_for_failures(self) -> None:
        """Raises: RunFailed if accounts failed, are unknown or left out, else RunAborted if the run stopped early."""
        if self._is_troubled:
            raise RunFailed(summary(self), run_id=self.run_id, remedy="see report.failures and report.left_out")
        if self.state in STOPPED:
            raise RunAborted(summary(self), run_id=self.run_id, remedy=f"resume with: {resume_command(self)}")

    def render(self, format: Format = "text") -> str:  # noqa: A002 - the flag's name, at the call site too
        """The report as `bulkops report --format` prints it. CSV has its own line ends: write it with newline="".

        Raises: ConfigError for an unknown format, and for HTML without jinja2.
        """
        from bulkops.report.formats import render  # noqa: PLC0415 - the formats take a report

        return render(self, format)

    def __str__(self) -> str:
        return render_text(self)


def _is_left_out(row: AccountRow) -> bool:
    return row.outcome is Outcome.SKIPPED and row.failure_class in LEFT_OUT
