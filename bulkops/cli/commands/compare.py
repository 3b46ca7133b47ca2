"""`bulkops compare`: differences between two runs of a journal. Needs no token and sends nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.listing import read_journal
from bulkops.cli.options import journal_option, report_format_option, report_path_option
from bulkops.cli.options.types import RunName
from bulkops.cli.terminal import put

if TYPE_CHECKING:
    from bulkops.journal import Location

FORMATS = ("text", "json", "markdown")


@click.command(
    "compare",
    cls=Verb,
    examples=[
        "compare 20260102-k3f9 20260103-a1b2",
        "compare 20260102-k3f9 --format markdown -o changes.md",
        "compare 20260102-k3f9 --fail-on new-failures",
    ],
)
@click.argument(
    "run_a", metavar="RUN_A", type=RunName(), help="Earlier run: its id, the start of it, latest or previous."
)
@click.argument("run_b", metavar="[RUN_B]", required=False, type=RunName(), help="Later run.")
@report_format_option(FORMATS)
@report_path_option
@option(
    "--fail-on",
    type=click.Choice(["difference", "new-failures"]),
    default="difference",
    help="Condition for exit code 1.",
)
@journal_option
def compare(run_a: str, run_b: str | None, form: str | None, path: str | None, fail_on: str, journal: Location) -> int:
    """Show what changed between two runs.

    Shows accounts that ended differently or are in one run only, failures by cause (new, gone, still there), durations,
    and requests by quota. The runs may differ in everything, and may be in progress. Without RUN_B it takes the newest.
    Exit codes as in diff: 0 no differences, 1 differences, 2 the runs could not be compared.
    """
    from bulkops.cli.output_file import format_for, write
    from bulkops.report.comparison import load_comparison, render_comparison

    form = format_for(path, form, of="compare", known=FORMATS)
    found = read_journal(journal, lambda opened: load_comparison(opened, run_a, run_b))
    text = render_comparison(found, form)  # type: ignore[arg-type]  # it is one of them
    if path is None:
        put(text, json=form == "json")
    else:
        write(Path(path), text)
    return int(found.differs if fail_on == "difference" else found.has_new_failures)
