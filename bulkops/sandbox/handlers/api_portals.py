"""API portals of a customer: they can be seen, and nothing more is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.exchange import Asked
from bulkops.sandbox.handlers._base import Handler


def list_portals(asked: Asked) -> list[dict[str, Any]]:
    """One, until somebody knows by which call they are made."""
    shelf = asked.workspace.shelf("api_portal")
    if not shelf:
        made = {"id": asked.workspace.new_id("api_portal"), "name": "Partner portal"}
        shelf[str(made["id"])] = made
    return asked.on_page([*shelf.values()])


HANDLERS: Final[Mapping[str, Handler]] = {"managed_users.api_portals.list": list_portals}
