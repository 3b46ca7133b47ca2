"""The API by its nouns: each method is one call of the catalogue, or all pages of one."""

from __future__ import annotations

from bulkops.resources import generic
from bulkops.resources._pages import PER_PAGE, Pages, first_page
from bulkops.resources.api_platform import (
    ApiAccessProfiles,
    ApiClients,
    ApiClientsV1,
    ApiCollections,
    ApiEndpoints,
    ApiKeys,
    ApiPortals,
)
from bulkops.resources.collaborator_groups import CollaboratorGroups
from bulkops.resources.connections import AccountConnections, Connections
from bulkops.resources.connectors import Connectors, CustomConnectors
from bulkops.resources.customer_managers import CustomerManagers
from bulkops.resources.customers import Customers, OwnCustomer
from bulkops.resources.deployments import Deployments, ProjectBuilds
from bulkops.resources.export_manifests import ExportManifests
from bulkops.resources.folders import AccountProjects, Folders, Projects
from bulkops.resources.genies import Genies
from bulkops.resources.imports import Imports
from bulkops.resources.jobs import AccountJobs, OwnJobs
from bulkops.resources.members import Members, PartnerMembers
from bulkops.resources.oauth_profiles import AccountOAuthProfiles
from bulkops.resources.packages import Exports, Packages
from bulkops.resources.project_grants import ProjectGrants
from bulkops.resources.properties import Properties
from bulkops.resources.recipes import AccountRecipes, AccountRecipeVersions, OwnRecipes, Recipes, RecipeVersions
from bulkops.resources.roles import EnvironmentRoles, PartnerRoles, Roles
from bulkops.resources.rows import (
    DATA_TABLES,
    KNOWLEDGE_BASES,
    OAUTH_PROFILES,
    ON_PREM_AGENTS,
    ON_PREM_GROUPS,
    PROJECT_ROLES,
    SKILLS,
    TAGS,
    Noun,
    Rows,
)

__all__ = [
    "DATA_TABLES",
    "KNOWLEDGE_BASES",
    "OAUTH_PROFILES",
    "ON_PREM_AGENTS",
    "ON_PREM_GROUPS",
    "PER_PAGE",
    "PROJECT_ROLES",
    "SKILLS",
    "TAGS",
    "AccountConnections",
    "AccountJobs",
    "AccountOAuthProfiles",
    "AccountProjects",
    "AccountRecipeVersions",
    "AccountRecipes",
    "ApiAccessProfiles",
    "ApiClients",
    "ApiClientsV1",
    "ApiCollections",
    "ApiEndpoints",
    "ApiKeys",
    "ApiPortals",
    "CollaboratorGroups",
    "Connections",
    "Connectors",
    "CustomConnectors",
    "CustomerManagers",
    "Customers",
    "Deployments",
    "EnvironmentRoles",
    "ExportManifests",
    "Exports",
    "Folders",
    "Genies",
    "Imports",
    "Members",
    "Noun",
    "OwnCustomer",
    "OwnJobs",
    "OwnRecipes",
    "Packages",
    "Pages",
    "PartnerMembers",
    "PartnerRoles",
    "ProjectBuilds",
    "ProjectGrants",
    "Projects",
    "Properties",
    "RecipeVersions",
    "Recipes",
    "Roles",
    "Rows",
    "first_page",
    "generic",
]
