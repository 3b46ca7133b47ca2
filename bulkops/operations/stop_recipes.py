"""stop-recipes: stop every recipe of a folder, callers before the recipes that they call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Recipe
from bulkops.operations._base import Operation, Plan
from bulkops.operations._calls import callers, start_order
from bulkops.operations._folders import check_name, find_folder, no_folder, recipes_below
from bulkops.operations._foreseen import RECIPE, RECIPES, Foreseen, added
from bulkops.operations._planned import planned_import
from bulkops.operations._switching import all_of, in_start_order, start, stop
from bulkops.steps import Context

_STOP: Final = "managed_users.recipes.stop"


@attrs.frozen
class StopRecipes(Operation):
    """Stop the recipes in a folder under Home and in its sub-folders.

    Already so: none of them runs. A recipe that cannot be stopped does not keep the others from being tried. Sends one
    or two looks and one request a running recipe. Undone, the recipes that it stopped are started again.
    """

    name: ClassVar[str] = "stop-recipes"
    affects: ClassVar[frozenset[str]] = frozenset({"recipes"})
    stands_on: ClassVar[frozenset[str]] = frozenset({"recipes"})
    folder: str = attrs.field(kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_name(self.folder)

    @property
    def title(self) -> str:
        return f"stop the recipes of folder {self.folder!r}"

    async def plan(self, ctx: Context) -> Plan | None:
        """An import that a plan foresees brings stopped recipes: there is nothing of it to stop."""
        coming = planned_import(ctx)
        folder_id = await find_folder(ctx, self.folder)
        if folder_id is None:
            if coming is not None and coming.folder == self.folder:
                return None
            raise no_folder(ctx, self.folder)
        running = [recipe for recipe in await recipes_below(ctx, folder_id) if recipe.running]
        count = len(running)
        if not count:
            return None
        requests = {RECIPE: callers(running), RECIPES: 1, _STOP: count}
        return Plan((f"stop {count} recipe{'s' if count != 1 else ''}",), requests)

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        looks = self.look_cost(foreseen)
        return added(looks, foreseen.switches(self.folder, _STOP, "stop"), {RECIPES: 1})

    def look_cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return added(foreseen.find(self.folder), foreseen.recipes_below(self.folder))

    async def apply(self, ctx: Context) -> None:
        folder_id = await find_folder(ctx, self.folder)
        if folder_id is None:
            raise no_folder(ctx, self.folder)
        recipes = await recipes_below(ctx, folder_id)
        running = [recipe for recipe in recipes if recipe.running or ctx.began(_step_name(recipe))]
        problems: list[TaskFailed] = []
        for recipe in reversed(await start_order(ctx, running)):
            if ctx.result(_step_name(recipe)) is not None:  # stopped by this run, and started again since
                await ctx.reset_step(_step_name(recipe))
            try:
                await stop(ctx, recipe, step=_step_name(recipe))
            except TaskFailed as problem:
                problems.append(problem)
        if problems:
            raise all_of(problems)
        if running:
            await self._check_stopped(ctx, folder_id, {recipe.id for recipe in running})

    async def _check_stopped(self, ctx: Context, folder_id: int, stopped: set[int]) -> None:
        """ "Accepted" is not "stopped". Sends one look."""
        for recipe in await recipes_below(ctx, folder_id):
            if recipe.id in stopped and recipe.running:
                raise TaskFailed(
                    f"recipe {recipe.name!r} was stopped and runs again",
                    failure_class="recipe-runs-again",
                    remedy="see who starts it, then `bulkops retry`",
                )

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Start what the run stopped, called recipes before their callers; those that run are left alone."""
        folder_id = await find_folder(ctx, self.folder)
        if folder_id is None:
            raise no_folder(ctx, self.folder)
        problems: list[TaskFailed] = []
        for recipe in await in_start_order(ctx, folder_id, {int(row.result["stopped"]) for row in done.values()}):
            step = f"undo {_step_name(recipe)}"
            if recipe.running and not ctx.began(step):
                continue
            try:
                await start(ctx, recipe, step=step)
            except TaskFailed as problem:
                problems.append(problem)
        if problems:
            raise all_of(problems)


def _step_name(recipe: Recipe) -> str:
    return f"stop {recipe.id}"
