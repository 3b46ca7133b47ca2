"""Project roles, and grants of them to groups or members."""

from __future__ import annotations

from bulkops.models.members import Id
from bulkops.models.model import Model


class ProjectRole(Model, frozen=True, kw_only=True):
    """`type`: system, custom, inheritable or inherited."""

    id: Id
    name: str
    type: str | None = None


class Grantee(Model, frozen=True, kw_only=True):
    """Who has the role. `type`: "user_group" (`id` a text) or "user" (`id` a number)."""

    id: int | str
    type: str | None = None
    name: str | None = None


class RoleGrant(Model, frozen=True, kw_only=True):
    """One role of one group or member, in one environment of a project. `id`: a text such as "pg-4F3A-9b2c"."""

    id: str
    role: ProjectRole
    grantee: Grantee
    project_id: Id | None = None
    environment_type: str | None = None
