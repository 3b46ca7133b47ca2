"""The report as JUnit XML, with a test case per account, for continuous integration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

from bulkops.journal import AccountRow, RunState
from bulkops.outcome import Outcome
from bulkops.report.next_steps import change_first, go_on_command, retry_command
from bulkops.report.safe_text import inline, known_as

if TYPE_CHECKING:
    from bulkops.report.model import Report


def render_junit(report: Report) -> str:
    """One `<testsuite>`; failed is `<failure>`, unknown `<error>`, and what was not done `<skipped>` with its reason.

    Every account is a case, also one that was never tried, so that the counts are those of the inventory.
    Shape: what Jenkins, GitLab and GitHub readers agree on (the "Jenkins xUnit" schema).
    """
    busy = {row.seq for row in report.in_progress}
    cases = [_case(report, row, busy=row.seq in busy) for row in report.accounts]
    failures, errors = (
        sum(row.outcome is outcome and row.seq not in busy for row in report.accounts)
        for outcome in (Outcome.FAILED, Outcome.UNKNOWN)
    )
    done = report.outcomes[Outcome.CHANGED] + report.outcomes[Outcome.UNCHANGED]
    counts = f'tests="{report.inventory}" failures="{failures}" errors="{errors}"'
    skipped = report.inventory - failures - errors - done
    started = datetime.fromtimestamp(report.created_at, UTC).isoformat(timespec="seconds")
    properties = {"run": report.run_id, "state": report.state.value, "reason": report.reason, "host": report.host}
    properties["workspace"] = report.workspace
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="bulkops" {counts} skipped="{skipped}" time="{report.duration_s:.3f}">',
            f'<testsuite name="{_text(report.title)}" {counts} skipped="{skipped}" time="{report.duration_s:.3f}"'
            f' timestamp="{started}">',
            "<properties>",
            *(f'<property name="{name}" value="{_text(value)}"/>' for name, value in properties.items() if value),
            "</properties>",
            *cases,
            "</testsuite>",
            "</testsuites>",
            "",
        ]
    )


def _case(report: Report, row: AccountRow, *, busy: bool) -> str:
    name = _text(known_as(row.account, row.name))
    opening = f'<testcase classname="{_text(report.title)}" name="{name}" time="{_seconds(row):.3f}"'
    verdict = "".join(_verdict(report, row, busy=busy))
    return f"{opening}>{verdict}</testcase>" if verdict else f"{opening}/>"


def _verdict(report: Report, row: AccountRow, *, busy: bool) -> Iterator[str]:
    if busy:
        yield '<skipped message="in progress"/>'
    elif row.outcome in {Outcome.FAILED, Outcome.UNKNOWN}:
        element = "failure" if row.outcome is Outcome.FAILED else "error"
        kind = row.failure_class or row.outcome.value
        message = row.cause or row.reason or "no cause recorded"
        yield f'<{element} type="{_text(kind)}" message="{_text(message)}">{_story(report, row)}</{element}>'
    elif row.outcome not in {Outcome.CHANGED, Outcome.UNCHANGED}:
        words = row.outcome.words
        reason = row.reason or row.cause or report.reason
        yield f'<skipped message="{_text(f"{words}: {reason}" if reason else words)}"/>'


def _story(report: Report, row: AccountRow) -> str:
    is_over = report.state is not RunState.RUNNING
    first = change_first(row) if is_over else None
    remedy = f"remedy: {row.remedy}" if row.remedy else None
    lines = [row.reason, remedy if first is None else f"first: {first}"]
    if is_over:
        failed = row.outcome is Outcome.FAILED
        command = retry_command(report, row.failure_class) if failed else go_on_command(report)
        lines.append(f"{'next' if first is None else 'then'}: {command}")
    return "\n".join(_text(line) for line in lines if line)


def _seconds(row: AccountRow) -> float:
    if row.started_at is None or row.ended_at is None:
        return 0.0
    return max(0.0, row.ended_at - row.started_at)


def _text(value: str) -> str:
    """On one line, with nothing in it that XML 1.0 forbids even as a reference."""
    return escape(inline(value))
