"""`bulkops resume`, `retry` and `undo`: continue or revert an existing run."""

from __future__ import annotations

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.click_types import RunName
from bulkops.cli.flags import Output, PolicyFlags
from bulkops.cli.options import (
    output_options,
    policy_options,
    resume_policy_options,
    retry_policy_options,
    subset_options,
)
from bulkops.selection import Selection

accept_option = option(
    "--accept-changes",
    is_flag=True,
    help="Continue although the operation's Python file has changed; finished steps stay done.",
)


@click.command(
    "resume", cls=Verb, examples=["resume", "resume 20260102-k3f9 --yes", "resume --accounts 4100231,4100232"]
)
@click.argument(
    "run_id", metavar="[RUN]", required=False, type=RunName(), help="A run's id, the start of it, latest or previous."
)
@accept_option
@subset_options
@resume_policy_options
@output_options
def resume(
    run_id: str | None, *, accept_changes: bool, selection: Selection, policy: PolicyFlags, output: Output
) -> int:
    """Continue an unfinished run.

    Without RUN it takes the newest run that was killed, stopped or halted. It continues accounts that were not
    attempted, were stopped between steps, or have an unknown outcome, which it probes first. Policy and client file are
    the run's own; flags override them. A run that stopped at a gate asks that gate again; --approve passes it.
    """
    from bulkops.cli.resume_run import take_up

    return take_up("resume", run_id, selection=selection, flags=policy, output=output, accept_changes=accept_changes)


@click.command("retry", cls=Verb, examples=["retry", "retry 20260102-k3f9 --failure-class connection-not-authorized"])
@click.argument(
    "run_id", metavar="[RUN]", required=False, type=RunName(), help="A run's id, the start of it, latest or previous."
)
@option("--failure-class", metavar="C", help="Failure class of the accounts to retry, as the report shows it.")
@accept_option
@subset_options
@retry_policy_options
@output_options
def retry(
    run_id: str | None,
    failure_class: str | None,
    *,
    accept_changes: bool,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    """Retry the failed accounts of a run.

    Without RUN it takes the newest run. Policy and client file are the run's own; flags override them.
    """
    from bulkops.cli.resume_run import take_up

    return take_up(
        "retry",
        run_id,
        selection=selection,
        flags=policy,
        output=output,
        accept_changes=accept_changes,
        failure_class=failure_class,
    )


@click.command(
    "undo",
    cls=Verb,
    examples=["undo", "undo 20260102-k3f9 --max-failures 2%", "undo 20260102-k3f9 --accounts wrong.csv"],
)
@click.argument(
    "run_id", metavar="[RUN]", required=False, type=RunName(), help="A run's id, the start of it, latest or previous."
)
@subset_options
@policy_options
@output_options
def undo(run_id: str | None, *, selection: Selection, policy: PolicyFlags, output: Output) -> int:
    """Undo the changes of a run.

    Without RUN it takes the newest run. Undo is a new run over the accounts that were changed, last one first. Changes
    that cannot be undone are left and named in the report. Client file and host are those of the run.
    """
    from bulkops.cli.resume_run import undo as take_back

    return take_back(run_id, selection=selection, flags=policy, output=output)
