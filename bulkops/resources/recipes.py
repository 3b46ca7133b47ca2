"""Recipes of one account, or of the partner's own workspace, and their versions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bulkops.models import MadeRecipe, PublicRecipe, Recipe, RecipeVersion, StartResult, StopResult
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource
from bulkops.session import decode_error, decode_object


class Recipes(Resource):
    def list(
        self, *, folder_id: int | None = None, running: bool | None = None, exclude_code: bool = True
    ) -> Pages[Recipe]:
        """Recipes, newest id first; `running` True: only those. One request a hundred.

        Whether `folder_id` reaches into sub-folders is not documented.
        """
        query = {"folder_id": folder_id, "running": running, "exclude_code": exclude_code or None}
        return self._pages(self._id("recipes.list"), Recipe, query)

    async def get(self, id: int) -> Recipe:  # noqa: A002 - the API's own word
        """The recipe with its code. Raises: NotFound."""
        return await self._object(self._id("recipes.get"), Recipe, path={"recipe_id": id})

    async def create(
        self,
        name: str,
        *,
        code: str | Mapping[str, Any],
        config: str | Sequence[Mapping[str, Any]] | None = None,
        folder_id: int | None = None,
        description: str | None = None,
    ) -> int:
        """The id of a new recipe, which stands still. `code`, `config`: JSON texts, or what they say.

        Raises: BadRequest; OutcomeUnknown when the reply is lost: `list` the folder before creating it again.
        """
        recipe = _given(name=name, code=code, config=config, folder_id=folder_id, description=description)
        return await self._made("recipes.create", json={"recipe": recipe})

    async def update(
        self,
        id: int,  # noqa: A002
        *,
        name: str | None = None,
        code: str | Mapping[str, Any] | None = None,
        config: str | Sequence[Mapping[str, Any]] | None = None,
        folder_id: int | None = None,
        description: str | None = None,
    ) -> None:
        """Change what is given; each change is a version. Raises: StatusError while it runs; NotFound."""
        recipe = _given(name=name, code=code, config=config, folder_id=folder_id, description=description)
        await self._done(self._id("recipes.update"), path={"recipe_id": id}, json={"recipe": recipe})

    async def copy(self, id: int, *, folder_id: int | None = None) -> int:  # noqa: A002
        """The id of a copy in the same folder, or in another one.

        Raises: NotFound; OutcomeUnknown when the reply is lost: `list` the folder before copying again.
        """
        body = _given(folder_id=folder_id)
        return await self._made("recipes.copy", path={"recipe_id": id}, json=body)

    async def delete(self, id: int) -> None:  # noqa: A002
        """Raises: NotFound if it does not exist."""
        await self._done(self._id("recipes.delete"), path={"recipe_id": id})

    async def connect(self, id: int, *, adapter_name: str, connection_id: int) -> None:  # noqa: A002
        """Point a stopped recipe at another connection for one connector. Raises: BadRequest while it runs."""
        body = {"adapter_name": adapter_name, "connection_id": connection_id}
        await self._done(self._id("recipes.connect"), path={"recipe_id": id}, json=body)

    async def start(self, id: int) -> StartResult:  # noqa: A002
        """Ask for a start. A recipe that cannot start is an answer (`success` False), not an exception."""
        return await self._object(self._id("recipes.start"), StartResult, path={"recipe_id": id})

    async def stop(self, id: int) -> StopResult:  # noqa: A002
        """Ask for a stop; `success` False is an answer, not an exception."""
        return await self._object(self._id("recipes.stop"), StopResult, path={"recipe_id": id})

    async def poll_now(self, id: int) -> None:  # noqa: A002
        """Let its trigger look for new records now. Raises: RateLimited while the trigger rests after errors, or when
        the workspace's own allowance is used up; NotFound."""
        await self._done(self._id("recipes.poll_now"), path={"recipe_id": id})

    async def reset_trigger(self, id: int) -> None:  # noqa: A002
        """Let its trigger begin anew: all records of its source are processed again.

        Raises: OutcomeUnknown when the reply is lost: look at the recipe's jobs before resetting it again.
        """
        await self._done(self._id("recipes.reset_trigger"), path={"recipe_id": id})

    async def _made(self, name: str, **request: Any) -> int:
        reply = await self._send(self._id(name), **request)
        made = decode_object(reply, MadeRecipe)
        id_ = made.new_flow_id if made.id is None else made.id
        if id_ is None:
            raise decode_error(reply, "the id of the new recipe is not in it")
        return id_


class AccountRecipes(Recipes):
    async def share(self, id: int) -> None:  # noqa: A002 - the API's own word
        """Share a recipe that uses a custom connector. No call shows whether it is shared, or unshares it.

        Raises: NotFound; OutcomeUnknown when the reply is lost.
        """
        await self._done("managed_users.recipes.share", path={"recipe_id": id})


class OwnRecipes(Recipes):
    def search(self, applications: str, *, term: str | None = None) -> Pages[PublicRecipe]:
        """Recipes of the vendor's public library that use these applications (names between commas). One request a
        twenty."""
        return self._pages("recipes.search", PublicRecipe, {"applications": applications, "term": term})


class RecipeVersions(Resource):
    def list(self, recipe_id: int) -> Pages[RecipeVersion]:
        """One request a hundred."""
        return self._pages(self._id("recipes.versions.list"), RecipeVersion, {}, path={"recipe_id": recipe_id})


class AccountRecipeVersions(RecipeVersions):
    async def get(self, recipe_id: int, id: int) -> RecipeVersion:  # noqa: A002 - the API's own word
        """Raises: NotFound."""
        path = {"recipe_id": recipe_id, "version_id": id}
        return await self._object("managed_users.recipes.versions.get", RecipeVersion, path=path)

    async def update(self, recipe_id: int, id: int, *, comment: str) -> RecipeVersion:  # noqa: A002
        """Say something about a version. Raises: NotFound."""
        path, body = {"recipe_id": recipe_id, "version_id": id}, {"comment": comment}
        return await self._object("managed_users.recipes.versions.update", RecipeVersion, path=path, json=body)


def _given(**members: Any) -> dict[str, Any]:
    """Members of a recipe as the API takes them: what is nested is a JSON text, ids are texts."""
    return {
        name: value if isinstance(value, str) else str(value) if isinstance(value, int) else json.dumps(value)
        for name, value in members.items()
        if value is not None
    }
