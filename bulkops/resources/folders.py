"""Folders of one account."""

from __future__ import annotations

from bulkops.models import CreatedFolder, Folder
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource


class Folders(Resource):
    def list(self, *, parent_id: int | None = None) -> Pages[Folder]:
        """Folders directly in `parent_id` (None: Home). One request a hundred."""
        return self._pages("managed_users.folders.list", Folder, {"parent_id": parent_id})

    async def create(self, name: str, *, parent_id: int | None = None) -> Folder:
        """Create a folder (a project when directly under Home). The server does not refuse a second of the same name.

        Raises: OutcomeUnknown when the reply is lost: `list` the parent before creating it again.
        """
        body = {"name": name} | ({} if parent_id is None else {"parent_id": parent_id})
        made = await self._object("managed_users.folders.create", CreatedFolder, json=body)
        return Folder(
            id=made.id,
            name=name if made.name is None else made.name,
            parent_id=parent_id if made.parent_id is None else made.parent_id,
            is_project=made.is_project,
            project_id=made.project_id,
            created_at=made.created_at,
            updated_at=made.updated_at,
        )
