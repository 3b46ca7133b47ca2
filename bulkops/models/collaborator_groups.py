"""Collaborator groups: people of a workspace who share project roles."""

from __future__ import annotations

import attrs

from bulkops.models.members import Id


@attrs.frozen(kw_only=True)
class CollaboratorGroup:
    """`id`: a text such as "am-4F3A-9b2c". The group "All collaborators" always exists."""

    id: str
    name: str
    members_count: int | None = None


@attrs.frozen(kw_only=True)
class GroupMember:
    """A member of a group. `id`: as in the list of members."""

    id: Id
    name: str | None = None
    email: str | None = None
