"""Exit codes: of a run by its state, of a command by the error that ended it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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

EXIT_FAILED: Final = 1
"""Some accounts failed, are unknown or left out; or an error without a code of its own."""
EXIT_USAGE: Final = 2
"""Nothing was begun: usage, configuration, or a request that failed without an effect."""
EXIT_CHANGES: Final = 2
"""Of `plan --detailed-exitcode`, which ends with `EXIT_FAILED` where other commands end with `EXIT_USAGE`."""
EXIT_HALTED: Final = 3
EXIT_AUTHENTICATION: Final = 4
EXIT_PAUSED: Final = 5
EXIT_INTERRUPTED: Final = 130

STOPPED: Final[Mapping[str, int]] = {
    "interrupted": EXIT_INTERRUPTED,
    "auth_failed": EXIT_AUTHENTICATION,
    "halted": EXIT_HALTED,
    "paused": EXIT_PAUSED,
}
"""How a run can stop before its end, by its state (`RunState`)."""

_OF_ERRORS: Final[Mapping[type[BulkopsError], int]] = {
    Unauthorized: EXIT_AUTHENTICATION,
    RunAborted: EXIT_HALTED,
    ConfigError: EXIT_USAGE,
    InputError: EXIT_USAGE,
    PlanError: EXIT_USAGE,
    ConnectFailed: EXIT_USAGE,
    JournalError: EXIT_USAGE,
}


def exit_code_of_run(state: str, *, troubled: bool) -> int:
    """`troubled`: whether an account of the run failed, is unknown or left out."""
    return STOPPED.get(state, EXIT_FAILED if troubled else 0)


def exit_code_of_error(error: BaseException, *, has_begun: bool = False) -> int:
    """Of a command that the error ended. `has_begun`: the command had begun what it was asked for.

    Errors of accounts are in their rows. So one that ends a run's command came before the first account.
    """
    if isinstance(error, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    code = next((code for kind, code in _OF_ERRORS.items() if isinstance(error, kind)), None)
    if code is not None:
        return code
    is_early = isinstance(error, ApiError | TaskFailed) and not (has_begun or error.may_have_acted)
    return EXIT_USAGE if is_early else EXIT_FAILED
