"""Operations on one account: one module per bulk verb, chains, and lookup by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final

from bulkops.errors import ConfigError
from bulkops.operations._base import Chain, Danger, Operation, Plan
from bulkops.operations.add_member import AddMember
from bulkops.operations.add_to_group import AddToGroup
from bulkops.operations.assign_oauth_profile import AssignOAuthProfile
from bulkops.operations.authorize_connections import AuthorizeConnections
from bulkops.operations.change_plan import DowngradePlan, UpgradePlan
from bulkops.operations.copy import Copy
from bulkops.operations.create_connection import CreateConnection
from bulkops.operations.create_customer import CreateCustomer
from bulkops.operations.create_folder import CreateFolder
from bulkops.operations.delete_customer import DeleteCustomer
from bulkops.operations.deploy_project import DeployProject
from bulkops.operations.each import Each
from bulkops.operations.enable_api_platform import EnableApiPlatform
from bulkops.operations.ensure import Ensure
from bulkops.operations.export_package import ExportPackage
from bulkops.operations.functions import operation
from bulkops.operations.grant_manager import GrantManager
from bulkops.operations.grant_project_role import GrantProjectRole
from bulkops.operations.import_package import ImportPackage
from bulkops.operations.package import Package
from bulkops.operations.partner_export import ExportedPackage, export_to_file
from bulkops.operations.remove_member import RemoveMember
from bulkops.operations.rollout import Rollout
from bulkops.operations.set_properties import SetProperties
from bulkops.operations.share_recipe import ShareRecipe
from bulkops.operations.switch_endpoints import DisableEndpoints, EnableEndpoints
from bulkops.operations.switch_genie import StartGenie, StopGenie
from bulkops.operations.switch_recipes import StartRecipes, StopRecipes

__all__ = [
    "OPERATIONS",
    "AddMember",
    "AddToGroup",
    "AssignOAuthProfile",
    "AuthorizeConnections",
    "Chain",
    "Copy",
    "CreateConnection",
    "CreateCustomer",
    "CreateFolder",
    "Danger",
    "DeleteCustomer",
    "DeployProject",
    "DisableEndpoints",
    "DowngradePlan",
    "Each",
    "EnableApiPlatform",
    "EnableEndpoints",
    "Ensure",
    "ExportPackage",
    "ExportedPackage",
    "GrantManager",
    "GrantProjectRole",
    "ImportPackage",
    "Operation",
    "Package",
    "Plan",
    "RemoveMember",
    "Rollout",
    "SetProperties",
    "ShareRecipe",
    "StartGenie",
    "StartRecipes",
    "StopGenie",
    "StopRecipes",
    "UpgradePlan",
    "export_to_file",
    "named",
    "operation",
]

OPERATIONS: Final[Mapping[str, type[Operation]]] = {
    cls.name: cls
    for cls in (
        ImportPackage,
        Rollout,
        Copy,
        AuthorizeConnections,
        CreateConnection,
        AssignOAuthProfile,
        ShareRecipe,
        StartRecipes,
        StopRecipes,
        CreateFolder,
        SetProperties,
        EnableApiPlatform,
        EnableEndpoints,
        DisableEndpoints,
        AddMember,
        RemoveMember,
        AddToGroup,
        GrantProjectRole,
        GrantManager,
        DeployProject,
        StartGenie,
        StopGenie,
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
