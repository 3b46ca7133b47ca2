"""`bulkops plan` before any command that starts a run: what it would change."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import click
from click.core import ParameterSource

from bulkops.cli.click_ext import DETAILED, Commands, Flag, Invocation, Noun, PlanFlags, Verb

_EXAMPLES = (
    "plan import-package crm.zip --folder CRM --accounts customers.csv",
    "plan rollout.toml --accounts all --sample 20 --save plan.json",
)

_HELP = """Show what a run would change, its requests and its duration. Changes nothing.

A plan calls a function of your own (FILE.py:NAME) only if its author allows it with
@bulkops.operation(plan="rehearse"): its reads are sent, its steps are recorded and not sent. The `apply` of a class is
rehearsed in the same way, unless the class has a `plan`.
"""

_OPTIONS = (
    Flag(
        ["--sample"],
        section="Plan",
        type=click.IntRange(1),
        metavar="N",
        help="Number of accounts to look at; the plan scales up.",
    ),
    Flag(
        ["--offline"],
        section="Plan",
        is_flag=True,
        help="Send nothing, and assume that everything is still to be done.",
    ),
    Flag(["--save"], section="Plan", metavar="FILE", help="File for the plan, for --plan of the run."),
    Flag(["--export"], section="Plan", is_flag=True, help="Allow the export of the manifest, to know its package."),
    Flag(
        [DETAILED],
        section="Plan",
        is_flag=True,
        help="Exit code 2 for changes, 0 for no changes, 1 for an error.",
    ),
)


class Plan(Noun):
    """The commands that start runs, each with what only a plan has; a job needs no command's name."""

    def __init__(self, makers: Mapping[str, Callable[[], click.Command]]) -> None:
        super().__init__("plan", help=_HELP, examples=_EXAMPLES)
        twins = {name: partial(_planning, make) for name, make in makers.items()}
        self.commands = Commands(twins)  # type: ignore[assignment]  # click only reads it

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A word that ends like a job or a package goes to `run`, which says what is wrong; else it is a command."""
        if args and args[0] not in self.commands and (args[0].endswith((".toml", ".zip")) or ".py" in args[0]):
            return "run", self.commands["run"], args
        return super().resolve_command(ctx, args)


_NOT_OF_A_PLAN: Final[Mapping[str, str]] = {
    "on_finish": "a plan sends no notifications",
    "webhook": "a plan sends no notifications",
    "plan": "a plan is always computed anew",
}
"""Flags of the runs, and why a plan does not take them. A variable that stands in for one is left alone."""


def _refused(option: click.Parameter) -> click.Parameter:
    """The option, out of the help; given on the command line it is refused."""
    twin = copy.copy(option)

    def refuse(ctx: click.Context, param: click.Parameter, value: object) -> object:
        if ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{param.opts[0]}: {_NOT_OF_A_PLAN[str(param.name)]}. Leave it out.", ctx=ctx)
        return value

    twin.callback, twin.hidden = refuse, True  # type: ignore[attr-defined]  # all three are options
    return twin


def _planning(make: Callable[[], click.Command]) -> click.Command:
    """The command, but it only looks."""
    command = make()
    twin = copy.copy(command)
    taken = (_refused(param) if param.name in _NOT_OF_A_PLAN else param for param in command.params)
    twin.params = [*taken, *_OPTIONS]
    carry_out = command.callback
    if isinstance(twin, Verb):
        twin.examples = tuple(f"plan {example.removeprefix('run ')}" for example in twin.examples)

    def look(*, sample: int | None, offline: bool, save: str | None, export: bool, **given: Any) -> Any:
        detailed = bool(given.pop("detailed_exitcode"))
        if offline and export:
            raise click.UsageError("--export sends requests: leave out --offline.")
        click.get_current_context().ensure_object(Invocation).plan = PlanFlags(
            sample=sample, offline=offline, save=save, export=export, detailed_exitcode=detailed
        )
        return carry_out(**given) if carry_out is not None else None

    twin.callback = look
    return twin
