"""The `bulkops` command group and `main`: runs a command and returns its exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from bulkops import __version__
from bulkops.cli.click_ext import Invocation, about_itself, known_secrets, write_examples
from bulkops.cli.commands import (
    audit,
    bench,
    calls,
    compare,
    config,
    copy_run,
    demo,
    doctor,
    export,
    history,
    init,
    job,
    plan,
    reports,
    resume,
    runs,
    sandbox,
    share,
    watch,
    workers,
)
from bulkops.cli.commands.operations import command_of
from bulkops.cli.declared import operations
from bulkops.cli.exit_codes import EXIT_FAILED, EXIT_USAGE, report_failure

_FIRST_STEPS = (
    "demo",
    "import-package crm.zip --folder CRM --accounts customers.csv",
    "resume",
)


_SENTENCE: Final = 200
"""Length limit for a command's summary in the list of commands: none is cut."""


class _Commands(click.Group):
    """The command group. Help lists the commands in the order in which a user needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, section in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(str(command.name), command.get_short_help_str(_SENTENCE)) for command in section])

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(formatter, _FIRST_STEPS)
        super().format_help(ctx, formatter)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bulkops")
def bulkops() -> None:
    """Run one operation across thousands of Workato Embedded customer accounts, inside the vendor's rate limits,
    with one outcome per account.

    The API token comes from WORKATO_API_TOKEN, the host (a URL or a data center such as eu) from WORKATO_HOST.
    """


bulkops.params.extend(about_itself())  # before the command's name too
_ANYTHING: Final = (job.run, calls.each)
_OWN: Final = {"export-package": export.export_package, "each": calls.each}
"""Commands of operations that do more than start a run."""

_ON_ACCOUNTS: Final = tuple(_OWN.get(name) or command_of(name) for name in operations() if name != "each")
_STARTS: Final = {str(command.name): command for command in (*_ON_ACCOUNTS, *_ANYTHING, resume.undo)}
"""The commands that start a run. `plan` takes the same names."""

_SECTIONS: Final[Mapping[str, Sequence[click.Command]]] = {
    "Operations on each account": _ON_ACCOUNTS,
    "Other operations and API calls": (*_ANYTHING, share.share_connector, calls.call, calls.calls),
    "Plans, runs and reports": (
        plan.Plan(_STARTS, job=job.run),
        resume.resume,
        resume.retry,
        resume.undo,
        runs.runs,
        reports.report,
        reports.show,
        history.history,
        watch.watch,
        workers.workers,
        workers.stop,
        compare.compare,
        audit.audit,
    ),
    "Setup and tools": (
        init.init,
        doctor.doctor,
        config.config,
        demo.demo,
        workers.worker,
        sandbox.sandbox,
        bench.bench,
        init.completion,
    ),
}
runs.runs.add_command(copy_run.copy)
for section in _SECTIONS.values():
    for command in section:
        bulkops.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (default: sys.argv) and return the exit code. Errors go to stderr; none is raised."""
    invocation = Invocation()
    try:
        code = bulkops.main(args=arguments, prog_name="bulkops", standalone_mode=False, obj=invocation)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return EXIT_USAGE
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - the one place where an error becomes an exit code
        code = report_failure(error, debug=invocation.debug, secrets=known_secrets())
        given = sys.argv[1:] if arguments is None else arguments
        return EXIT_FAILED if code == EXIT_USAGE and plan.DETAILED in given else code  # there 2 means changes
    return code if isinstance(code, int) else 0
