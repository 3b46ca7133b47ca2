"""The `bulkops` command group and `main`: runs a command and returns its exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, Final, cast

import click

from bulkops import __version__
from bulkops.cli.click_ext import (
    DETAILED,
    Commands,
    Invocation,
    about_itself,
    known_secrets,
    show_and_end,
    write_examples,
)
from bulkops.cli.error_messages import report_failure
from bulkops.cli.options.from_parameters import operation_names
from bulkops.cli.terminal import is_live, say
from bulkops.errors import BulkopsError
from bulkops.exit_codes import EXIT_FAILED, EXIT_USAGE

_FIRST_STEPS = (
    "demo",
    "import-package crm.zip --folder CRM --accounts customers.csv",
    "resume",
)


_SENTENCE: Final = 200
"""Length limit for a command's summary in the list of commands: none is cut."""

_OWN: Final = {
    "export-package": "export.export_package",
    "each": "operations.each",
    "share-connector": "share.share_connector",
}
"""Commands with a function of another name, and those of operations that do more than start a run."""

_ON_ACCOUNTS: Final = tuple(name for name in operation_names() if name != "each")

_SECTIONS: Final[Mapping[str, Sequence[str]]] = {
    "Operations on each account": _ON_ACCOUNTS,
    "Other operations and API calls": ("run", "each", "share-connector", "call", "calls"),
    "Plans, runs and reports": (
        *("plan", "resume", "retry", "undo", "runs", "report", "show"),
        *("history", "watch", "workers", "stop", "compare", "audit"),
    ),
    "Setup and tools": ("init", "doctor", "config", "demo", "worker", "sandbox", "bench", "completion"),
}
"""The commands in the order in which a user needs them."""

_MODULES: Final = {"run": "operations", "call": "calls", "retry": "resume", "undo": "resume", "report": "reports"} | {
    "show": "reports",
    "completion": "init",
    "worker": "workers",
    "stop": "workers",
}
"""Where a command is whose module has another name."""

_STARTS: Final = (*_ON_ACCOUNTS, "run", "each", "undo")
"""The commands that start a run. `plan` takes the same names."""


class _Commands(click.Group):
    """The command group. Help lists the commands in the order in which a user needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, section in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(_SENTENCE)) for name in section])

    def invoke(self, ctx: click.Context) -> Any:
        """click itself would print an empty line for an interrupt, and fail if stderr is gone. It would also take
        sys.exit() in an operation's code for the end of the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            if is_live():
                say("")  # the terminal shows ^C on this line
            raise click.Abort from error
        except SystemExit as error:
            raise BulkopsError(
                f"the operation's code called sys.exit({error.code!r}) outside the accounts",
                remedy="raise an exception in its place; a run that had begun goes on with bulkops resume",
            ) from error

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(formatter, _FIRST_STEPS)
        super().format_help(ctx, formatter)


@click.group(cls=_Commands)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=show_and_end(lambda _: f"bulkops, version {__version__}"),
    help="Show the version and exit.",
)
def bulkops() -> None:
    """Run one operation across thousands of Workato Embedded customer accounts, inside the vendor's rate limits,
    with one outcome per account.

    The API token comes from WORKATO_API_TOKEN, the host (a URL or a data center such as eu) from WORKATO_HOST.
    """


def _command(name: str) -> click.Command:
    """The command of that name; its module is imported now."""
    if name == "plan":
        from bulkops.cli.commands.plan import Plan

        return Plan({start: partial(bulkops.commands.__getitem__, start) for start in _STARTS})
    if name in _ON_ACCOUNTS and name not in _OWN:
        from bulkops.cli.commands.operations import command_of

        return command_of(name)
    module, _, attribute = _OWN.get(name, f"{_MODULES.get(name, name)}.{name}").partition(".")
    return cast("click.Command", getattr(import_module(f"bulkops.cli.commands.{module}"), attribute))


bulkops.params.extend(about_itself())  # before the command's name too
_MAKERS: Final[Mapping[str, Callable[[], click.Command]]] = {
    name: partial(_command, name) for section in _SECTIONS.values() for name in section
}
bulkops.commands = Commands(_MAKERS)  # type: ignore[assignment]  # click only reads it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (default: sys.argv) and return the exit code. Errors go to stderr; none is raised."""
    invocation = Invocation()
    try:
        code = bulkops.main(args=arguments, prog_name="bulkops", standalone_mode=False, obj=invocation)
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return EXIT_USAGE
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - the one place where an error becomes an exit code
        code = report_failure(
            error,
            debug=invocation.debug,
            secrets=known_secrets(),
            if_interrupted=invocation.if_interrupted,
            has_begun=invocation.has_begun,
        )
        given = sys.argv[1:] if arguments is None else arguments
        return EXIT_FAILED if code == EXIT_USAGE and DETAILED in given else code  # there 2 means changes
    return code if isinstance(code, int) else 0
