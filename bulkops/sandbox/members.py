"""Members: the people of a customer's workspace."""

from __future__ import annotations

from typing import Any, Final

import attrs

ENVIRONMENTS: Final = ("dev", "test", "prod")

TIME_ZONE: Final = "Pacific Time (US & Canada)"

MAX_MEMBERS: Final = 100
"""Vendor facts, section 16."""


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
        """Requests spell a role `name`, replies `role_name` (vendor facts, section 12)."""
        return attrs.asdict(self, filter=attrs.filters.exclude("oauth_id")) | {
            "grant_type": "team",
            "role_name": self.roles.get("dev"),
            "roles": [{"environment_type": where, "role_name": role} for where, role in self.roles.items()],
        }

    def short(self) -> dict[str, Any]:
        """As other nouns show their people."""
        return {"id": self.id, "name": self.name, "email": self.email}


def partners_people(now: str) -> dict[int, Member]:
    """Who works at the partner from the start: whom customer managers are made of."""
    return {
        4400 + n: Member(
            id=4400 + n,
            name=name,
            email=f"{name.split()[0].lower()}@partner.example",
            external_id=None,
            oauth_id=None,
            roles={"dev": role},
            time_zone=TIME_ZONE,
            created_at=now,
        )
        for n, (name, role) in enumerate([("Lee Park", "Admin"), ("Sam Rivera", "Analyst"), ("Kim Novak", "Operator")])
    }
