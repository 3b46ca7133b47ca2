"""Connectors: what there is to connect to, and the partner's own."""

from __future__ import annotations

from typing import Any

from bulkops.sandbox.connectors import CONNECTORS
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest, Counted, invalid, there


@answers("integrations.list", row="Integration")
def list_integrations(request: ApiRequest) -> list[dict[str, Any]]:
    """Those that `applications` names; what is unknown is left out. The vendor's page puts the list into the body of a
    GET, clients put it into the query (vendor facts, section 14): both are read."""
    names = request.words("applications")
    if not names:
        raise invalid("applications", "can't be blank")
    known = map(CONNECTORS.get, names)
    return [connector.metadata() for connector in known if connector is not None]


@answers("integrations.all", row="Platform")
def list_all_integrations(request: ApiRequest) -> Counted:
    """The one list whose page holds one row unless more are asked for (vendor facts, section 7)."""
    return request.counted([connector.row() for connector in CONNECTORS.values()], usual=1)


@answers("custom_connectors.list", row="Connector")
def list_custom_connectors(request: ApiRequest) -> list[dict[str, Any]]:
    released_at = request.workspace.home.created_at
    return [each.custom_row(released_at=released_at) for each in CONNECTORS.values() if each.custom is not None]


@answers("custom_connectors.code", row="ConnectorCode")
def get_code(request: ApiRequest) -> dict[str, str]:
    wanted = request.path_id("connector_id")
    found = next((connector for connector in CONNECTORS.values() if connector.custom == wanted), None)
    return {"code": there(found).code()}
