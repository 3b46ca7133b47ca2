"""`bulkops resume`, `retry` and `undo`: continue or revert an existing run."""

from __future__ import annotations

from typing import Any

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.options import (
    output_options,
    policy_options,
    resume_policy_options,
    retry_policy_options,
    run_argument,
    subset_options,
)

accept_option = option(
    "--accept-changes",
    is_flag=True,
    help="Accept a changed Python file; finished steps stay done.",
)


@click.command(
    "resume", cls=Verb, examples=["resume", "resume 20260102-k3f9 --yes", "resume --accounts 4100231,4100232"]
)
@run_argument
@accept_option
@subset_options
@resume_policy_options
@output_options
def resume(**given: Any) -> int:
    """Continue an unfinished run.

    Without RUN it takes the newest run that was killed, stopped or halted. It continues accounts that were not
    attempted, were stopped between steps, or have an unknown outcome, which it probes first. Policy and client file are
    the run's own; flags override them. A run that stopped at a gate asks that gate again; --approve passes it.
    """
    from bulkops.cli.resume_run import take_up

    return take_up("resume", **given)


@click.command("retry", cls=Verb, examples=["retry", "retry 20260102-k3f9 --failure-class connection-not-authorized"])
@run_argument
@option("--failure-class", metavar="C", help="Failure class of the accounts to retry, as the report shows it.")
@accept_option
@subset_options
@retry_policy_options
@output_options
def retry(**given: Any) -> int:
    """Retry the failed accounts of a run.

    Without RUN it takes the newest run. Policy and client file are the run's own; flags override them.
    """
    from bulkops.cli.resume_run import take_up

    return take_up("retry", **given)


@click.command(
    "undo",
    cls=Verb,
    examples=["undo", "undo 20260102-k3f9 --max-failures 2%", "undo 20260102-k3f9 --accounts wrong.csv"],
)
@run_argument
@accept_option
@subset_options
@policy_options
@output_options
def undo(**given: Any) -> int:
    """Undo the changes of a run.

    Without RUN it takes the newest run. Undo is a new run over the accounts that were changed, last one first. Changes
    that cannot be undone are left and named in the report. Client file and host are those of the run.
    """
    from bulkops.cli.resume_run import undo as take_back

    return take_back(**given)
