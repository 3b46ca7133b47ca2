"""Options that several commands share, as decorators: the command gets each group as one value.

from_parameters.py   an option made from a declared parameter     from_parameters.json   generated: the parameters
types.py             parameter types: text to values              values.py              the values of the groups
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs
import click

from bulkops.cli.click_ext import WEBHOOK_VARIABLE, option
from bulkops.cli.options.from_parameters import (
    Command,
    Decorator,
    operation_named,
    option_of,
    policy_parameters,
    variable_of,
)
from bulkops.cli.options.types import DEFAULT_JOURNAL, Hidden, JournalLocation, RunName, once
from bulkops.cli.options.values import Output, PolicyFlags
from bulkops.parameters import Parameter, parameters_of
from bulkops.selection import Selection

Options: TypeAlias = Mapping[str, Decorator]
"""By argument name."""


def _gathering(name: str, value_of: Callable[[Mapping[str, Any]], Any], options: Options) -> Decorator:
    """Decorator: the command has these options, and gets their values as one argument."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def gathered(**given: Any) -> int:
            value = value_of({each: given.pop(each) for each in options})
            return command(**{name: value}, **given)

        optioned: Command = gathered
        for add in reversed(list(options.values())):
            optioned = add(optioned)
        return optioned

    return decorate


def _selecting(options: Options) -> Decorator:
    return _gathering("selection", lambda given: Selection(**given), options)


def operation_options(
    operation: str, *, types: Mapping[str, Any] | None = None, may_be_missing: bool = False
) -> Decorator:
    """Decorator: the given parameters of a built-in operation, as one `parameters`.

    `types`: click's, by parameter, in place of the usual ones; `may_be_missing`: the command checks what it needs.
    """
    declared = {f"parameter_{one.name}": one for one in operation_named(operation).parameters if one.flags}
    options = {}
    for name, one in declared.items():
        attributes: dict[str, Any] = {"required": False} if may_be_missing else {}
        if types and one.name in types:
            attributes["type"] = types[one.name]
        options[name] = option_of(one, name, **attributes)

    def parameters(given: Mapping[str, Any]) -> dict[str, Any]:
        return {
            one.name: once(given[name]) if "dict" in one.kinds else given[name]
            for name, one in declared.items()
            if given[name] not in {None, ()}
        }

    return _gathering("parameters", parameters, options)


def report_format_option(forms: Sequence[str]) -> Decorator:
    return option(
        "--format", "form", type=click.Choice(forms), help="Report format.  [default: by FILE's ending, else text]"
    )


run_argument: Final = click.argument(
    "run_id", metavar="[RUN]", required=False, type=RunName(), help="A run's id, the start of it, latest or previous."
)
report_path_option: Final = option("-o", "--output", "path", metavar="FILE", help="Output file, readable only by you.")


# -- accounts ---------------------------------------------------------------------------------------------------------

_SELECTION: Final = {
    one.name: option_of(one, one.name, section="Selection") for one in parameters_of(Selection) if one.flags
}
_ACCOUNTS, _EXCLUDE, _LIMIT, *_ = (one for one in parameters_of(Selection) if one.flags)
_TARGETS: Final = option_of(attrs.evolve(_ACCOUNTS, flags=("--to", *_ACCOUNTS.flags)), "accounts", section="Selection")
_SUBSET: Final = {
    "accounts": option_of(
        _ACCOUNTS,
        "accounts",
        section="Selection",
        help="Accounts of the run to work on; the others stay as they are.  [default: all]",
    ),
    "exclude": option_of(
        _EXCLUDE,
        "exclude",
        section="Selection",
        help="File with accounts to leave out; they stay as they are.",
    ),
    "limit": _SELECTION["limit"],
}

selection_options: Final = _selecting(_SELECTION)
"""--accounts, --exclude, --limit, --only-new, --from-plan as one `selection`."""
target_options: Final = _selecting({**_SELECTION, "accounts": _TARGETS})
"""The same with --to for --accounts, as a copy calls them."""
accounts_options: Final = _selecting({name: _SELECTION[name] for name in _SUBSET})
"""--accounts, --exclude, --limit, for what is read without a run, as one `selection`."""
subset_options: Final = _selecting(_SUBSET)
"""--accounts, --exclude, --limit of a run that exists, as one `selection`."""


# -- policy -----------------------------------------------------------------------------------------------------------


def _policy_option(declared: Parameter) -> Decorator:
    return option_of(declared, declared.key, section="Policy", envvar=variable_of(declared.flags[0]))


_POLICY: Final = {key: _policy_option(one) for key, one in policy_parameters().items()}
_PASS_GATE: Final = option(
    "--approve",
    section="Policy",
    is_flag=True,
    default=None,
    help="Pass the gate at which the run paused or halted. Later gates follow the run's policy.",
)
_OF_WAVES: Final = frozenset({"waves", "soak", "approve"})

client_file_option: Final = _POLICY["client_file"]
if_running_option: Final = _POLICY["if_running"]
policy_options: Final = _gathering("policy", PolicyFlags.of, _POLICY)
"""The policy's flags as one `policy`."""
resume_policy_options: Final = _gathering("policy", PolicyFlags.of, {**_POLICY, "approve": _PASS_GATE})
"""The same; --approve answers the gate at which the run stopped."""
retry_policy_options: Final = _gathering(
    "policy", PolicyFlags.of, {key: one for key, one in _POLICY.items() if key not in _OF_WAVES}
)
"""The same without those about waves: a retry works in one pass."""


# -- output -----------------------------------------------------------------------------------------------------------

journal_option: Final = option(
    "--journal",
    section="Output",
    envvar=variable_of("--journal"),
    type=JournalLocation(),
    default=DEFAULT_JOURNAL,
    show_default=True,
    metavar="DIR|URL",
    help="Journal: a directory, or a PostgreSQL database.",
)
yes_option: Final = option("--yes", section="Output", is_flag=True, help="Do not ask for confirmation.")
quiet_option: Final = option("--quiet", "-q", section="Output", is_flag=True, help="No progress on stderr.")

output_options: Final = _gathering(
    "output",
    lambda given: Output(**given),
    {
        "journal": journal_option,
        "yes": yes_option,
        "json": option("--json", section="Output", is_flag=True, help="Write only the report to stdout, as JSON."),
        "quiet": quiet_option,
        "on_finish": option(
            "--on-finish",
            section="Output",
            metavar="COMMAND",
            help="Command to start when the run has ended. It gets the summary as JSON on stdin; no shell is used.",
        ),
        "webhook": option(
            "--webhook",
            section="Output",
            envvar=WEBHOOK_VARIABLE,
            type=Hidden(),
            metavar="URL",
            help=f"URL that gets the summary as JSON when the run has ended. Prefer {WEBHOOK_VARIABLE}: flags end up "
            "in shell history.",
        ),
        "detach": option(
            "--detach",
            section="Output",
            is_flag=True,
            help="Hand the run over to workers and return at once. Needs a journal in PostgreSQL.",
        ),
    },
)
"""--journal, --yes, --json, --quiet, --on-finish, --webhook, --detach as one `output`."""


def run_options(command: Command) -> Command:
    """The options of a command that starts a run: `selection`, `policy` and `output`."""
    return selection_options(policy_options(output_options(command)))
