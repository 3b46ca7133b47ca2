"""A short comparison as Markdown, for a pull request or a job's summary page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from bulkops.report.comparison.costs import figure_rows
from bulkops.report.comparison.text import account_names, move_words, standing
from bulkops.report.markdown import code, escaped
from bulkops.report.next_steps import next_command
from bulkops.report.text import summary

if TYPE_CHECKING:
    from bulkops.report.comparison.compare_runs import Comparison

_MOST_CLUSTERS: Final = 20
_MOST_ASKED: Final = 20


def render_markdown(found: Comparison) -> str:
    lines = [f"### Runs {escaped(found.a.run_id)} and {escaped(found.b.run_id)}", ""]
    lines += [f"* A: {escaped(summary(found.a))}", f"* B: {escaped(summary(found.b))}"]
    lines += [f"* {escaped(line)}" for line in standing(found)]
    moves = [(f"{len(pairs):,}", a, b, account_names([b for _, b in pairs])) for a, b, pairs in move_words(found)]
    lines += _table(("Accounts", "In A", "In B", "For example"), moves)
    lines += _table(("Failures", "Accounts", "Cause", "For example", "Next"), _failures(found))
    lines += _table(("Asked for", "In A", "In B"), [(n, a or "", b or "") for n, a, b in found.asked[:_MOST_ASKED]])
    lines += _table(("", "A", "B", "B to A"), [(name.strip(), *cells) for name, *cells in figure_rows(found)])
    return "\n".join(lines) + "\n"


def _failures(found: Comparison) -> Iterator[tuple[str, ...]]:
    """Cells; the command is Markdown already."""
    for word, clusters in (("new", found.new), ("gone", found.gone), ("still there", found.still)):
        for one in clusters[:_MOST_CLUSTERS]:
            command = None if word == "gone" else next_command(found.b, one)
            yield word, f"{one.count:,}", one.cause, one.example.account, command or ""


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """None without rows. Cells below `Next` are commands."""
    body = list(rows)
    if not body:
        return
    yield from ("", "| " + " | ".join(titles) + " |", "|" + " --- |" * len(titles))
    for row in body:
        cells = [
            (code(cell) if cell else "") if title == "Next" else escaped(cell)
            for title, cell in zip(titles, row, strict=True)
        ]
        yield "| " + " | ".join(cells) + " |"
