"""Recipes of one account."""

from __future__ import annotations

from bulkops.models import Recipe, StartResult, StopResult
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource


class Recipes(Resource):
    def list(
        self, *, folder_id: int | None = None, running: bool | None = None, exclude_code: bool = True
    ) -> Pages[Recipe]:
        """Recipes, newest id first; `running` True: only those. One request a hundred.

        Whether `folder_id` reaches into sub-folders is not documented.
        """
        query = {"folder_id": folder_id, "running": running, "exclude_code": exclude_code or None}
        return self._pages("managed_users.recipes.list", Recipe, query)

    async def get(self, id: int) -> Recipe:  # noqa: A002 - the API's own word
        """The recipe with its code. Raises: NotFound."""
        return await self._object("managed_users.recipes.get", Recipe, path={"recipe_id": id})

    async def start(self, id: int) -> StartResult:  # noqa: A002
        """Ask for a start. A recipe that cannot start is an answer (`success` False), not an exception."""
        return await self._object("managed_users.recipes.start", StartResult, path={"recipe_id": id})

    async def stop(self, id: int) -> StopResult:  # noqa: A002
        """Ask for a stop; `success` False is an answer, not an exception."""
        return await self._object("managed_users.recipes.stop", StopResult, path={"recipe_id": id})
