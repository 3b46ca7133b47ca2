"""The commands of the built-in operations, created from their classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from bulkops.cli.click_ext import Verb
from bulkops.cli.declared import operation_named
from bulkops.cli.flags import Output, PolicyFlags
from bulkops.cli.options import operation_options, output_options, policy_options, selection_options, target_options
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
