"""API portals of a customer: they can be seen, and nothing more is known of them."""

from __future__ import annotations

from typing import Any

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest


@answers("managed_users.api_portals.list", row="Portal")
def list_portals(request: ApiRequest) -> list[dict[str, Any]]:
    """One: the call that makes portals is unknown."""
    shelf = request.workspace.shelf("api_portal")
    if not shelf:
        made = {"id": request.workspace.new_id("api_portal"), "name": "Partner portal"}
        shelf[str(made["id"])] = made
    return request.on_page([*shelf.values()])
