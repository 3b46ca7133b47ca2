"""Run one operation across thousands of Workato Embedded customer accounts, with one outcome per account.

Each name is imported on its first use, so `bulkops --help` starts at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkops.lazy_imports import lazily

__version__ = "0.1.0"


def _unsupported() -> str | None:
    """Why this system cannot run bulkops, or None. Locks, signals and file modes are those of POSIX."""
    try:
        import fcntl  # noqa: F401, PLC0415 - other systems do not have it
    except ImportError:
        return "bulkops runs on Linux and macOS only; on Windows, run it in WSL"
    return None


if TYPE_CHECKING:
    from bulkops import (
        errors as errors,
        events as events,
        operations as operations,
        sandbox as sandbox,
        testing as testing,
    )
    from bulkops.client import Account as Account, Workato as Workato
    from bulkops.errors import BulkopsError as BulkopsError, TaskFailed as TaskFailed, TaskUnknown as TaskUnknown
    from bulkops.executor import TaskOutcome as TaskOutcome, fan_out as fan_out
    from bulkops.journal import StepRow as StepRow
    from bulkops.operations import Ensure as Ensure, Operation as Operation, operation as operation
    from bulkops.outcome import Outcome as Outcome
    from bulkops.parameters import parameter as parameter
    from bulkops.rate_limit import Limit as Limit
    from bulkops.report import Report as Report
    from bulkops.runs import (
        Fleet as Fleet,
        Inventory as Inventory,
        Policy as Policy,
        StopSignal as StopSignal,
        read_accounts as read_accounts,
        run as run,
        select as select,
    )
    from bulkops.secret import Secret as Secret
    from bulkops.settings import Settings as Settings, Tuning as Tuning
    from bulkops.steps import Context as Context, Intent as Intent
else:  # a type checker would take `__getattr__` for any name
    _get, _names = lazily(__name__, __file__)

    def __getattr__(name: str) -> object:
        if not name.startswith("_") and (reason := _unsupported()):
            raise ImportError(reason)
        return __dir__() if name == "__all__" else _get(name)

    def __dir__() -> list[str]:
        return sorted([*_names(), "__version__"])
