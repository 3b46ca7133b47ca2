"""Members: the people of a customer's workspace, whom the vendor also calls collaborators."""

from __future__ import annotations

import msgspec

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model


class MemberRole(Model, frozen=True, kw_only=True):
    """Replies say `role_name`; `name` is how requests spell it (vendor facts, section 12)."""

    environment_type: str | None = None
    role_name: str | None = None
    name: str | None = None


class Member(Model, frozen=True, kw_only=True):
    """`role_name`: the role in DEV; `roles`: in every environment to which the member has access, where the reply says
    so. `email` may be absent even if the member has one."""

    id: Id
    name: str | None = None
    email: str | None = None
    external_id: str | None = None
    role_name: str | None = None
    roles: list[MemberRole] = msgspec.field(default_factory=list)
    grant_type: str | None = None
    time_zone: str | None = None
    created_at: Instant | None = None

    def env_roles(self) -> dict[str, str]:
        """Role by environment ("dev", "test", "prod"), as far as the reply said."""
        said = {row.environment_type: row.role_name or row.name for row in self.roles}
        known = {where: role for where, role in said.items() if where and role}
        return known or ({"dev": self.role_name} if self.role_name else {})


class MemberPrivileges(Model, frozen=True, kw_only=True):
    """What a member may do in one environment: actions by area (`Recipes: [read, run]`), in the folders named.

    `name`: of the role; `folder_ids`: empty for all of them.
    """

    environment_type: str
    privileges: dict[str, list[str]]
    name: str | None = None
    folder_ids: list[Id] = msgspec.field(default_factory=list)


class ProjectGrant(Model, frozen=True, kw_only=True):
    """A member's role in one project."""

    project_id: Id
    role_name: str | None = None


class ProjectPrivileges(Model, frozen=True, kw_only=True):
    """What a member may do in one project: actions by area."""

    project_id: Id
    privileges: dict[str, list[str]] = msgspec.field(default_factory=dict)
