"""The API's responses as frozen classes that mirror the vendor's nouns.

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
from bulkops.models.collaborator_groups import CollaboratorGroup, GroupMember
from bulkops.models.collaborators import Member, MemberPrivileges, MemberRole, ProjectGrant, ProjectPrivileges
from bulkops.models.connections import Connection, InputField, PickListValue
from bulkops.models.connectors import Connector, ConnectorCode, ConnectorOperation, ConnectorVersion, CustomConnector
from bulkops.models.customer_managers import CustomerManager, ManagingUser, ModeratedWorkspace, PrivilegeGroup
from bulkops.models.customers import Customer, CustomerMetrics, CustomerUsage, MonthlyUsage, PlanChange
from bulkops.models.data_tables import DataTable
from bulkops.models.deployments import Deployment, ProjectBuild
from bulkops.models.folders import CreatedFolder, Folder, Project
from bulkops.models.genies import CreatedGenie, Genie, KnowledgeBase, Skill
from bulkops.models.imports import ImportStatus, RecipeStatus
from bulkops.models.jobs import Job, JobCounts
from bulkops.models.manifests import Asset, ExportManifest
from bulkops.models.oauth_profiles import OAuthProfile
from bulkops.models.on_prem import OnPremAgent, OnPremGroup
from bulkops.models.packages import PackageExport
from bulkops.models.project_grants import Grantee, ProjectRole, RoleGrant
from bulkops.models.properties import Property
from bulkops.models.recipes import (
    MadeRecipe,
    PublicRecipe,
    Recipe,
    RecipeVersion,
    StartProblem,
    StartResult,
    StopResult,
)
from bulkops.models.roles import CopiedRole, EnvironmentRole, Role
from bulkops.models.tags import Tag
from bulkops.models.workspaces import PartnerWorkspace

__all__ = [
    "AccessProfile",
    "ApiClient",
    "ApiCollection",
    "ApiEndpoint",
    "ApiKey",
    "ApiPortal",
    "Asset",
    "CollaboratorGroup",
    "CollectionName",
    "Connection",
    "Connector",
    "ConnectorCode",
    "ConnectorOperation",
    "ConnectorVersion",
    "CopiedRole",
    "CreatedFolder",
    "CreatedGenie",
    "CustomConnector",
    "Customer",
    "CustomerManager",
    "CustomerMetrics",
    "CustomerUsage",
    "DataTable",
    "Deployment",
    "EnvironmentRole",
    "ExportManifest",
    "Folder",
    "Genie",
    "Grantee",
    "GroupMember",
    "ImportStatus",
    "InputField",
    "Job",
    "JobCounts",
    "KnowledgeBase",
    "MadeRecipe",
    "ManagingUser",
    "Member",
    "MemberPrivileges",
    "MemberRole",
    "ModeratedWorkspace",
    "MonthlyUsage",
    "OAuthProfile",
    "OnPremAgent",
    "OnPremGroup",
    "PackageExport",
    "PartnerWorkspace",
    "PickListValue",
    "PlanChange",
    "PrivilegeGroup",
    "Project",
    "ProjectBuild",
    "ProjectGrant",
    "ProjectPrivileges",
    "ProjectRole",
    "Property",
    "PublicRecipe",
    "Recipe",
    "RecipeStatus",
    "RecipeVersion",
    "Role",
    "RoleGrant",
    "Skill",
    "StartProblem",
    "StartResult",
    "StopResult",
    "Tag",
]
