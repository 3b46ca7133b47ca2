"""The vendor's quotas: name -> (requests, window in seconds[, what is counted apart]).

"embedded" quotas count per partner workspace: all customers and all tokens share one. "developer" quotas are those of
calls in the partner's own workspace. Source: the vendor's rate-limit and resource pages; figures are defaults,
enterprise plans may have more.
"""

from __future__ import annotations

from typing import Final

from bulkops.close_match import did_you_mean
from bulkops.errors import ConfigError
from bulkops.settings import Tuning

Row = tuple[int, float] | tuple[int, float, str]

DOCUMENTED: Final[dict[str, list[Row]]] = {
    "embedded.customers.create": [(1000, 60)],
    "embedded.customers.provision_environments": [(1000, 60)],
    "embedded.customers.usage": [(1000, 60)],
    "embedded.customers.other": [(60, 60)],
    "embedded.members.delete": [(1000, 60)],
    "embedded.members.other": [(60, 60)],
    "embedded.collaborators.invite": [(60, 60), (1, 1200, "email + workspace id")],
    "embedded.roles.legacy": [(60, 60)],
    "embedded.environment_roles": [(10, 1)],
    "embedded.recipes.list": [(2000, 60)],
    "embedded.recipes.get": [(2000, 60)],
    "embedded.recipes.versions": [(60, 60)],
    "embedded.recipes.other": [(1000, 60)],
    # Two documents state two limits; both are kept. The hourly one "resets at the next hour".
    "embedded.rlcm.import_create": [(1000, 60), (500, 3600, "workspace")],
    "embedded.rlcm.import_status": [(1000, 60)],
    "embedded.rlcm.other": [(60, 60)],
    "embedded.connections.list": [(1000, 60)],
    "embedded.connections.other": [(60, 60)],
    "embedded.api_platform.portals": [(60, 60)],
    "embedded.api_platform.collections": [(1000, 60)],
    "embedded.api_platform.endpoints": [(1000, 60)],
    "embedded.api_platform.clients": [(1000, 60)],
    "embedded.api_platform.access_profiles": [(1000, 60)],
    "embedded.api_platform.certificate_bundles": [(60, 60)],
    "embedded.properties.list": [(1000, 60)],
    "embedded.properties.other": [(60, 60)],
    "embedded.jobs.repeat": [(1, 1)],
    "embedded.jobs.other": [(1000, 60)],
    "embedded.customer_managers": [(60, 60)],
    "embedded.developer_api_clients.list": [(1000, 60)],
    "embedded.developer_api_client_roles.list": [(1000, 60)],
    "embedded.developer_api_clients.other": [(60, 60)],
    "embedded.collaborator_groups.project_grants": [(60, 60)],
    "embedded.collaborator_groups.other": [(10, 1)],
    "embedded.project_roles": [(10, 1)],
    "embedded.project_grants": [(60, 60)],
    "embedded.projects.list": [(1000, 60)],
    "embedded.deployments": [(60, 60)],
    "embedded.projects.other": [(60, 60)],
    "embedded.on_prem": [(60, 60)],
    "embedded.data_tables": [(60, 60)],
    "embedded.custom_oauth_profiles": [(60, 60)],
    "embedded.custom_connectors": [(60, 60)],
    "embedded.agentic.genies.list": [(1000, 60)],
    "embedded.agentic.genies.get": [(1000, 60)],
    "embedded.agentic.conversations": [(10, 1)],
    "embedded.agentic.genies.other": [(60, 60)],
    "embedded.agentic.knowledge_bases.list": [(1000, 60)],
    "embedded.agentic.knowledge_bases.get": [(1000, 60)],
    "embedded.agentic.knowledge_bases.other": [(60, 60)],
    "embedded.agentic.skills.list": [(1000, 60)],
    "embedded.agentic.skills.get": [(1000, 60)],
    "embedded.agentic.skills.other": [(60, 60)],
    "developer.recipes.create": [(1, 1)],
    "developer.recipes.other": [(60, 60)],
    "developer.rlcm.import": [(500, 3600)],
    "developer.rlcm.other": [(60, 60)],
    "developer.folders": [(60, 60)],
    "developer.properties": [(60, 60)],
    "developer.connections.list": [(60, 60)],
    "developer.connections.other": [(1, 1)],
    "developer.connectors": [(60, 60)],
    "developer.jobs.repeat": [(1, 1)],
    "developer.jobs.other": [(60, 60)],
    "developer.api_platform": [(60, 60)],
    "developer.api_clients": [(60, 60)],
    "developer.lookup_tables.batch_delete": [(1, 1)],
    "developer.lookup_tables.other": [(60, 60)],
    "developer.environment_roles": [(60, 60)],
    "developer.agentic.genies.list": [(1000, 60)],
    "developer.agentic.genies.get": [(1000, 60)],
    "developer.agentic.conversations": [(10, 1)],
    "developer.agentic.genies.other": [(60, 60)],
    "developer.agentic.knowledge_bases.list": [(1000, 60)],
    "developer.agentic.knowledge_bases.get": [(1000, 60)],
    "developer.agentic.knowledge_bases.other": [(60, 60)],
    "developer.agentic.skills.list": [(1000, 60)],
    "developer.agentic.skills.get": [(1000, 60)],
    "developer.agentic.skills.other": [(60, 60)],
    "developer.collaborator_groups": [(60, 60)],
    "developer.project_grants": [(60, 60)],
    "developer.on_prem": [(60, 60)],
    "developer.custom_oauth_profiles": [(60, 60)],
    "developer.event_streams": [(60, 60)],
    "developer.iam": [(60, 60)],
    "developer.data_tables": [(60, 60)],
    "developer.tags_assignments": [(60, 60)],
    "developer.members.invite": [(60, 60), (1, 1200, "user + workspace id")],
    "developer.members.other": [(60, 60)],
    "developer.recipes.force_run": [(1, 1)],
    "developer.recipes.health_start": [(20, 60)],
    # The vendor's Embedded page says 60 a minute; a client of September 2026 says 1 a second.
    "developer.custom_connectors": [(1, 1)],
    # No page of the vendor states it.
    "developer.mcp_servers": [(60, 60)],
}

OTHER: Final = "other"
"""The group of requests that the catalogue does not know."""

_WITHOUT_FIGURE: Final = {
    "customer": ("connections", "environment_management", "folders", "lookup_tables", "test_automation", OTHER),
    "partner": (
        "connectors",
        "deployments",
        "environment_management",
        "roles",
        "test_automation",
        "workspace",
        OTHER,
    ),
}
"""Groups some of whose calls have no published limit, by scope."""


def assumed(scope: str, group: str = OTHER) -> str:
    """The quota of calls without a published figure: one for each group and scope."""
    return f"assumed.{scope}.{group}"


ASSUMED: Final[dict[str, list[Row]]] = {
    assumed(scope, group): [(60, 60)] for scope, groups in _WITHOUT_FIGURE.items() for group in groups
}
"""The vendor's most usual limit, where it publishes none."""


def explored_quotas(tuning: Tuning) -> frozenset[str]:
    """Names of the quotas that these settings let explore.

    Raises: ConfigError when one of them has a published limit, or does not exist.
    """
    if isinstance(tuning.explore, bool):
        return frozenset(ASSUMED.keys() - tuning.quotas.keys()) if tuning.explore else frozenset()
    for name in tuning.explore:
        if name in DOCUMENTED:
            raise ConfigError(
                f"explore names {name!r}, whose limit the vendor publishes",
                remedy="leave it out; if your plan has another limit, set that in [quotas]",
            )
        if name not in ASSUMED:
            raise ConfigError(
                f"explore names {name!r}, which is not a quota",
                remedy=did_you_mean(name, ASSUMED) or f"use one of {', '.join(ASSUMED)}",
            )
    return frozenset(tuning.explore)
