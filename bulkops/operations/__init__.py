"""Operations on one account: one module per bulk verb, chains, and lookup by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Final

from bulkops.errors import ConfigError, InputError, JournalMismatch
from bulkops.operations._base import Chain, Danger, Operation, Plan, costs_in_order
from bulkops.operations._fields import check_value
from bulkops.operations._foreseen import FolderContents, Foreseen, added, recorded_folders
from bulkops.operations._partner_export import ExportedPackage, export_to_file, no_manifest, partner_folder
from bulkops.operations._polling import LikelyFinish, eager_age_s, patient_age_s
from bulkops.operations._private_lines import ReaderGone
from bulkops.operations._undo_from_journal import Lost, remembered
from bulkops.operations.add_member import AddMember
from bulkops.operations.authorize_connections import AuthorizeConnections
from bulkops.operations.change_plan import DowngradePlan, UpgradePlan
from bulkops.operations.create_connection import CreateConnection
from bulkops.operations.create_customer import CreateCustomer
from bulkops.operations.create_folder import CreateFolder
from bulkops.operations.delete_customer import DeleteCustomer
from bulkops.operations.each import Each
from bulkops.operations.enable_api_platform import EnableApiPlatform
from bulkops.operations.ensure import Ensure
from bulkops.operations.export_package import ExportPackage
from bulkops.operations.functions import as_operation, load_from_file, operation
from bulkops.operations.grant_manager import GrantManager
from bulkops.operations.import_package import ImportPackage
from bulkops.operations.package import Package
from bulkops.operations.remove_member import RemoveMember
from bulkops.operations.rollout import Rollout
from bulkops.operations.set_properties import SetProperties
from bulkops.operations.switch_endpoints import DisableEndpoints, EnableEndpoints
from bulkops.operations.switch_recipes import StartRecipes, StopRecipes
from bulkops.operations.undo import UndoRun

__all__ = [
    "OPERATIONS",
    "AddMember",
    "AuthorizeConnections",
    "Chain",
    "CreateConnection",
    "CreateCustomer",
    "CreateFolder",
    "Danger",
    "DeleteCustomer",
    "DisableEndpoints",
    "DowngradePlan",
    "Each",
    "EnableApiPlatform",
    "EnableEndpoints",
    "Ensure",
    "ExportPackage",
    "ExportedPackage",
    "FolderContents",
    "Foreseen",
    "GrantManager",
    "ImportPackage",
    "LikelyFinish",
    "Operation",
    "Package",
    "Plan",
    "ReaderGone",
    "RemoveMember",
    "Rollout",
    "SetProperties",
    "StartRecipes",
    "StopRecipes",
    "UndoRun",
    "UpgradePlan",
    "added",
    "as_operation",
    "check_same",
    "check_value",
    "costs_in_order",
    "describe",
    "eager_age_s",
    "export_to_file",
    "load_from_file",
    "named",
    "no_manifest",
    "operation",
    "partner_folder",
    "patient_age_s",
    "recorded_folders",
    "restore",
    "restore_to_undo",
]

OPERATIONS: Final[Mapping[str, type[Operation]]] = {
    cls.name: cls
    for cls in (
        ImportPackage,
        Rollout,
        AuthorizeConnections,
        CreateConnection,
        StartRecipes,
        StopRecipes,
        CreateFolder,
        SetProperties,
        EnableApiPlatform,
        EnableEndpoints,
        DisableEndpoints,
        AddMember,
        RemoveMember,
        GrantManager,
        CreateCustomer,
        UpgradePlan,
        DowngradePlan,
        DeleteCustomer,
        ExportPackage,
        Each,
    )
}
"""What a job file may `use`, in the order in which `bulkops --help` lists the commands."""


def named(name: str) -> type[Operation]:
    """The built-in operation of that name. Raises: ConfigError with the nearest one."""
    if name not in OPERATIONS:
        near = difflib.get_close_matches(name, OPERATIONS, n=1)
        known = ", ".join(sorted(OPERATIONS))
        raise ConfigError(
            f"there is no operation {name!r}",
            remedy=f"did you mean {near[0]!r}?" if near else f"use one of {known}",
        )
    return OPERATIONS[name]


def describe(op: Operation, *, source: str | None = None) -> dict[str, Any]:
    """JSON data for the journal, from which `restore` makes the operation again; `source`: its FILE.py:NAME."""
    return {"name": op.name, "parameters": dict(op.parameters()), "digest": op.digest, "source": source}


def restore(data: Mapping[str, Any], *, accept_changes: bool = False) -> Operation:
    """The operation that `describe` described. `accept_changes`: also when its Python file was changed since.

    Raises: JournalMismatch when its files say something else now; ConfigError or InputError when they are gone.
    """
    op = _build(data)
    if not (accept_changes and data.get("source")):  # another package is another operation, whatever is accepted
        check_same(op, data)
    return op


def restore_to_undo(data: Mapping[str, Any]) -> Operation:
    """The operation that `describe` described, as far as it can be undone: from the journal alone where that is enough,
    else from its files. A part of a chain that needs files which are gone or say something else now is left as it is,
    which its notes and the report tell.

    Raises: as `restore`.
    """
    if data["name"] == Chain.name and not data.get("source"):
        return Chain(tuple(_part_to_undo(part) for part in data["parameters"]["operations"]))
    known = None if data.get("source") else OPERATIONS.get(data["name"])
    found = None if known is None else remembered(known, data)
    if found is not None:
        return found
    return restore(data) if "digest" in data else _build(data)


def _part_to_undo(data: Mapping[str, Any]) -> Operation:
    try:
        return restore_to_undo(data)
    except (ConfigError, InputError, JournalMismatch) as error:
        return Lost(data, why=error.message)


def _build(data: Mapping[str, Any]) -> Operation:
    name, parameters = data["name"], data["parameters"]
    if data.get("source"):
        return as_operation(load_from_file(data["source"])).as_prepared(data)
    if name == Chain.name:
        return Chain(tuple(_build(part) for part in parameters["operations"]))
    if name == UndoRun.name:
        undone = parameters["operation"]
        return UndoRun(restore_to_undo(undone), run_id=parameters["run"], source=undone.get("source"))
    if name in OPERATIONS:
        return OPERATIONS[name].from_parameters(parameters)
    raise ConfigError(
        f"{parameters.get('function', name)!r} is a function of a script and cannot be found by name",
        remedy="resume it from that script (Fleet.resume(operation=...)), or run it as FILE.py:NAME",
    )


def check_same(op: Operation, data: Mapping[str, Any]) -> None:
    """Raises: JournalMismatch when `op` is not what the run began with."""
    if op.digest != data["digest"]:
        accept = "accept the changes: --accept-changes" if data.get("source") else "start a new run"
        raise JournalMismatch(
            f"the operation is not the one the run began with ({op.title})",
            remedy=f"restore its files and parameters, or {accept}",
        )
