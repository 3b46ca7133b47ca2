"""The vendor's quotas: name -> (requests, window in seconds[, what is counted apart]).

"embedded" quotas count per partner workspace: all customers and all tokens share one. "developer" quotas are those of
calls in the partner's own workspace. Source: the vendor's rate-limit and resource pages; figures are defaults,
enterprise plans may have more.
"""

from __future__ import annotations

from typing import Final

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
}

OTHER: Final = "other"
"""The group of requests that the catalogue does not know."""

_WITHOUT_FIGURE: Final = {
    "customer": ("connections", "environment_management", "folders", "lookup_tables", "test_automation", OTHER),
    "partner": (
        "connectors",
        "data_tables",
        "environment_management",
        "members",
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
