"""The report as plain text, most important parts first; independent of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from bulkops.durations import duration
from bulkops.journal import RunState
from bulkops.outcome import TROUBLED, Outcome
from bulkops.report.next_steps import change_first, go_on_command, go_on_words, next_command
from bulkops.report.quota_usage import explored_setting, explored_words
from bulkops.report.safe_text import inline, known_as

if TYPE_CHECKING:
    from bulkops.report.failure_clusters import Cluster, Remark
    from bulkops.report.model import Report

_MOST_CLUSTERS: Final = 20
_NAME: Final = 100
_LINE: Final = 300
_REASON: Final = 2000
"""Characters shown of a name, a line, and the one full reason of a cluster; JSON has all of them."""

_STATES: Final[Mapping[RunState, str]] = {
    RunState.RUNNING: "Running",
    RunState.FINISHED: "Finished",
    RunState.HALTED: "Halted",
    RunState.PAUSED: "Paused",
    RunState.INTERRUPTED: "Interrupted",
    RunState.AUTH_FAILED: "Stopped, the vendor refused the token",
    RunState.PARTIAL: "Resumed in part",
}


def render_text(report: Report) -> str:
    """The whole text report; lines without control characters, ended by newlines."""
    lines = [summary(report), *_heading(report)]
    shown = [one for one in report.clusters if report.state is not RunState.RUNNING or one.outcome in TROUBLED]
    for cluster in shown[:_MOST_CLUSTERS]:
        lines += ["", *cluster_lines(report, cluster)]
    left = shown[_MOST_CLUSTERS:]
    if left:
        count = sum(one.count for one in left)
        lines += [
            "",
            f"and {len(left)} more causes ({counted(count)}): see the report with --format json or csv",
        ]
    for remark in report.remarks[:_MOST_CLUSTERS]:
        lines += ["", *_remark_lines(remark)]
    for explored in report.explored:
        lines += ["", explored_words(explored), f"    client file, below [quotas]: {explored_setting(explored)}"]
    command = go_on_command(report)
    if command is not None:
        lines += ["", f"{go_on_words(report)}: {command}"]
    return "\n".join(lines) + "\n"


def summary(report: Report) -> str:
    """One line: state in words, counts by outcome, duration.

    "Finished: 270 changed, 30 failed of 300 accounts in 2 min 3 s (run 20260102-k3f9)"
    """
    return f"{headline(report)} (run {inline(report.run_id, _NAME)})"


def headline(report: Report) -> str:
    """The summary for where the run's id stands beside it."""
    words = counts_in_words(report) or "nothing to do"
    spent = duration(report.duration_s)
    spent = f"for {spent} so far" if report.state is RunState.RUNNING else f"in {spent}"
    return f"{_STATES[report.state]}: {words} of {counted(report.inventory)} {spent}"


def counts_in_words(report: Report) -> str:
    """`270 changed, 30 failed`, without outcomes that do not occur. For a run in progress it adds accounts in progress
    and waiting.
    """
    counts = _counts_so_far(report) if report.state is RunState.RUNNING else _counts(report)
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


def _counts(report: Report) -> dict[str, int]:
    return {outcome.words: count for outcome, count in report.outcomes.items()}


def _counts_so_far(report: Report) -> dict[str, int]:
    """While the run is on, a started account has no outcome yet."""
    counts = _counts(report)
    for row in report.in_progress:
        counts[row.outcome.words] -= 1
    waiting = counts.pop(Outcome.NOT_ATTEMPTED.words)
    return counts | {"in progress": len(report.in_progress), "waiting": waiting}


def _heading(report: Report) -> Iterator[str]:
    if report.between_s >= 1:
        yield f"between its processes: {duration(report.between_s)} more, in which none worked on it"
    if report.reason:
        yield f"reason: {inline(report.reason, _LINE)}"
    yield f"{inline(report.title, _LINE)}, at {inline(report.host, _NAME)}, {workspace_words(report.workspace)}"


def workspace_words(workspace: str | None) -> str:
    """`workspace 17293`"""
    return "workspace not known" if workspace is None else f"workspace {inline(workspace, _NAME)}"


def cluster_lines(report: Report, cluster: Cluster) -> Iterator[str]:
    """Count and cause; below them an example, its remedy, and the next command."""
    row = cluster.example
    yield f"{counted(cluster.count)}: {inline(cluster.cause, _LINE)}"
    example = f"{'account' if cluster.count == 1 else 'for example'} {known_as(row.account, row.name, _NAME)}"
    reason = row.reason if row.reason and row.reason != cluster.cause else None
    yield f"    {cluster.outcome.words}, {example}" + (f": {inline(reason, _REASON)}" if reason else "")
    command, first = next_command(report, cluster), change_first(row)
    if command is not None and first is not None:
        yield f"    first: {inline(first, _LINE)}"
        yield f"    then: {command}"
        return
    if row.remedy and row.remedy not in (reason or ""):
        yield f"    remedy: {inline(row.remedy, _LINE)}"
    if command is not None:
        yield f"    next: {command}"


def _remark_lines(remark: Remark) -> Iterator[str]:
    row = remark.example
    yield f"{counted(remark.count)}: {inline(remark.words, _LINE)}"
    example = f"{'account' if remark.count == 1 else 'for example'} {inline(row.account, _NAME)}"
    here = f": {inline(remark.here, _REASON)}" if remark.here else ""
    yield f"    {row.outcome.words}, {example}{here}"


def counted(count: int) -> str:
    """`1 account`, `1,200 accounts`"""
    return "1 account" if count == 1 else f"{count:,} accounts"
