"""start-recipes: start every recipe of a folder, called recipes before their callers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Recipe
from bulkops.operations._base import Operation, Plan
from bulkops.operations._calls import may_call, start_order
from bulkops.operations._folders import check_name, find_folder, no_folder, recipes_below
from bulkops.operations._foreseen import RECIPE, RECIPES, Foreseen, added
from bulkops.operations._planned import planned_import
from bulkops.operations._switching import all_of, in_start_order, start, stop
from bulkops.steps import Context

_START: Final = "managed_users.recipes.start"


@attrs.frozen
class StartRecipes(Operation):
    """Start the recipes in a folder under Home and in its sub-folders.

    Already so: all of them run. A recipe that cannot be started does not keep the others from being tried; the account
    fails with the first one's recipe, step, field and message. Sends one or two looks and one request a stopped recipe.
    """

    name: ClassVar[str] = "start-recipes"
    affects: ClassVar[frozenset[str]] = frozenset({"recipes"})
    stands_on: ClassVar[frozenset[str]] = frozenset({"folders", "recipes", "connections", "properties", "plan"})
    folder: str = attrs.field(kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_name(self.folder)

    @property
    def title(self) -> str:
        return f"start the recipes of folder {self.folder!r}"

    async def plan(self, ctx: Context) -> Plan | None:
        coming = planned_import(ctx)
        if coming is not None and coming.folder == self.folder:
            if coming.new_recipes is None:
                what = "start the recipes that come (how many is not known before the export)"
                return Plan((what,), {RECIPES: 2, _START: 1})
            folder_id, new, new_callers = coming.folder_id, coming.new_recipes, coming.new_callers
        else:
            folder_id, new, new_callers = await find_folder(ctx, self.folder), 0, 0
            if folder_id is None:
                raise no_folder(ctx, self.folder)
        recipes = [] if folder_id is None else await recipes_below(ctx, folder_id)
        if not recipes and not new:
            raise _empty_folder(self.folder)
        stopped = [recipe for recipe in recipes if not recipe.running]
        count = new + len(stopped)
        if not count:
            return None
        called = new_callers + sum(may_call(recipe.config) for recipe in stopped) if count > 1 else 0
        looks = 1 if folder_id is not None else 2  # an import is looked at once it is there
        requests = {RECIPE: called, RECIPES: looks, _START: count}
        return Plan((f"start {count} recipe{'s' if count != 1 else ''}",), requests)

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        looks = self.look_cost(foreseen)
        return added(looks, foreseen.switches(self.folder, _START, "start"), {RECIPES: 1})

    def look_cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return added(foreseen.find(self.folder), foreseen.recipes_below(self.folder))

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Stop what the run started, callers before the recipes that they call; those that stand still stay so."""
        folder_id = await find_folder(ctx, self.folder)
        if folder_id is None:
            return  # gone with its recipes: nothing of theirs runs
        started = await in_start_order(ctx, folder_id, {int(row.result["started"]) for row in done.values()})
        problems: list[TaskFailed] = []
        for recipe in reversed(started):
            step = f"undo {_step_name(recipe)}"
            if not recipe.running and not ctx.began(step):
                continue
            try:
                await stop(ctx, recipe, step=step)
            except TaskFailed as problem:  # as when recipes are stopped: one does not keep the others running
                problems.append(problem)
        if problems:
            raise all_of(problems)

    async def apply(self, ctx: Context) -> None:
        folder_id = await find_folder(ctx, self.folder)
        if folder_id is None:
            raise no_folder(ctx, self.folder)
        recipes = await recipes_below(ctx, folder_id)
        if not recipes:
            raise _empty_folder(self.folder)
        stopped = [recipe for recipe in recipes if not recipe.running or ctx.began(_step_name(recipe))]
        if not stopped:
            return
        problems: list[TaskFailed] = []
        for recipe in await start_order(ctx, stopped):
            if ctx.result(_step_name(recipe)) is not None:  # started by this run, and stopped again since
                await ctx.reset_step(_step_name(recipe))
            try:
                await start(ctx, recipe, step=_step_name(recipe))
            except TaskFailed as problem:
                problems.append(problem)
        if problems:
            raise all_of(problems)
        await self._check_running(ctx, folder_id, {recipe.id for recipe in stopped})

    async def _check_running(self, ctx: Context, folder_id: int, started: set[int]) -> None:
        """ "Started" is not "runs": a trigger may fail at once. Sends one look."""
        for recipe in await recipes_below(ctx, folder_id):
            if recipe.id in started and not recipe.running:
                why = f" ({recipe.stop_cause})" if recipe.stop_cause else ""
                raise TaskFailed(
                    f"recipe {recipe.name!r} was started and stopped again{why}",
                    failure_class="recipe-stopped-again",
                    remedy="look at the recipe's jobs, then `bulkops retry`",
                )


def _empty_folder(folder: str) -> TaskFailed:
    return TaskFailed(f"folder {folder!r} holds no recipe", failure_class="folder-empty", remedy="import into it first")


def _step_name(recipe: Recipe) -> str:
    return f"start {recipe.id}"
