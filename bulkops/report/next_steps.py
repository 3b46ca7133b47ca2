"""The next command for the accounts that are not done."""

from __future__ import annotations

import re
import shlex
from collections.abc import Set
from typing import TYPE_CHECKING, Final

from bulkops.journal import AccountRow, RunState
from bulkops.outcome import NONE_SUCCEEDED, OVER_LIMIT, RESUMABLE, Outcome
from bulkops.report.safe_text import inline

if TYPE_CHECKING:
    from bulkops.report.failure_clusters import Cluster
    from bulkops.report.model import Report


_PASSING: Final = frozenset(
    {
        *("transport", "connect-failed", "connection-lost", "timeout", "server-error", "rate-limited"),
        *("never-happened", "kept-by-another", "api-key-not-ready"),
    }
)
"""Failure classes with a temporary cause, which a retry alone may cure."""

_UNEXPECTED: Final = frozenset({"unexpected", "step-not-awaited", "step-name-twice"})
"""Failure classes whose only remedy is to correct the operation's code."""

_ACCEPTED: Final = " --accept-changes"

_THEN_RETRY: Final = re.compile(r",? then (?:`bulkops \w[^`]*`|undo once more).*$")


def change_first(row: AccountRow) -> str | None:
    """What to correct before a retry; None if the cause may be temporary or the remedy is unknown."""
    if row.outcome is not Outcome.FAILED or row.failure_class in _PASSING:
        return None
    if not row.remedy or row.remedy.startswith("`bulkops "):
        return None
    return inline(_THEN_RETRY.sub("", row.remedy))


def next_command(report: Report, cluster: Cluster) -> str | None:
    """The command that continues a cluster's accounts; None while the run is on and for skipped ones."""
    if report.state is RunState.RUNNING:
        return None
    if cluster.outcome is Outcome.FAILED:
        return retry_command(report, cluster.failure_class)
    return go_on_command(report) if cluster.outcome in RESUMABLE else None


def go_on_words(report: Report) -> str | None:
    """Text before `go_on_command`: "resume with"."""
    command = go_on_command(report)
    if command is None:
        return None
    verb = command.split()[1]
    failed = [one for one in report.clusters if one.outcome is Outcome.FAILED]
    if report.state is RunState.AUTH_FAILED:
        return f"when the token is corrected, {verb} with"
    is_vain = (verb == "retry" or _needs_new_code(report)) and all(change_first(one.example) for one in failed)
    return f"when that is corrected, {verb} with" if is_vain else f"{verb} with"


def go_on_command(report: Report) -> str | None:
    """The command that continues most of the remaining accounts; None without any.

    Resuming comes first: it ends the run. After too many failures it halts at once, so retry comes first.
    """
    if report.state is RunState.RUNNING:
        return None
    reason = report.reason or ""
    is_vain = report.state is RunState.HALTED and (OVER_LIMIT in reason or reason.startswith(NONE_SUCCEEDED))
    if not (is_vain and report.outcomes[Outcome.FAILED]) and any(report.outcomes[outcome] for outcome in RESUMABLE):
        return resume_command(report)
    return retry_command(report) if report.outcomes[Outcome.FAILED] else None


def _needs_new_code(report: Report) -> bool:
    """Whether the run halted, and only new code can take it further."""
    return report.state is RunState.HALTED and _blames_code(report.failed_classes)


def _blames_code(classes: Set[str | None]) -> bool:
    """Whether the operation's code has to change first. That makes it another one, which is refused unless accepted."""
    return bool(classes) and classes <= _UNEXPECTED


def resume_command(report: Report) -> str:
    approval = " --approve" if report.state is RunState.PAUSED else ""
    accepted = _ACCEPTED if _needs_new_code(report) else ""
    return f"bulkops resume {_quoted(report.run_id)}{approval}{accepted}{_journal(report)}"


def retry_command(report: Report, failure_class: str | None = None) -> str:
    selection = f" --failure-class {_quoted(failure_class)}" if failure_class else ""
    accepted = _ACCEPTED if _blames_code({failure_class} if failure_class else report.failed_classes) else ""
    return f"bulkops retry {_quoted(report.run_id)}{selection}{accepted}{_journal(report)}"


def report_command(report: Report) -> str:
    return f"bulkops report {_quoted(report.run_id)}{_journal(report)}"


def _journal(report: Report) -> str:
    return "" if report.journal is None else f" --journal {_quoted(report.journal)}"


def _quoted(word: str) -> str:
    return shlex.quote(inline(word))
