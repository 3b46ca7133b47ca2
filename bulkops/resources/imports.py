"""Package imports into one account."""

from __future__ import annotations

from bulkops.models import ImportStatus
from bulkops.resources._resource import Resource


class Imports(Resource):
    async def create(
        self,
        data: bytes,
        *,
        folder_id: int,
        restart_recipes: bool = False,
        folder_id_for_home_assets: int | None = None,
    ) -> ImportStatus:
        """Import a zip's bytes into a folder; the answer may already be "completed".

        Raises: OutcomeUnknown when the reply is lost. The package id was in it, and imports cannot be listed: only the
        folder's recipes tell whether it ran.
        """
        return await self._object(
            "managed_users.imports.create",
            ImportStatus,
            query={
                "folder_id": folder_id,
                "restart_recipes": restart_recipes,
                "folder_id_for_home_assets": folder_id_for_home_assets,
            },
            data=data,
        )

    async def get(self, package_id: int) -> ImportStatus:
        """How far the import is. A poll: it does not bring the account further in the queues."""
        return await self._object("managed_users.imports.get", ImportStatus, path={"package_id": package_id}, poll=True)
