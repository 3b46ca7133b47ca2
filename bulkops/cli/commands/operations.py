"""The commands of the operations: of the built-in ones, created from their classes, `run` and `each`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.options import (
    operation_options,
    output_options,
    policy_options,
    run_options,
    selection_options,
    target_options,
)
from bulkops.cli.options.from_parameters import operation_named
from bulkops.cli.options.types import CallName, FileName
from bulkops.cli.options.values import Output, PolicyFlags
from bulkops.parameters import Parameter
from bulkops.selection import Selection


def command_of(name: str) -> click.Command:
    """The command that starts a run of the operation. Its class is imported when the command is invoked."""
    declared = operation_named(name)

    @operation_options(name)
    @(target_options if name == "copy" else selection_options)
    @policy_options
    @output_options
    def start_run(*, parameters: Mapping[str, Any], selection: Selection, policy: PolicyFlags, output: Output) -> int:
        _check_alternatives(declared.parameters, parameters)
        from bulkops.cli.start_run import start
        from bulkops.operations import named

        return start(named(name)(**parameters), selection=selection, flags=policy, output=output)

    return click.command(name, cls=Verb, examples=declared.examples, help=declared.help)(start_run)


def _check_alternatives(declared: tuple[Parameter, ...], given: Mapping[str, Any]) -> None:
    """Raises: UsageError if both or none of two alternative parameters are given."""
    by_name = {one.name: one for one in declared}
    for one in declared:
        if one.instead_of is not None and (one.name in given) == (one.instead_of in given):
            raise click.UsageError(f"Give either {_shown(by_name[one.instead_of])} or {_shown(one)}.")


def _shown(one: Parameter) -> str:
    flag = one.flags[0]
    return f"{flag} {one.metavar}" if flag.startswith("-") else one.metavar


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


@click.command("each", cls=Verb, examples=operation_named("each").examples, help=operation_named("each").help)
@operation_options("each", types={"call": CallName()})
@run_options
def each(*, parameters: Mapping[str, Any], selection: Selection, policy: PolicyFlags, output: Output) -> int:
    from bulkops.cli.start_run import start
    from bulkops.operations import Each
    from bulkops.resources import generic

    if generic.find_call(parameters["call"]).is_read:
        output = attrs.evolve(output, yes=True)  # reads need no confirmation
        if "output" not in parameters and output.json:
            raise click.UsageError("Responses and report cannot share stdout: add -o FILE for the responses.")
        parameters = {"output": "-", **parameters}
    return start(Each(**parameters), selection=selection, flags=policy, output=output)
