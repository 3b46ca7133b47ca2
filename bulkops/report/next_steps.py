"""The next command for the accounts that a run left undone."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from bulkops.journal import RunState
from bulkops.outcome import RESUMABLE, Outcome
from bulkops.report.safe_text import inline

if TYPE_CHECKING:
    from bulkops.report.clusters import Cluster
    from bulkops.report.model import Report


def next_command(report: Report, cluster: Cluster) -> str | None:
    """What takes a cluster's accounts up again; None while the run is on and for skipped ones."""
    if report.state is RunState.RUNNING:
        return None
    if cluster.outcome is Outcome.FAILED:
        return retry_command(report, cluster.failure_class)
    return resume_command(report) if cluster.outcome in RESUMABLE else None


def go_on_command(report: Report) -> str | None:
    """What takes up most of what is left, or None when nothing is. Resuming comes first: it ends the run."""
    if report.state is RunState.RUNNING:
        return None
    if any(report.outcomes[outcome] for outcome in RESUMABLE):
        return resume_command(report)
    return retry_command(report) if report.outcomes[Outcome.FAILED] else None


def resume_command(report: Report) -> str:
    approval = " --approve" if report.state is RunState.PAUSED else ""
    return f"bulkops resume {_quoted(report.run_id)}{approval}{_journal(report)}"


def retry_command(report: Report, failure_class: str | None = None) -> str:
    selection = f" --failure-class {_quoted(failure_class)}" if failure_class else ""
    return f"bulkops retry {_quoted(report.run_id)}{selection}{_journal(report)}"


def report_command(report: Report) -> str:
    return f"bulkops report {_quoted(report.run_id)}{_journal(report)}"


def _journal(report: Report) -> str:
    return "" if report.journal is None else f" --journal {_quoted(report.journal)}"


def _quoted(word: str) -> str:
    return shlex.quote(inline(word))
