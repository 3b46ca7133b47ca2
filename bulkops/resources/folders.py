"""Folders and projects of one account, or of the partner's own workspace."""

from __future__ import annotations

from typing import Any

from bulkops.models import CreatedFolder, Folder, Project
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource, given


class Folders(Resource):
    def list(self, *, parent_id: int | None = None) -> Pages[Folder]:
        """Folders directly in `parent_id` (None: Home). One request a hundred."""
        return self._pages(self._id("folders.list"), Folder, {"parent_id": parent_id})

    async def find(self, name: str, *, parent_id: int | None = None) -> Folder | None:
        """The folder of exactly this name in `parent_id` (None: Home), or None. Of several, the one listed first."""
        async for folder in self.list(parent_id=parent_id):
            if folder.name == name:
                return folder
        return None

    async def create(self, name: str, *, parent_id: int | None = None) -> Folder:
        """Create a folder (a project when directly under Home). The server does not refuse a second of the same name.

        Raises: OutcomeUnknown when the reply is lost: `find` it before creating it again.
        """
        body = given(name=name, parent_id=parent_id)
        made = await self._object(self._id("folders.create"), CreatedFolder, json=body)
        return Folder(
            id=made.id,
            name=name if made.name is None else made.name,
            parent_id=parent_id if made.parent_id is None else made.parent_id,
            is_project=made.is_project,
            project_id=made.project_id,
            created_at=made.created_at,
            updated_at=made.updated_at,
        )

    async def update(self, id: int, *, name: str | None = None, parent_id: int | None = None) -> Folder:  # noqa: A002
        """Rename it, or move it into `parent_id`; what is None stays. Raises: NotFound."""
        body = given(name=name, parent_id=parent_id)
        return await self._object(self._id("folders.update"), Folder, path={"folder_id": id}, json=body)

    async def delete(self, id: int, *, force: bool = False) -> None:  # noqa: A002
        """Delete an empty folder; with `force` also one with recipes and connections in it, which go too.

        Raises: NotFound if it does not exist; Forbidden for one that is not empty, or Home.
        """
        query = {"force": True} if force else {}
        await self._done(self._id("folders.delete"), path={"folder_id": id}, query=query)


class Projects(Resource):
    def list(self) -> Pages[Project]:
        """The folders directly under Home, as projects. One request a hundred."""
        return self._pages(self._id("projects.list"), Project, {})

    async def delete(self, id: int) -> None:  # noqa: A002 - the API's own word
        """Delete it with everything in it. `id`: of the project, not of its folder. Raises: NotFound, Forbidden."""
        await self._done(self._id("projects.delete"), path={"project_id": id})


class AccountProjects(Projects):
    async def update(self, id: int, **members: Any) -> Project:  # noqa: A002 - the API's own word
        """Change what `members` names: `name`, `description`. Raises: NotFound."""
        return await self._object("managed_users.projects.update", Project, path={"project_id": id}, json=members)
