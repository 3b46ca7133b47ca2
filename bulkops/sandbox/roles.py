"""Roles: those that every workspace has, those that were made, and what each one allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bulkops.sandbox.workspace import Workspace

_RECIPES: Final = ["read", "create", "update", "delete", "run", "read_run_history"]
_CONNECTIONS: Final = ["read", "create", "update", "delete"]
_LOOKUP_TABLES: Final = ["read", "create", "update_records", "delete", "update_schema"]

SYSTEM: Final[tuple[Mapping[str, Any], ...]] = tuple(
    {"id": id_, "name": name, "type": "system", "privileges": privileges}
    for id_, name, privileges in (
        (2, "Admin", {"Recipes": _RECIPES, "Connections": _CONNECTIONS, "Lookup tables": _LOOKUP_TABLES}),
        (3, "Analyst", {"Recipes": _RECIPES, "Connections": _CONNECTIONS, "Lookup tables": _LOOKUP_TABLES[:3]}),
        (4, "Operator", {"Recipes": ["read", "run", "read_run_history"], "Connections": ["read"]}),
    )
)
"""The system's roles (vendor facts, section 12), with their ids. What each may do is a guess in the vendor's words."""

CUSTOM: Final = "role"
"""The shelf of legacy roles."""

ENVIRONMENT: Final = "environment_role"
"""The shelf of environment roles."""

PARTNERS: Final[tuple[Mapping[str, Any], ...]] = tuple(
    {
        "id": id_,
        "name": name,
        "inheritable": inheritable,
        "all_folders": True,
        "folder_ids": [],
        "privileges": {"Recipes": _RECIPES, "Connections": ["read"]},
    }
    for id_, name, inheritable in ((247, "Customer Admin", False), (310, "Integrator", True))
)
"""What the partner has made of its own: the inheritable one counts in every customer's workspace too."""


def role_named(name: str, workspace: Workspace, partner: Workspace) -> Mapping[str, Any] | None:
    """The role that members of `workspace` may have by this name, with `privileges` and perhaps `folder_ids`."""
    shelves = (workspace.shelf(ENVIRONMENT, SYSTEM), workspace.shelf(CUSTOM))
    made = (*(role for shelf in shelves for role in shelf.values()), *inheritable(partner))
    return next((role for role in made if role["name"] == name), None)


def inheritable(partner: Workspace) -> Iterator[Mapping[str, Any]]:
    """The partner's roles that its customers have too."""
    return (role for role in partner.shelf(CUSTOM).values() if role["inheritable"])


def group_by_id(role_id: int, partner: Workspace) -> dict[str, Any] | None:
    """What customer managers may be: a role of the partner, or one that every workspace has, as they show it."""
    found = next((role for role in (*SYSTEM, *partner.shelf(CUSTOM).values()) if role["id"] == role_id), None)
    return None if found is None else {"id": role_id, "name": found["name"], "system": found in SYSTEM}
