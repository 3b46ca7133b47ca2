"""The report for a pull request or a job's summary page: GitHub-flavored Markdown, never long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from bulkops.journal import RunState
from bulkops.outcome import TROUBLED
from bulkops.report.next_steps import change_first, go_on_command, go_on_words, next_command
from bulkops.report.quota_usage import explored_setting, explored_words
from bulkops.report.safe_text import inline, known_as
from bulkops.report.text import summary

if TYPE_CHECKING:
    from bulkops.report.failure_clusters import Cluster
    from bulkops.report.model import Report

_MOST_CLUSTERS: Final = 20
_CELL: Final = 300
"""Characters of a cell: a job's summary page takes 1 MiB for all of its steps."""

_MARKUP: Final = re.compile(r"([\\`*_{}\[\]()<>#+.!|~&@:-])")
"""Escaped wherever it stands: a name must not become a link, a mention, an image or a row of its own."""


def render_markdown(report: Report) -> str:
    """Summary, counts by outcome, causes with the next command. 22 rows at most, however many accounts there are."""
    lines = [f"### {escaped(summary(report))}", "", escaped(report.title), ""]
    if report.reason:
        lines += [f"**Reason:** {escaped(report.reason)}", ""]
    lines += list(_outcomes(report))
    shown = [one for one in report.clusters if report.state is not RunState.RUNNING or one.outcome in TROUBLED]
    if shown:
        lines += ["", "| Accounts | Outcome | Cause | For example | Next |", "| ---: | --- | --- | --- | --- |"]
        lines += [_row(report, one) for one in shown[:_MOST_CLUSTERS]]
    left = shown[_MOST_CLUSTERS:]
    if left:
        lines += ["", f"and {len(left)} more causes ({sum(one.count for one in left)} accounts)"]
    for explored in report.explored:
        setting = code(explored_setting(explored))
        lines += ["", f"{escaped(explored_words(explored))}. Client file, below `[quotas]`: {setting}"]
    command = go_on_command(report)
    if command is not None:
        words = go_on_words(report) or ""
        lines += ["", f"{words[:1].upper()}{words[1:]}:", "", *_block(command)]
    return "\n".join(lines) + "\n"


def _outcomes(report: Report) -> Iterator[str]:
    """The outcomes as they are in the journal; of a run that is on, its summary line says more."""
    if report.state is RunState.RUNNING:
        return
    named = [(outcome.words, count) for outcome, count in report.outcomes.items() if count]
    yield "| " + " | ".join(["Accounts", *(name for name, _ in named)]) + " |"
    yield "| " + " | ".join(["---:"] * (len(named) + 1)) + " |"
    yield "| " + " | ".join([str(report.inventory), *(str(count) for _, count in named)]) + " |"


def _row(report: Report, cluster: Cluster) -> str:
    command, first = next_command(report, cluster), change_first(cluster.example)
    before = f"{escaped(first)}, then " if first and command else ""
    cells = [
        str(cluster.count),
        cluster.outcome.words,
        escaped(cluster.cause),
        escaped(known_as(cluster.example.account, cluster.example.name)),
        before + code(command) if command else "",
    ]
    return "| " + " | ".join(cells) + " |"


def escaped(value: str) -> str:
    """For a cell or a line: a text with nothing in it that Markdown acts on."""
    return _MARKUP.sub(r"\\\1", inline(value, _CELL))


def code(value: str) -> str:
    """A code span in a table cell: a fence longer than any run of backticks inside; only the bar is still special."""
    fence = _fence(value, 1)
    pad = " " if "`" in value else ""
    return f"{fence}{pad}{value}{pad}{fence}".replace("|", "\\|")


def _block(value: str) -> Iterator[str]:
    fence = _fence(value, 3)
    yield from (f"{fence}sh", value, fence)


def _fence(value: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", value)), default=0)
    return "`" * max(least, longest + 1)
