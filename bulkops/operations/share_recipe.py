"""share-recipe: share the recipes of a folder that use custom connectors."""

from __future__ import annotations

from typing import Any, Final

import attrs

from bulkops.errors import TaskUnknown
from bulkops.models import Recipe
from bulkops.operations._base import Operation
from bulkops.operations._folder_contents import recipes_below
from bulkops.operations._folders import existing_folder, is_folder_name
from bulkops.operations._plan_effects import foreseen_of, plan_notes
from bulkops.operations.ensure import Ensure
from bulkops.operations.package import is_custom
from bulkops.parameters import parameter
from bulkops.steps import Context, Intent

_FACT: Final = "recipe-shared"


@attrs.frozen(kw_only=True)
class ShareRecipe(Operation):
    """Share the recipes of a folder that use custom connectors.

    A recipe that an earlier run of the journal has shared is left alone.

    The vendor does not show which recipes are shared, nor say whether sharing twice is harmless. So another journal
    shares again, and after a lost response the account ends as `unknown`. Sends two reads and one request for each such
    recipe. It cannot be undone: the API has no call for that.
    """

    name = "share-recipe"
    only_requests = True
    examples = ("share-recipe --folder CRM --accounts all",)
    affects = frozenset({"shares"})
    stands_on = frozenset({"folders", "recipes"})
    folder: str = attrs.field(
        validator=is_folder_name, metadata=parameter("Folder under Home, sub-folders included.", metavar="NAME")
    )

    @property
    def title(self) -> str:
        return f"share the recipes of folder {self.folder!r} that use custom connectors"

    async def apply(self, ctx: Context) -> None:
        folder_id = await existing_folder(ctx, self.folder)
        foreseen = foreseen_of(ctx)
        if foreseen is not None:
            foreseen.more["recipe to share"] = 1
        recipes = await recipes_below(ctx, folder_id)
        found = [recipe for recipe in recipes if any(is_custom(row.get("provider")) for row in recipe.config)]
        if not found and not ctx.planning:
            ctx.add_note(f"no recipe of folder {self.folder!r} uses a custom connector")
        for recipe in found:
            await _EnsureShared(step=f"share {recipe.id}", recipe=recipe, says="share 1 recipe").apply(ctx)


@attrs.frozen(kw_only=True)
class _EnsureShared(Ensure[bool]):
    """Desired state: a run of this journal has shared the recipe."""

    recipe: Recipe

    async def find(self, ctx: Context) -> bool | None:
        key = str(self.recipe.id)
        return key in plan_notes(ctx, _FACT) or bool(await ctx.recall(_FACT, key)) or None

    async def create(self, ctx: Context) -> Any:
        await ctx.account.recipes.share(self.recipe.id)
        await ctx.remember(_FACT, str(self.recipe.id), True)
        return self.planned()

    def planned(self) -> Any:
        return {"id": self.recipe.id}

    def foresee(self, ctx: Context, found: bool | None) -> None:
        plan_notes(ctx, _FACT)[str(self.recipe.id)] = True

    async def probe(self, ctx: Context, intent: Intent) -> Any:
        """Raises: TaskUnknown unless the response arrived: no read shows a share."""
        if await self.find(ctx):
            return self.planned()
        raise TaskUnknown(
            f"whether recipe {self.recipe.name!r} was shared is unknown: no read shows it",
            cause="whether a recipe was shared is unknown: no read shows it",
            remedy="look at the recipe in the workspace; a new run shares it again",
        )
