"""The API by its nouns: each method is one call of the catalogue, or the pages of one."""

from __future__ import annotations

from bulkops.resources import generic
from bulkops.resources._pages import Pages
from bulkops.resources.api_platform import (
    ApiAccessProfiles,
    ApiClients,
    ApiClientsV1,
    ApiCollections,
    ApiEndpoints,
    ApiKeys,
    ApiPortals,
)
from bulkops.resources.connections import AccountConnections, Connections
from bulkops.resources.connectors import Connectors, CustomConnectors
from bulkops.resources.customer_managers import CustomerManagers
from bulkops.resources.customers import Customers, OwnCustomer
from bulkops.resources.folders import AccountProjects, Folders, Projects
from bulkops.resources.imports import Imports
from bulkops.resources.members import Members, PartnerMembers
from bulkops.resources.packages import Packages
from bulkops.resources.properties import Properties
from bulkops.resources.recipes import Recipes
from bulkops.resources.roles import EnvironmentRoles, PartnerRoles, Roles

__all__ = [
    "AccountConnections",
    "AccountProjects",
    "ApiAccessProfiles",
    "ApiClients",
    "ApiClientsV1",
    "ApiCollections",
    "ApiEndpoints",
    "ApiKeys",
    "ApiPortals",
    "Connections",
    "Connectors",
    "CustomConnectors",
    "CustomerManagers",
    "Customers",
    "EnvironmentRoles",
    "Folders",
    "Imports",
    "Members",
    "OwnCustomer",
    "Packages",
    "Pages",
    "PartnerMembers",
    "PartnerRoles",
    "Projects",
    "Properties",
    "Recipes",
    "Roles",
    "generic",
]
