"""`bulkops watch`: the live view of another process's run. Needs no token and sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.options import journal_option, run_argument
from bulkops.cli.terminal import put, say

if TYPE_CHECKING:
    from bulkops.journal import Location


@click.command("watch", cls=Verb, examples=["watch", "watch 20260102-k3f9", "watch --quiet"])
@run_argument
@option("--quiet", "-q", is_flag=True, help="No progress on stderr; only wait for the end.")
@journal_option
def watch(run_id: str | None, quiet: bool, journal: Location) -> int:
    """Follow a run of another process.

    Without RUN it takes the newest run in progress, else a queued one (--if-running wait), else the newest. It shows on
    stderr what that process shows, as far as the journal has it. At the end it prints the report, with the command that
    continues the run. It never delays the run; Ctrl-C ends only the watching. The exit code is that of the run, or 130
    when you stop watching.
    """
    import asyncio

    from bulkops.cli.watch_run import watch as follow
    from bulkops.exit_codes import EXIT_INTERRUPTED
    from bulkops.report import render

    try:
        report = asyncio.run(follow(journal, run_id, quiet=quiet))
    except KeyboardInterrupt:
        say("stopped watching; the run continues")
        return EXIT_INTERRUPTED
    put(render(report, "text"))
    return report.exit_code
