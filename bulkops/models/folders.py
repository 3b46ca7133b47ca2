"""Folders and projects of a workspace."""

from __future__ import annotations

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model


class Folder(Model, frozen=True, kw_only=True):
    id: Id
    name: str
    parent_id: Id | None = None
    is_project: bool | None = None
    project_id: Id | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class CreatedFolder(Model, frozen=True, kw_only=True):
    """The reply to a create: the whole folder now, `{"id": ...}` alone in its oldest form."""

    id: Id
    name: str | None = None
    parent_id: Id | None = None
    is_project: bool | None = None
    project_id: Id | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class Project(Model, frozen=True, kw_only=True):
    """A folder directly under Home, as the calls for projects show it. `id`: of the project, not of its folder."""

    id: Id
    name: str
    folder_id: Id | None = None
    description: str | None = None
