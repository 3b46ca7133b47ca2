"""What the API's replies mean: frozen classes that mirror the vendor's own nouns.

Only what every reply must have is required; members that older or newer forms of a call leave out default to None.
Unknown members are ignored. Instants are aware datetimes in the offset the server chose.
"""

from __future__ import annotations

from bulkops.models.api_platform import (
    AccessProfile,
    ApiClient,
    ApiCollection,
    ApiEndpoint,
    ApiKey,
    ApiPortal,
    CollectionName,
)
from bulkops.models.collaborators import Member, MemberRole
from bulkops.models.connections import Connection, InputField, PickListValue
from bulkops.models.connectors import Connector, ConnectorCode, ConnectorOperation, ConnectorVersion, CustomConnector
from bulkops.models.customers import Customer, PlanChange
from bulkops.models.folders import CreatedFolder, Folder, Project
from bulkops.models.imports import ImportStatus, RecipeStatus
from bulkops.models.packages import PackageExport
from bulkops.models.properties import Property
from bulkops.models.recipes import Recipe, StartProblem, StartResult, StopResult

__all__ = [
    "AccessProfile",
    "ApiClient",
    "ApiCollection",
    "ApiEndpoint",
    "ApiKey",
    "ApiPortal",
    "CollectionName",
    "Connection",
    "Connector",
    "ConnectorCode",
    "ConnectorOperation",
    "ConnectorVersion",
    "CreatedFolder",
    "CustomConnector",
    "Customer",
    "Folder",
    "ImportStatus",
    "InputField",
    "Member",
    "MemberRole",
    "PackageExport",
    "PickListValue",
    "PlanChange",
    "Project",
    "Property",
    "Recipe",
    "RecipeStatus",
    "StartProblem",
    "StartResult",
    "StopResult",
]
