"""Operations on one account: one module per bulk verb, chains, and lookup by name. Each is imported when it is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from bulkops.close_match import did_you_mean
from bulkops.errors import ConfigError
from bulkops.lazy_imports import lazily

if TYPE_CHECKING:
    from bulkops.operations._base import Chain as Chain, Danger as Danger, Operation as Operation
    from bulkops.operations._plan import Plan as Plan
    from bulkops.operations.add_member import AddMember as AddMember
    from bulkops.operations.add_to_group import AddToGroup as AddToGroup
    from bulkops.operations.assign_oauth_profile import AssignOAuthProfile as AssignOAuthProfile
    from bulkops.operations.authorize_connections import AuthorizeConnections as AuthorizeConnections
    from bulkops.operations.change_plan import DowngradePlan as DowngradePlan, UpgradePlan as UpgradePlan
    from bulkops.operations.copy import Copy as Copy
    from bulkops.operations.create_connection import CreateConnection as CreateConnection
    from bulkops.operations.create_customer import CreateCustomer as CreateCustomer
    from bulkops.operations.create_folder import CreateFolder as CreateFolder
    from bulkops.operations.delete_customer import DeleteCustomer as DeleteCustomer
    from bulkops.operations.deploy_project import DeployProject as DeployProject
    from bulkops.operations.each import Each as Each
    from bulkops.operations.enable_api_platform import EnableApiPlatform as EnableApiPlatform
    from bulkops.operations.ensure import Ensure as Ensure, EnsureOne as EnsureOne
    from bulkops.operations.export_package import ExportPackage as ExportPackage
    from bulkops.operations.functions import operation as operation
    from bulkops.operations.grant_manager import GrantManager as GrantManager
    from bulkops.operations.grant_project_role import GrantProjectRole as GrantProjectRole
    from bulkops.operations.import_package import ImportPackage as ImportPackage
    from bulkops.operations.package import Package as Package
    from bulkops.operations.partner_export import ExportedPackage as ExportedPackage, export_to_file as export_to_file
    from bulkops.operations.remove_member import RemoveMember as RemoveMember
    from bulkops.operations.rollout import Rollout as Rollout
    from bulkops.operations.set_properties import SetProperties as SetProperties
    from bulkops.operations.share_recipe import ShareRecipe as ShareRecipe
    from bulkops.operations.switch_endpoints import (
        DisableEndpoints as DisableEndpoints,
        EnableEndpoints as EnableEndpoints,
    )
    from bulkops.operations.switch_genie import StartGenie as StartGenie, StopGenie as StopGenie
    from bulkops.operations.switch_recipes import StartRecipes as StartRecipes, StopRecipes as StopRecipes
else:
    _get, _names = lazily(__name__, __file__)

    def __getattr__(name: str) -> object:
        return __dir__() if name == "__all__" else _get(name)

    def __dir__() -> list[str]:
        return sorted([*_names(), "OPERATIONS", "named"])


_CLASSES: Final = {
    "import-package": "ImportPackage",
    "rollout": "Rollout",
    "copy": "Copy",
    "authorize-connections": "AuthorizeConnections",
    "create-connection": "CreateConnection",
    "assign-oauth-profile": "AssignOAuthProfile",
    "share-recipe": "ShareRecipe",
    "start-recipes": "StartRecipes",
    "stop-recipes": "StopRecipes",
    "create-folder": "CreateFolder",
    "set-properties": "SetProperties",
    "enable-api-platform": "EnableApiPlatform",
    "enable-endpoints": "EnableEndpoints",
    "disable-endpoints": "DisableEndpoints",
    "add-member": "AddMember",
    "remove-member": "RemoveMember",
    "add-to-group": "AddToGroup",
    "grant-project-role": "GrantProjectRole",
    "grant-manager": "GrantManager",
    "deploy-project": "DeployProject",
    "start-genie": "StartGenie",
    "stop-genie": "StopGenie",
    "create-customer": "CreateCustomer",
    "upgrade-plan": "UpgradePlan",
    "downgrade-plan": "DowngradePlan",
    "delete-customer": "DeleteCustomer",
    "export-package": "ExportPackage",
    "each": "Each",
}
"""What a job file may `use`, in the order in which `bulkops --help` lists the commands."""


class _Operations(Mapping[str, "type[Operation]"]):
    def __getitem__(self, name: str) -> type[Operation]:
        found: Any = getattr(sys.modules[__name__], _CLASSES[name])
        cls: type[Operation] = found
        return cls

    def __iter__(self) -> Iterator[str]:
        return iter(_CLASSES)

    def __len__(self) -> int:
        return len(_CLASSES)


OPERATIONS: Final[Mapping[str, type[Operation]]] = _Operations()
"""The built-in operations by name, each imported when it is asked for."""


def named(name: str) -> type[Operation]:
    """The built-in operation of that name. Raises: ConfigError with the nearest one."""
    if name not in OPERATIONS:
        if ".py:" in name:
            raise ConfigError(
                f"{name} is not a built-in operation",
                remedy="chain it in Python, `it = CreateFolder(...) >> yours`, and run that: `bulkops run FILE.py:it`",
            )
        raise ConfigError(
            f"operation {name!r} does not exist",
            remedy=did_you_mean(name, OPERATIONS) or f"use one of {', '.join(sorted(OPERATIONS))}",
        )
    return OPERATIONS[name]
