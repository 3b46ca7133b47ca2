"""start-recipes and stop-recipes: switch the recipes of a folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Recipe
from bulkops.operations._folder_contents import recipes_below
from bulkops.operations._folders import existing_folder, find_folder, is_folder_name, no_folder
from bulkops.operations._plan import Plan
from bulkops.operations._plan_effects import imagine, is_import_unknown, plan_running
from bulkops.operations._start_order import start_order
from bulkops.operations._switching import Problems, Switch
from bulkops.parameters import parameter
from bulkops.steps import Context


@attrs.frozen(kw_only=True)
class SwitchRecipes(Switch[Recipe]):
    """Base of `StartRecipes` and `StopRecipes`: one switch with two ends."""

    only_requests = True
    affects = frozenset({"recipes"})
    noun = "recipe"
    verbs = ("start", "stop")
    done = ("started", "stopped")
    folder: str = attrs.field(
        validator=is_folder_name, metadata=parameter("Folder under Home, sub-folders included.", metavar="NAME")
    )

    @property
    def title(self) -> str:
        return f"{self.verb} the recipes of folder {self.folder!r}"

    async def plan(self, ctx: Context) -> Plan | None:
        if self.turns_on and is_import_unknown(ctx, self.folder):
            what = "start the recipes that come (how many is not known before the export)"
            return Plan((what,), {"managed_users.recipes.list": 2, "managed_users.recipes.start": 1})
        return await super().plan(ctx)

    async def apply(self, ctx: Context) -> None:
        folder_id = await existing_folder(ctx, self.folder)
        each = {f"further recipe to {self.verb}": 2}
        imagine(ctx, self.folder, folder_id, running=not self.turns_on, active=not self.turns_on, each=each)
        recipes = await recipes_below(ctx, folder_id)
        if not recipes and self.turns_on:
            raise TaskFailed(
                f"folder {self.folder!r} has no recipe", failure_class="folder-empty", remedy="import into it first"
            )
        switched = self.to_switch(ctx, recipes)
        if switched:
            await self._switch_in_order(ctx, switched)
            await ctx.confirm(partial(self._check, ctx, folder_id, {recipe.id for recipe in switched}))

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Switch back the recipes that the run switched; the others stay as they are."""
        folder_id = await find_folder(ctx, self.folder)
        if folder_id is None:
            if self.turns_on:
                return  # the recipes are gone with their folder
            raise no_folder(ctx, self.folder)
        ours = {int(row.result["id"]) for row in done.values()}
        recipes = [recipe for recipe in await recipes_below(ctx, folder_id) if recipe.id in ours]
        await self._switch_in_order(ctx, self.to_switch(ctx, recipes, undo=True), undo=True)

    async def _switch_in_order(self, ctx: Context, recipes: list[Recipe], *, undo: bool = False) -> None:
        """Called recipes start before their callers, and stop after them. Sends one request each, and one for each that
        may call others."""
        ordered = await start_order(ctx, recipes)
        problems = Problems()
        for recipe in ordered if self.turns_on is not undo else reversed(ordered):
            with problems.caught():
                await self.switch(ctx, recipe, undo=undo)
        problems.raise_all()

    async def _check(self, ctx: Context, folder_id: int, switched: Collection[int]) -> None:
        """ "Accepted" does not mean that the recipe stays so: a trigger may fail at once. Sends one request."""
        for recipe in await recipes_below(ctx, folder_id):
            if recipe.id in switched and recipe.running != self.turns_on:
                raise self.switched_back(recipe, on=self.turns_on)

    def switched_back(self, thing: Recipe, *, on: bool) -> TaskFailed:
        what = f"recipe {thing.name!r} was {self.done[not on]}"
        if not on:
            return TaskFailed(
                f"{what}, but is running again",
                failure_class="recipe-runs-again",
                remedy="find out what starts it, then `bulkops retry`",
            )
        return TaskFailed(
            f"{what} and stopped again" + (f" ({thing.stop_cause})" if thing.stop_cause else ""),
            failure_class="recipe-stopped-again",
            remedy="check the recipe's jobs, then `bulkops retry`",
        )

    def is_on(self, thing: Recipe) -> bool:
        return thing.running

    async def is_on_now(self, ctx: Context, thing: Recipe) -> bool | None:
        return (await ctx.account.recipes.get(thing.id)).running

    async def send(self, ctx: Context, thing: Recipe, *, on: bool) -> None:
        if on:
            started = await ctx.account.recipes.start(thing.id)
            said = None if started.success else "; ".join(str(problem) for problem in started.problems()[:3])
            remedy = "correct it (often a connection is not authorized), then `bulkops retry`"
        else:
            stopped = await ctx.account.recipes.stop(thing.id)
            said = None if stopped.success else stopped.message or ""
            remedy = "check the recipe, then `bulkops retry`"
        if said is not None:
            raise TaskFailed(
                f"recipe {thing.name!r} cannot be {self.done[not on]}: {said or 'the vendor gives no reason'}",
                failure_class=f"recipe-not-{self.done[not on]}",
                remedy=remedy,
            )

    def foresee(self, ctx: Context, thing: Recipe, *, on: bool) -> None:
        plan_running(ctx, thing.id, running=on)


@attrs.frozen
class StartRecipes(SwitchRecipes):
    """Start the recipes in a folder of each account.

    Called recipes start before their callers. Running recipes are left alone.

    Tries every recipe; the account fails with the first problem's recipe, step, field and message. Requests: one or two
    to list the recipes, and one per stopped recipe.
    """

    name = "start-recipes"
    examples = ("start-recipes --folder CRM --accounts customers.csv",)
    stands_on = frozenset({"folders", "recipes", "connections", "properties", "plan"})
    turns_on = True


@attrs.frozen
class StopRecipes(SwitchRecipes):
    """Stop the recipes in a folder of each account.

    Callers stop before the recipes that they call. Stopped recipes are left alone.

    Tries every recipe. Requests: one or two to list the recipes, and one per running recipe. Undo starts the recipes
    that it stopped.
    """

    name = "stop-recipes"
    examples = ("stop-recipes --folder CRM --accounts customers.csv",)
    stands_on = frozenset({"recipes"})
    turns_on = False
