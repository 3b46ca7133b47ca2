"""The report of a run, from the journal. Needs no token and sends nothing."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.listing import read_journal
from bulkops.cli.options import journal_option, report_format_option, report_path_option, run_argument
from bulkops.cli.terminal import put, say
from bulkops.outcome import Outcome

if TYPE_CHECKING:
    from bulkops.journal import Location

FORMATS = ("text", "html", "markdown", "json", "jsonl", "csv", "junit", "summary")

_ONLY_ACCOUNTS = ("ids", "jsonl", "csv")
"""Formats with accounts only."""


def _show(name: str, help_text: str) -> click.Command:
    """One command under two names, so that both are found."""

    @click.command(
        name,
        cls=Verb,
        help=help_text,
        examples=[name, f"{name} -o report.html", f"{name} previous --outcome failed --ids -o failed.txt"],
    )
    @run_argument
    @report_format_option(FORMATS)
    @report_path_option
    @option("--ids", is_flag=True, help="Only account ids, one per line, as a file for --accounts.")
    @option(
        "--outcome",
        "outcomes",
        multiple=True,
        type=click.Choice([outcome.value.replace("_", "-") for outcome in Outcome]),
        help="Outcome of the accounts to list, with --ids, jsonl or csv; repeatable.",
    )
    @journal_option
    def show(
        run_id: str | None, form: str | None, path: str | None, ids: bool, outcomes: tuple[str, ...], journal: Location
    ) -> int:
        from bulkops.cli.output_file import format_for, write

        if ids and form is not None:
            raise click.UsageError("--ids and --format cannot be combined: leave out one.")
        form = "ids" if ids else format_for(path, form, of=name, known=FORMATS)
        if outcomes and form not in _ONLY_ACCOUNTS:
            raise click.UsageError("--outcome selects accounts: add --ids, --format jsonl or --format csv.")
        if form == "html" and path is None and sys.stdout.isatty():
            raise click.UsageError("HTML needs a file: add -o report.html.")
        text = _render(journal, run_id, form, {outcome.replace("-", "_") for outcome in outcomes})
        if path is None:
            put(text, json=form in {"json", "jsonl", "summary"})
        else:
            write(Path(path), text)
            if sys.stderr.isatty():  # cron mails any output
                say(f"wrote {path}")
        return 0

    return show


show = _show("show", "Show the report of a run (same as report). Without RUN: the newest one.")
report = _show("report", "Show the report of a run, also during the run. Without RUN: the newest one.")


def _render(location: Location, run_id: str | None, form: str, outcomes: Collection[str]) -> Iterator[str]:
    from bulkops.report import DETAILED, load_report, render_parts

    report = read_journal(location, lambda journal: load_report(journal, run_id, detailed=form in DETAILED))
    if outcomes:
        report = attrs.evolve(report, accounts=[row for row in report.accounts if row.outcome.value in outcomes])
    if form == "ids":
        return (f"{row.account}\n" for row in report.accounts)
    return render_parts(report, form)  # type: ignore[arg-type]  # click.Choice saw to it
