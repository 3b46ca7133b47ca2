"""The flags that several commands share: as decorators of a command, which gets them as one value."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs
import click

from bulkops.cli.click_ext import WEBHOOK_VARIABLE, Flag
from bulkops.cli.click_types import FileName, Hidden
from bulkops.cli.flags import OR_OFF, Output, PolicyFlags, Selection
from bulkops.cli.journal_dir import DEFAULT_JOURNAL

if TYPE_CHECKING:
    from bulkops.operations import Operation

Command: TypeAlias = Callable[..., int]


def selection_options(command: Command) -> Command:
    """--accounts, --exclude, --limit, --only-new, --from-plan as one `selection`."""
    return _collected(command, "selection", Selection, _SELECTION)


def subset_options(command: Command) -> Command:
    """--accounts, --exclude, --limit of a run that exists, as one `selection`."""
    return _collected(command, "selection", Selection, _SUBSET)


def policy_options(command: Command) -> Command:
    """The policy's flags as one `policy`."""
    return _collected(command, "policy", PolicyFlags, _POLICY)


def resume_policy_options(command: Command) -> Command:
    """The policy's flags as `policy`; --approve is the answer to the gate at which the run stopped."""
    return _collected(command, "policy", PolicyFlags, tuple(_PASS_GATE if one is _APPROVE else one for one in _POLICY))


def retry_policy_options(command: Command) -> Command:
    """The policy's flags as `policy`, without those about waves: a retry works in one pass."""
    return _collected(command, "policy", PolicyFlags, tuple(one for one in _POLICY if one not in _ABOUT_WAVES))


def output_options(command: Command) -> Command:
    """--journal, --yes, --json, --quiet, --on-finish, --webhook as one `output`."""
    return _collected(command, "output", Output, (journal_option, *_OUTPUT))


def run_options(command: Command) -> Command:
    """What a command takes that starts a run: `selection`, `policy` and `output`."""
    return selection_options(policy_options(output_options(command)))


def starts(command: Callable[..., Operation]) -> Command:
    """A command that starts a run of the operation which `command` makes of its flags."""

    @run_options
    @functools.wraps(command)
    def started(*, selection: Selection, policy: PolicyFlags, output: Output, **parameters: Any) -> int:
        operation = command(**parameters)
        from bulkops.cli.start_run import start

        return start(operation, selection=selection, flags=policy, output=output)

    return started


def variable_of(flag: str) -> str:
    """The environment variable that stands in for a flag: --max-rate is BULKOPS_MAX_RATE."""
    return f"BULKOPS_{flag.lstrip('-').replace('-', '_').upper()}"


def _option(*names: str, section: str, **attributes: Any) -> Callable[[Command], Command]:
    if section == "Policy" or names[0] in {"--journal", "--webhook"}:
        attributes["envvar"] = variable_of(names[0])
    return click.option(*names, cls=Flag, section=section, **attributes)


journal_option: Final = _option(
    "--journal",
    section="Output",
    type=click.Path(path_type=str),
    default=DEFAULT_JOURNAL,
    show_default=True,
    metavar="DIR",
    help="Journal directory.",
)

yes_option: Final = _option("--yes", section="Output", is_flag=True, help="Do not ask before the run.")

quiet_option: Final = _option("--quiet", "-q", section="Output", is_flag=True, help="No progress on stderr.")

client_file_option: Final = _option(
    "--client-file",
    section="Policy",
    metavar="FILE",
    type=FileName(),
    help="TOML with your own quotas and timeouts (a sandbox writes one).",
)

report_path_option: Final = click.option(
    "-o", "--output", "path", cls=Flag, metavar="FILE", help="Write to a file, only yours to read."
)


def report_format_option(forms: Sequence[str]) -> Callable[[Command], Command]:
    return click.option(
        "--format",
        "form",
        cls=Flag,
        type=click.Choice(forms),
        help="What to write.  [default: by FILE's ending, else text]",
    )


_SELECTION: Final = (
    _option(
        "--accounts",
        section="Selection",
        metavar="FILE|IDS|-|all",
        type=FileName(),
        help="Which accounts: a csv, json, jsonl or txt file of ids or external ids, numbers such as 4100231,4100232, "
        "- for stdin (one id a line), or the word all.",
    ),
    _option(
        "--exclude",
        section="Selection",
        metavar="FILE",
        type=FileName(),
        help="Leave out the accounts of this file.",
    ),
    _option("--limit", section="Selection", type=click.IntRange(1), metavar="N", help="Only the first N accounts."),
    _option(
        "--only-new",
        section="Selection",
        is_flag=True,
        default=None,
        help="Leave out the accounts of earlier runs of the same operation in this journal.",
    ),
    _option(
        "--from-plan",
        "plan",
        section="Selection",
        metavar="FILE",
        type=FileName(),
        help="Do only what this saved plan foresaw; accounts that drifted since are skipped.",
    ),
)

_SUBSET: Final = (
    _option(
        "--accounts",
        section="Selection",
        metavar="FILE|IDS|-|all",
        type=FileName(),
        help="Only these accounts of the run; the others stay as they are.  [default: all]",
    ),
    _option(
        "--exclude",
        section="Selection",
        metavar="FILE",
        type=FileName(),
        help="Leave out the accounts of this file; they stay as they are.",
    ),
    _option("--limit", section="Selection", type=click.IntRange(1), metavar="N", help="Only the first N accounts."),
)

_WAVES: Final = _option(
    "--waves",
    section="Policy",
    metavar="SIZES",
    help="Waves such as 1,5%,rest: after each one a gate decides on the next.  [default: rest]",
)

_SOAK: Final = _option(
    "--soak", section="Policy", metavar="TIME", help="Wait after each wave, such as 10m.  [default: 0]"
)

_APPROVE: Final = _option(
    "--approve",
    section="Policy",
    is_flag=True,
    default=None,
    help="Ask before each wave but the first; without a terminal the run pauses (exit code 5).",
)

_ABOUT_WAVES: Final = (_WAVES, _SOAK, _APPROVE)

_PASS_GATE: Final = click.option(  # no variable: a yes is given to one gate
    "--approve",
    cls=Flag,
    section="Policy",
    is_flag=True,
    default=None,
    help="Pass the gate at which the run stopped, paused or halted. Later gates ask as the run's policy says.",
)

_POLICY: Final = (
    _option(
        "--concurrency",
        section="Policy",
        type=click.IntRange(1),
        metavar="N",
        help="Accounts in progress at once, at most: as many start as the quotas can serve.  [default: 200]",
    ),
    _option(
        "--max-failures",
        section="Policy",
        metavar="N|P%",
        help="Halt when more accounts than this failed or are unknown.  [default: no limit]",
    ),
    _option(
        "--strict-failures",
        section="Policy",
        is_flag=True,
        default=None,
        help="Never overshoot --max-failures: no more accounts in progress than failures still allowed, plus one.",
    ),
    _option(
        "--on-halt",
        section="Policy",
        type=click.Choice(["finish", "stop"]),
        help="When a run halts, accounts that have begun an effect finish, or stop between the operations of their "
        "chain.  [default: finish]",
    ),
    _option(
        "--breaker",
        section="Policy",
        type=OR_OFF["breaker"],
        metavar="N|off",
        help="Halt when this many accounts in a row end with one and the same error.  [default: 20]",
    ),
    *_ABOUT_WAVES,
    _option(
        "--if-running",
        section="Policy",
        type=click.Choice(["fail", "wait", "share"]),
        help="While another run uses the same credential: fail, wait for it, or share the quotas.  [default: fail]",
    ),
    client_file_option,
    _option(
        "--max-rate",
        section="Policy",
        type=OR_OFF["max_rate"],
        metavar="N|off",
        help="Requests a second, all quotas together.  [default: 50]",
    ),
)

_OUTPUT: Final = (
    yes_option,
    _option("--json", section="Output", is_flag=True, help="The report as JSON on stdout, and nothing else there."),
    quiet_option,
    _option(
        "--on-finish",
        section="Output",
        metavar="COMMAND",
        help="Run this when the run has ended, without a shell: the summary as JSON is its stdin.",
    ),
    _option(
        "--webhook",
        section="Output",
        type=Hidden(),
        metavar="URL",
        help=f"POST the summary as JSON when the run has ended. Prefer {WEBHOOK_VARIABLE}: shells keep flags.",
    ),
)


def _collected(
    command: Command, name: str, value: type[Any], options: tuple[Callable[[Command], Command], ...]
) -> Command:
    """`command`, its flags of these options gathered into one value."""
    fields = [field.name for field in attrs.fields(value) if not field.metadata.get("job only")]

    @functools.wraps(command)
    def gathered(**given: Any) -> int:
        return command(**{name: value(**{field: given.pop(field, None) for field in fields})}, **given)

    optioned: Command = gathered
    for option in reversed(options):
        optioned = option(optioned)
    return optioned
