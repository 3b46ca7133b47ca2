"""Connectors: what there is to connect to, and the partner's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.connectors import CONNECTORS
from bulkops.sandbox.handlers._base import Handler
from bulkops.sandbox.request import NOT_FOUND, ApiRequest, Counted, RefusedError, invalid


def list_integrations(request: ApiRequest) -> list[dict[str, Any]]:
    """Those that `applications` names; what is unknown is left out. The vendor's page puts the list into the body of a
    GET, clients put it into the query (vendor facts, section 14): both are read."""
    names = request.words("applications")
    if not names:
        raise invalid("applications", "can't be blank")
    known = map(CONNECTORS.get, names)
    return [connector.metadata() for connector in known if connector is not None]


def list_all_integrations(request: ApiRequest) -> Counted:
    """The one list whose page holds one row unless more are asked for (vendor facts, section 7)."""
    return request.counted([connector.row() for connector in CONNECTORS.values()], usual=1)


def list_custom_connectors(request: ApiRequest) -> list[dict[str, Any]]:
    released_at = request.workspace.home.created_at
    return [each.custom_row(released_at=released_at) for each in CONNECTORS.values() if each.custom is not None]


def get_code(request: ApiRequest) -> dict[str, str]:
    wanted = request.path_id("connector_id")
    for connector in CONNECTORS.values():
        if connector.custom == wanted:
            return {"code": connector.code()}
    raise RefusedError(404, NOT_FOUND)


HANDLERS: Final[Mapping[str, Handler]] = {
    "integrations.list": list_integrations,
    "integrations.all": list_all_integrations,
    "custom_connectors.list": list_custom_connectors,
    "custom_connectors.code": get_code,
}
