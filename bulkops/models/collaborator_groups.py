"""Collaborator groups: people of a workspace who share project roles."""

from __future__ import annotations

from bulkops.models.members import Id
from bulkops.models.model import Model


class CollaboratorGroup(Model, frozen=True, kw_only=True):
    """`id`: a text such as "am-4F3A-9b2c". The group "All collaborators" always exists."""

    id: str
    name: str
    members_count: int | None = None


class GroupMember(Model, frozen=True, kw_only=True):
    """A member of a group. `id`: as in the list of members."""

    id: Id
    name: str | None = None
    email: str | None = None
