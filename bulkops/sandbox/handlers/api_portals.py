"""API portals of a customer: they can be seen, and nothing more is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.handlers._base import Handler
from bulkops.sandbox.request import ApiRequest


def list_portals(request: ApiRequest) -> list[dict[str, Any]]:
    """One, until somebody knows by which call they are made."""
    shelf = request.workspace.shelf("api_portal")
    if not shelf:
        made = {"id": request.workspace.new_id("api_portal"), "name": "Partner portal"}
        shelf[str(made["id"])] = made
    return request.on_page([*shelf.values()])


HANDLERS: Final[Mapping[str, Handler]] = {"managed_users.api_portals.list": list_portals}
