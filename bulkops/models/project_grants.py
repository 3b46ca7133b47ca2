"""Project roles, and grants of them to groups or members."""

from __future__ import annotations

import attrs

from bulkops.models.members import Id


@attrs.frozen(kw_only=True)
class ProjectRole:
    """`type`: system, custom, inheritable or inherited."""

    id: Id
    name: str
    type: str | None = None


@attrs.frozen(kw_only=True)
class Grantee:
    """Who has the role. `type`: "user_group" (`id` a text) or "user" (`id` a number)."""

    id: int | str
    type: str | None = None
    name: str | None = None


@attrs.frozen(kw_only=True)
class RoleGrant:
    """One role of one group or member, in one environment of a project. `id`: a text such as "pg-4F3A-9b2c"."""

    id: str
    role: ProjectRole
    grantee: Grantee
    project_id: Id | None = None
    environment_type: str | None = None
