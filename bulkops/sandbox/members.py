"""Members: the people of a customer's workspace."""

from __future__ import annotations

from typing import Any, Final

import attrs

SYSTEM_ROLES: Final = frozenset({"Admin", "Analyst", "Operator"})
"""The roles that every workspace has (NOTES section 12)."""

ENVIRONMENTS: Final = ("dev", "test", "prod")

MAX_MEMBERS: Final = 100
"""NOTES section 16."""


@attrs.define(kw_only=True)
class Member:
    """`roles`: role by environment; one that is left out means no access."""

    id: int
    name: str
    email: str | None
    external_id: str | None
    oauth_id: str | None
    roles: dict[str, str]
    time_zone: str
    created_at: str

    @property
    def key(self) -> str:
        """What the ledger calls it: stable when the same person is added twice."""
        return self.external_id or self.name

    def row(self) -> dict[str, Any]:
        """Requests spell a role `name`, replies `role_name` (NOTES section 12)."""
        return {
            "id": self.id,
            "grant_type": "team",
            "role_name": self.roles.get("dev"),
            "roles": [{"environment_type": where, "role_name": role} for where, role in self.roles.items()],
            "external_id": self.external_id,
            "name": self.name,
            "email": self.email,
            "time_zone": self.time_zone,
            "created_at": self.created_at,
        }
