"""What the journal tells: the list of runs, and the report of one. Needs no token and sends nothing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkops.cli.journals import exists
from bulkops.cli.options import journal_option, report_format_option, report_path_option
from bulkops.cli.terminal import one_line, put, say
from bulkops.cli.values import RunName
from bulkops.cli.verbs import Verb
from bulkops.outcome import Outcome

if TYPE_CHECKING:
    from bulkops.journal import Journal, RunRecord

FORMATS = ("text", "html", "markdown", "json", "jsonl", "csv", "junit", "summary")


@click.command("runs", cls=Verb, examples=["runs", "runs --journal /var/lib/bulkops"])
@journal_option
def runs(journal: str) -> int:
    """List the runs of a journal, newest first."""
    import asyncio

    rows = asyncio.run(_rows(journal)) if exists(journal) else []
    if not rows:
        say(f"no runs in {journal}")
        return 0
    table = _table([("RUN", "STATE", "CREATED", "ACCOUNTS", "OUTCOMES", "WHAT"), *rows])
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        table = "".join(f"{line if len(line) <= width else line[: width - 3] + '...'}\n" for line in table.splitlines())
    put(table)
    return 0


async def _rows(directory: str) -> list[tuple[str, ...]]:
    from bulkops.journal import Journal

    async with Journal.open(directory, read_only=True) as journal:
        return [await _row(journal, record) for record in await journal.list_runs()]


async def _row(journal: Journal, record: RunRecord) -> tuple[str, ...]:
    from bulkops.journal import RunState
    from bulkops.report import load_report
    from bulkops.report.text import counts_in_words

    state = record.state
    if state is RunState.RUNNING:  # what it is about now no count of endings tells, nor whether its process lives
        report = await load_report(journal, record.run_id)
        state, outcomes = report.state, counts_in_words(report)
    else:
        counts = await journal.counts(record.run_id)
        outcomes = ", ".join(f"{counts[each]} {each.replace('_', ' ')}" for each in Outcome if counts.get(each))
    created = datetime.fromtimestamp(record.created_at).astimezone()
    return (
        record.run_id,
        state.replace("_", " "),
        created.strftime("%Y-%m-%d %H:%M:%S"),
        str(record.inventory_count),
        outcomes,
        one_line(record.title),
    )


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    """Columns padded to their widest cell, the last one as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines) + "\n"


def _show(name: str, help_text: str) -> click.Command:
    """One command under two names: the first is what one types, the second what one looks for."""

    @click.command(
        name, cls=Verb, help=help_text, examples=[name, f"{name} -o report.html", f"{name} 20260102-k3f9 --format csv"]
    )
    @click.argument("run_id", metavar="[RUN]", required=False, type=RunName(), help="A run's id or the start of it.")
    @report_format_option(FORMATS)
    @report_path_option
    @journal_option
    def show(run_id: str | None, form: str | None, path: str | None, journal: str) -> int:
        import asyncio

        from bulkops.cli.report_file import format_for, write

        form = form or format_for(path)
        if form == "html" and path is None and sys.stdout.isatty():
            raise click.UsageError("A page of HTML is nothing for a terminal: add -o report.html.")
        text = asyncio.run(_render(journal, run_id, form))
        if path is None:
            put(text, json=form in {"json", "jsonl", "summary"})
        else:
            write(Path(path), text)
            if sys.stderr.isatty():  # cron mails what is said
                say(f"wrote {path}")
        return 0

    return show


show = _show("show", "Show the report of a run, also while it is on. Without RUN: the newest one.")
report = _show("report", "Show the report of a run, also while it is on. Without RUN: the newest one. (Same as show.)")


async def _render(directory: str, run_id: str | None, form: str) -> str:
    from bulkops.journal import Journal
    from bulkops.report import DETAILED, load_report, render

    async with Journal.open(directory, read_only=True) as journal:
        report = await load_report(journal, run_id, detailed=form in DETAILED)
    return render(report, form)  # type: ignore[arg-type]  # click.Choice saw to it
