"""Exit codes of errors, and their messages. A run ends with the code of its report: `Report.exit_code`.

0 all well, 1 some accounts failed or unknown (or a failure with no code of its own), 2 nothing was begun: usage,
configuration, or a request that failed without an effect, 3 halted by a gate, 4 authentication, 5 paused, 130
interrupted. `plan --detailed-exitcode`: 0 nothing to do, 2 changes, 1 any error but 4 and 130.
"""

from __future__ import annotations

import traceback
from typing import Final

import click

from bulkops.cli.click_ext import NOT_IN_RUN
from bulkops.cli.terminal import one_line, say, say_failure
from bulkops.errors import (
    ApiError,
    BulkopsError,
    ConfigError,
    ConnectFailed,
    InputError,
    JournalError,
    PlanError,
    RunAborted,
    TaskFailed,
    Unauthorized,
)
from bulkops.exception_groups import worst_of
from bulkops.secret import masked

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_CHANGES: Final = 2
"""Of `plan --detailed-exitcode`, which ends with 1 where other commands end with EXIT_USAGE."""
EXIT_INTERRUPTED: Final = 130
DETAILED: Final = "--detailed-exitcode"
"""Option of `plan`."""

_EXIT_CODES: Final[tuple[tuple[type[BulkopsError], int], ...]] = (
    (Unauthorized, 4),
    (RunAborted, 3),
    (ConfigError, EXIT_USAGE),
    (InputError, EXIT_USAGE),
    (PlanError, EXIT_USAGE),
    (ConnectFailed, EXIT_USAGE),
    (JournalError, EXIT_USAGE),
)

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
    return exit_code(error, has_begun=has_begun)


def exit_code(error: BaseException, *, has_begun: bool = False) -> int:
    """Errors of accounts are in their rows. So one that ends a run's command came before the first account."""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return EXIT_INTERRUPTED
    if isinstance(error, click.UsageError):
        return EXIT_USAGE
    code = next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), None)
    if code is not None:
        return code
    is_early = isinstance(error, ApiError | TaskFailed) and not (has_begun or error.may_have_acted)
    return EXIT_USAGE if is_early else EXIT_FAILED


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
