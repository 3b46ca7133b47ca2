"""Options that several commands share, as decorators: the command gets each group as one value."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs
import click

from bulkops.cli.click_ext import WEBHOOK_VARIABLE, option
from bulkops.cli.click_types import Hidden, once
from bulkops.cli.declared import Command, Decorator, operation_named, option_of, policy_parameters, variable_of
from bulkops.cli.flags import Output, PolicyFlags
from bulkops.cli.journal_location import DEFAULT_JOURNAL, JournalLocation
from bulkops.parameters import Parameter, parameters_of
from bulkops.selection import Selection


def selection_options(command: Command) -> Command:
    """--accounts, --exclude, --limit, --only-new, --from-plan as one `selection`."""
    return _gathered(command, "selection", lambda given: Selection(**given), _SELECTION)


def target_options(command: Command) -> Command:
    """As `selection_options`, with --to for --accounts, as a copy calls them."""
    return _gathered(command, "selection", lambda given: Selection(**given), {**_SELECTION, "accounts": _TARGETS})


def accounts_options(command: Command) -> Command:
    """--accounts, --exclude, --limit, for what is read without a run, as one `selection`."""
    return _gathered(
        command, "selection", lambda given: Selection(**given), {name: _SELECTION[name] for name in _SUBSET}
    )


def subset_options(command: Command) -> Command:
    """--accounts, --exclude, --limit of a run that exists, as one `selection`."""
    return _gathered(command, "selection", lambda given: Selection(**given), _SUBSET)


def policy_options(command: Command) -> Command:
    """The policy's flags as one `policy`."""
    return _gathered(command, "policy", PolicyFlags.of, _POLICY)


def resume_policy_options(command: Command) -> Command:
    """The policy's flags as `policy`; --approve answers the gate at which the run stopped."""
    return _gathered(command, "policy", PolicyFlags.of, {**_POLICY, "approve": _PASS_GATE})


def retry_policy_options(command: Command) -> Command:
    """The policy's flags as `policy`, without those about waves: a retry works in one pass."""
    in_one_pass = {key: one for key, one in _POLICY.items() if key not in {"waves", "soak", "approve"}}
    return _gathered(command, "policy", PolicyFlags.of, in_one_pass)


def output_options(command: Command) -> Command:
    """--journal, --yes, --json, --quiet, --on-finish, --webhook, --detach as one `output`."""
    return _gathered(command, "output", lambda given: Output(**given), _OUTPUT)


def run_options(command: Command) -> Command:
    """The options of a command that starts a run: `selection`, `policy` and `output`."""
    return selection_options(policy_options(output_options(command)))


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

    return lambda command: _gathered(command, "parameters", parameters, options)


def _option(*names: str, section: str, **attributes: Any) -> Decorator:
    if names[0] in {"--journal", "--webhook"}:
        attributes["envvar"] = variable_of(names[0])
    return option(*names, section=section, **attributes)


def _policy_option(declared: Parameter) -> Decorator:
    return option_of(declared, declared.key, section="Policy", envvar=variable_of(declared.flags[0]))


_POLICY: Final = {key: _policy_option(one) for key, one in policy_parameters().items()}
client_file_option: Final = _POLICY["client_file"]
if_running_option: Final = _POLICY["if_running"]

journal_option: Final = _option(
    "--journal",
    section="Output",
    type=JournalLocation(),
    default=DEFAULT_JOURNAL,
    show_default=True,
    metavar="DIR|URL",
    help="Journal: a directory, or a PostgreSQL database.",
)

yes_option: Final = _option("--yes", section="Output", is_flag=True, help="Do not ask for confirmation.")

quiet_option: Final = _option("--quiet", "-q", section="Output", is_flag=True, help="No progress on stderr.")

report_path_option: Final = option("-o", "--output", "path", metavar="FILE", help="Output file, readable only by you.")


def report_format_option(forms: Sequence[str]) -> Decorator:
    return option(
        "--format", "form", type=click.Choice(forms), help="Report format.  [default: by FILE's ending, else text]"
    )


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

_PASS_GATE: Final = option(
    "--approve",
    section="Policy",
    is_flag=True,
    default=None,
    help="Pass the gate at which the run paused or halted. Later gates follow the run's policy.",
)

_OUTPUT: Final = {
    "journal": journal_option,
    "yes": yes_option,
    "json": _option("--json", section="Output", is_flag=True, help="Write only the report to stdout, as JSON."),
    "quiet": quiet_option,
    "on_finish": _option(
        "--on-finish",
        section="Output",
        metavar="COMMAND",
        help="Command to start when the run has ended. It gets the summary as JSON on stdin; no shell is used.",
    ),
    "webhook": _option(
        "--webhook",
        section="Output",
        type=Hidden(),
        metavar="URL",
        help=f"URL that gets the summary as JSON when the run has ended. Prefer {WEBHOOK_VARIABLE}: flags end up in "
        "shell history.",
    ),
    "detach": _option(
        "--detach",
        section="Output",
        is_flag=True,
        help="Hand the run over to workers and return at once. Needs a journal in PostgreSQL.",
    ),
}


def _gathered(
    command: Command, name: str, value_of: Callable[[Mapping[str, Any]], Any], options: Mapping[str, Decorator]
) -> Command:
    """`command`, with the values of these options collected into one. `options`: by argument name."""

    @functools.wraps(command)
    def gathered(**given: Any) -> int:
        value = value_of({each: given.pop(each) for each in options})
        return command(**{name: value}, **given)

    optioned: Command = gathered
    for add in reversed(list(options.values())):
        optioned = add(optioned)
    return optioned
