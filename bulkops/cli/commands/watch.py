"""The live view of a run that goes on elsewhere. Needs no token and sends nothing."""

from __future__ import annotations

import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.click_types import RunName
from bulkops.cli.options import journal_option
from bulkops.cli.terminal import put, say


@click.command("watch", cls=Verb, examples=["watch", "watch 20260102-k3f9", "watch --quiet"])
@click.argument(
    "run_id", metavar="[RUN]", required=False, type=RunName(), help="A run's id, the start of it, latest or previous."
)
@click.option("--quiet", "-q", cls=Flag, is_flag=True, help="No progress on stderr: wait for the end.")
@journal_option
def watch(run_id: str | None, quiet: bool, journal: str) -> int:
    """Follow a run that goes on in another process.

    Without RUN: the newest one that is on, else one that is queued (--if-running wait), else the newest. Shows on
    stderr what that process shows, as far as the journal tells; at the end the report, with the command that goes on
    where something is left. Takes nothing from the run and never holds it up; Ctrl-C ends the watching only.

    The exit code is that of the run; 130 also when you stop watching.
    """
    import asyncio

    from bulkops.cli.exit_codes import EXIT_INTERRUPTED
    from bulkops.cli.watch import watch as follow
    from bulkops.report import render

    try:
        report = asyncio.run(follow(journal, run_id, quiet=quiet))
    except KeyboardInterrupt:
        say("no longer watched; the run goes on")
        return EXIT_INTERRUPTED
    put(render(report, "text"))
    return report.exit_code
