"""Messages of errors that end a command, with their remedies."""

from __future__ import annotations

import traceback
from typing import Final

import click

from bulkops.cli.click_ext import NOT_IN_RUN
from bulkops.cli.terminal import one_line, say, say_failure
from bulkops.errors import BulkopsError, ConnectFailed
from bulkops.exception_groups import worst_of
from bulkops.exit_codes import EXIT_INTERRUPTED, EXIT_USAGE, exit_code_of_error
from bulkops.masking import masked

_OUT_OF_REACH: Final = "check the network and WORKATO_HOST"


def report_failure(
    error: BaseException,
    *,
    debug: bool,
    secrets: tuple[str, ...] = (),
    if_interrupted: tuple[str, str | None] = NOT_IN_RUN,
    has_begun: bool = False,
) -> int:
    """Print the error and its remedy to stderr and return the exit code. Secrets are masked; a traceback needs
    `debug`. `if_interrupted`, `has_begun`: see `Invocation`.
    """
    error = worst_of(error)  # task groups wrap even a single error
    if debug:
        say(masked("".join(traceback.format_exception(error)).rstrip(), secrets))
    what, remedy = if_interrupted if isinstance(error, KeyboardInterrupt | click.Abort) else _words(error)
    say_failure(masked(one_line(what), secrets), masked(one_line(remedy), secrets) if remedy else None)
    if isinstance(error, click.Abort):
        return EXIT_INTERRUPTED
    return EXIT_USAGE if isinstance(error, click.UsageError) else exit_code_of_error(error, has_begun=has_begun)


def _words(error: BaseException) -> tuple[str, str | None]:
    """The error, and its remedy."""
    match error:
        case click.BadParameter() if (variable := _variable(error)) is not None:
            return f"{variable}: {error.message}", f"correct or unset {variable}"
        case click.UsageError():
            command = error.ctx.command_path if error.ctx is not None else "bulkops"
            return error.format_message(), f"{command} --help"
        case click.ClickException():
            return error.format_message(), None
        case BulkopsError():
            # str() ends with the remedy, which gets a line of its own here
            what = str(error).replace(f"{error.message}; {error.remedy}", error.message)
            # of no account: there is no run to retry
            return what, _OUT_OF_REACH if isinstance(error, ConnectFailed) else error.remedy
        case _:
            return f"{type(error).__name__}: {error}", "this is a bug: run the command again with --debug"


def _variable(error: click.BadParameter) -> str | None:
    """The environment variable that the value came from, if it did."""
    if error.ctx is None or error.param is None or error.param.name is None:
        return None
    if error.ctx.get_parameter_source(error.param.name) is not click.core.ParameterSource.ENVIRONMENT:
        return None
    return str(error.param.envvar)
