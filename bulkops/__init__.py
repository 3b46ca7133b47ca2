"""Run one operation across thousands of Workato Embedded customer accounts, with one outcome per account.

The names below are the public API. Each is imported on first use, so `bulkops --help` starts at once.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bulkops.client import (
        Account as Account,
        Workato as Workato,
    )
    from bulkops.errors import (
        ApiError as ApiError,
        BulkopsError as BulkopsError,
        ConfigError as ConfigError,
        InputError as InputError,
        JournalError as JournalError,
        NotFound as NotFound,
        OutcomeUnknown as OutcomeUnknown,
        PlanError as PlanError,
        RunAborted as RunAborted,
        RunFailed as RunFailed,
        RunLocked as RunLocked,
        StatusError as StatusError,
        TaskFailed as TaskFailed,
        TaskUnknown as TaskUnknown,
        TransportError as TransportError,
        Unauthorized as Unauthorized,
    )
    from bulkops.executor import (
        TaskOutcome as TaskOutcome,
        fan_out as fan_out,
    )
    from bulkops.journal import (
        StepRow as StepRow,
    )
    from bulkops.operations import (
        AddMember as AddMember,
        AuthorizeConnections as AuthorizeConnections,
        Chain as Chain,
        CreateConnection as CreateConnection,
        CreateCustomer as CreateCustomer,
        CreateFolder as CreateFolder,
        DeleteCustomer as DeleteCustomer,
        DisableEndpoints as DisableEndpoints,
        DowngradePlan as DowngradePlan,
        EnableApiPlatform as EnableApiPlatform,
        EnableEndpoints as EnableEndpoints,
        Ensure as Ensure,
        ExportPackage as ExportPackage,
        GrantManager as GrantManager,
        ImportPackage as ImportPackage,
        Operation as Operation,
        Package as Package,
        Plan as Plan,
        RemoveMember as RemoveMember,
        Rollout as Rollout,
        SetProperties as SetProperties,
        StartRecipes as StartRecipes,
        StopRecipes as StopRecipes,
        UpgradePlan as UpgradePlan,
        export_to_file as export_to_file,
        operation as operation,
    )
    from bulkops.outcome import (
        Outcome as Outcome,
    )
    from bulkops.report import (
        Report as Report,
    )
    from bulkops.runs import (
        Fleet as Fleet,
        Inventory as Inventory,
        Policy as Policy,
        StopSignal as StopSignal,
        read_accounts as read_accounts,
        run as run,
        select as select,
    )
    from bulkops.settings import (
        Limit as Limit,
        Settings as Settings,
        Tuning as Tuning,
    )
    from bulkops.steps import (
        Context as Context,
        Intent as Intent,
    )

__version__ = "0.1.0"

_HOMES: Final = {
    "bulkops.client": (
        "Account",
        "Workato",
    ),
    "bulkops.errors": (
        "ApiError",
        "BulkopsError",
        "ConfigError",
        "InputError",
        "JournalError",
        "NotFound",
        "OutcomeUnknown",
        "PlanError",
        "RunAborted",
        "RunFailed",
        "RunLocked",
        "StatusError",
        "TaskFailed",
        "TaskUnknown",
        "TransportError",
        "Unauthorized",
    ),
    "bulkops.executor": (
        "TaskOutcome",
        "fan_out",
    ),
    "bulkops.journal": ("StepRow",),
    "bulkops.operations": (
        "AddMember",
        "AuthorizeConnections",
        "Chain",
        "CreateConnection",
        "CreateCustomer",
        "CreateFolder",
        "DeleteCustomer",
        "DisableEndpoints",
        "DowngradePlan",
        "EnableApiPlatform",
        "EnableEndpoints",
        "Ensure",
        "ExportPackage",
        "GrantManager",
        "ImportPackage",
        "Operation",
        "Package",
        "Plan",
        "RemoveMember",
        "Rollout",
        "SetProperties",
        "StartRecipes",
        "StopRecipes",
        "UpgradePlan",
        "export_to_file",
        "operation",
    ),
    "bulkops.outcome": ("Outcome",),
    "bulkops.report": ("Report",),
    "bulkops.runs": (
        "Fleet",
        "Inventory",
        "Policy",
        "StopSignal",
        "read_accounts",
        "run",
        "select",
    ),
    "bulkops.settings": (
        "Limit",
        "Settings",
        "Tuning",
    ),
    "bulkops.steps": (
        "Context",
        "Intent",
    ),
}

__all__ = [
    "Account",
    "AddMember",
    "ApiError",
    "AuthorizeConnections",
    "BulkopsError",
    "Chain",
    "ConfigError",
    "Context",
    "CreateConnection",
    "CreateCustomer",
    "CreateFolder",
    "DeleteCustomer",
    "DisableEndpoints",
    "DowngradePlan",
    "EnableApiPlatform",
    "EnableEndpoints",
    "Ensure",
    "ExportPackage",
    "Fleet",
    "GrantManager",
    "ImportPackage",
    "InputError",
    "Intent",
    "Inventory",
    "JournalError",
    "Limit",
    "NotFound",
    "Operation",
    "Outcome",
    "OutcomeUnknown",
    "Package",
    "Plan",
    "PlanError",
    "Policy",
    "RemoveMember",
    "Report",
    "Rollout",
    "RunAborted",
    "RunFailed",
    "RunLocked",
    "SetProperties",
    "Settings",
    "StartRecipes",
    "StatusError",
    "StepRow",
    "StopRecipes",
    "StopSignal",
    "TaskFailed",
    "TaskOutcome",
    "TaskUnknown",
    "TransportError",
    "Tuning",
    "Unauthorized",
    "UpgradePlan",
    "Workato",
    "__version__",
    "export_to_file",
    "fan_out",
    "operation",
    "read_accounts",
    "run",
    "select",
]


def _unsupported() -> str | None:
    """Why this system cannot run bulkops, or None. Locks, signals and file modes are those of POSIX."""
    return None if find_spec("fcntl") else "bulkops runs on Linux and macOS only; on Windows, run it in WSL"


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            if reason := _unsupported():
                raise ImportError(reason)
            value = globals()[name] = getattr(import_module(module), name)
            return value
    raise AttributeError(f"module 'bulkops' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
