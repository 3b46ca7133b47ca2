"""`bulkops run`: a new run from a job file or a Python file."""

from __future__ import annotations

import attrs
import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.click_types import FileName
from bulkops.cli.flags import Output, PolicyFlags
from bulkops.cli.options import run_options
from bulkops.selection import Selection


@click.command(
    "run",
    cls=Verb,
    examples=["run rollout.toml --accounts customers.csv", "run maintenance.py:tidy --accounts all --limit 5"],
)
@click.argument("job", metavar="JOB.toml|FILE.py:NAME", type=FileName(), help="Job file, or a name in a Python file.")
@option("--plan", "planned", section="Selection", metavar="FILE", type=FileName(), help="Same as --from-plan.")
@run_options
def run(job: str, planned: str | None, *, selection: Selection, policy: PolicyFlags, output: Output) -> int:
    """Run a job file or a Python function.

    A name in a Python file is an operation or an `async def` of one account. Flags override the job file.
    """
    from bulkops.cli.start_run import start
    from bulkops.runs import load_job

    loaded = load_job(job)
    return start(
        loaded.operation,
        selection=attrs.evolve(selection, plan=planned or selection.plan).filled(loaded.selection),
        flags=policy.filled(loaded.policy),
        output=output,
        source=loaded.source,
    )
