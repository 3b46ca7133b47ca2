"""`start-recipes` and `stop-recipes`, and their steps for other operations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any, ClassVar

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Recipe, StartProblem
from bulkops.operations._base import Operation, Plan
from bulkops.operations._folders import check_name, find_folder, no_folder, recipes_below
from bulkops.operations._plan_effects import is_import_unknown, plan_running
from bulkops.operations._start_order import start_order
from bulkops.operations.foreseen import RECIPES, Foreseen, added
from bulkops.parameters import parameter
from bulkops.steps import Context, Intent, Probe


async def start(ctx: Context, recipe: Recipe, *, step: str) -> None:
    """Start a recipe in one durable step. Raises: TaskFailed with the recipe's own reasons."""

    async def send() -> Any:
        answer = await ctx.account.recipes.start(recipe.id)
        if not answer.success:
            raise _not_started(recipe, answer.problems())
        return {"started": recipe.id}

    async def probe(_: Intent) -> Any:
        now = await ctx.account.recipes.get(recipe.id)
        return {"started": recipe.id} if now.running else None

    await _switch(ctx, recipe, step, send, probe, {"started": recipe.id})


async def stop(ctx: Context, recipe: Recipe, *, step: str) -> None:
    """Stop a recipe in one durable step. Raises: TaskFailed."""

    async def send() -> Any:
        answer = await ctx.account.recipes.stop(recipe.id)
        if not answer.success:
            said = answer.message or "the vendor gives no reason"
            raise TaskFailed(
                f"recipe {recipe.name!r} cannot be stopped: {said}",
                failure_class="recipe-not-stopped",
                remedy="check the recipe, then `bulkops retry`",
            )
        return {"stopped": recipe.id}

    async def probe(_: Intent) -> Any:
        now = await ctx.account.recipes.get(recipe.id)
        return None if now.running else {"stopped": recipe.id}

    await _switch(ctx, recipe, step, send, probe, {"stopped": recipe.id})


async def _switch(
    ctx: Context, recipe: Recipe, step: str, send: Callable[[], Awaitable[Any]], probe: Probe, planned: Any
) -> None:
    says = [f"{'stop' if recipe.running else 'start'} 1 recipe"]
    await ctx.step(step, send, probe=probe, repeatable=True, data={"recipe": recipe.name}, planned=planned, says=says)
    if ctx.planning:
        plan_running(ctx, recipe.id, running=not recipe.running)


async def in_start_order(ctx: Context, folder_id: int, ids: Collection[int]) -> list[Recipe]:
    """Those of the folder's recipes that have these ids, called recipes before their callers. Those that are gone are
    left out. Sends a look, and one request for each recipe that may call others."""
    return await start_order(ctx, [recipe for recipe in await recipes_below(ctx, folder_id) if recipe.id in ids])


def all_of(problems: list[TaskFailed]) -> TaskFailed:
    """One failure that says them all, or the most important of them."""
    first = problems[0]
    if len(problems) == 1:
        return first
    return TaskFailed(
        f"{first.message}; and {len(problems) - 1} more: {', '.join(problem.message for problem in problems[1:4])}",
        failure_class=first.failure_class,
        cause=f"{first.cause}; and {len(problems) - 1} more",
        remedy=first.remedy,
    )


def _not_started(recipe: Recipe, problems: list[StartProblem]) -> TaskFailed:
    said = "; ".join(str(problem) for problem in problems[:3]) or "the vendor gives no reason"
    return TaskFailed(
        f"recipe {recipe.name!r} cannot be started: {said}",
        failure_class="recipe-not-started",
        remedy="correct it (often a connection is not authorized), then `bulkops retry`",
    )


@attrs.frozen(kw_only=True)
class SwitchRecipes(Operation):
    """Base of `StartRecipes` and `StopRecipes`: one switch with two ends."""

    affects: ClassVar[frozenset[str]] = frozenset({"recipes"})
    only_requests: ClassVar[bool] = True
    turns_on: ClassVar[bool]
    folder: str = attrs.field(metadata=parameter("Folder under Home, sub-folders included.", metavar="NAME"))

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        check_name(self.folder)

    @property
    def title(self) -> str:
        return f"{self._verb} the recipes of folder {self.folder!r}"

    @property
    def _verb(self) -> str:
        return "start" if self.turns_on else "stop"

    @property
    def _call(self) -> str:
        return f"managed_users.recipes.{self._verb}"

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        looks = self.look_cost(foreseen)
        return added(looks, foreseen.switches(self.folder, self._call, self._verb), {RECIPES: 1})

    def look_cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return added(foreseen.find(self.folder), foreseen.recipes_below(self.folder))

    async def plan(self, ctx: Context) -> Plan | None:
        if self.turns_on and is_import_unknown(ctx, self.folder):
            what = "start the recipes that come (how many is not known before the export)"
            return Plan((what,), {RECIPES: 2, self._call: 1})
        return await super().plan(ctx)

    async def apply(self, ctx: Context) -> None:
        folder_id = await find_folder(ctx, self.folder)
        if folder_id is None:
            raise no_folder(ctx, self.folder)
        recipes = await recipes_below(ctx, folder_id)
        if not recipes and self.turns_on:
            raise _empty_folder(self.folder)
        switched = [one for one in recipes if one.running != self.turns_on or ctx.began(self._step_name(one))]
        if not switched:
            return
        ordered = await start_order(ctx, switched)
        problems: list[TaskFailed] = []
        for recipe in ordered if self.turns_on else reversed(ordered):
            step = self._step_name(recipe)
            if ctx.result(step) is not None:  # switched by this run, and switched back since
                await ctx.reset_step(step)
            await _try(problems, ctx, recipe, step, turn_on=self.turns_on)
        _raise_all(problems)
        await ctx.confirm(partial(self._check, ctx, folder_id, {recipe.id for recipe in switched}))

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Switch back the recipes that the run switched; the others stay as they are."""
        folder_id = await find_folder(ctx, self.folder)
        if folder_id is None:
            if self.turns_on:
                return  # the recipes are gone with their folder
            raise no_folder(ctx, self.folder)
        key = "started" if self.turns_on else "stopped"
        ordered = await in_start_order(ctx, folder_id, {int(row.result[key]) for row in done.values()})
        problems: list[TaskFailed] = []
        for recipe in reversed(ordered) if self.turns_on else ordered:
            step = f"undo {self._step_name(recipe)}"
            if recipe.running == self.turns_on or ctx.began(step):
                await _try(problems, ctx, recipe, step, turn_on=not self.turns_on)
        _raise_all(problems)

    async def _check(self, ctx: Context, folder_id: int, switched: set[int]) -> None:
        """ "Accepted" does not mean that the recipe stays so: a trigger may fail at once. Sends one request."""
        for recipe in await recipes_below(ctx, folder_id):
            if recipe.id in switched and recipe.running != self.turns_on:
                raise _switched_back(recipe)

    def _step_name(self, recipe: Recipe) -> str:
        return f"{self._verb} {recipe.id}"


@attrs.frozen
class StartRecipes(SwitchRecipes):
    """Start the recipes in a folder of each account.

    Called recipes start before their callers. Running recipes are left alone.

    Tries every recipe; the account fails with the first problem's recipe, step, field and message. Requests: one or two
    to list the recipes, and one per stopped recipe.
    """

    name: ClassVar[str] = "start-recipes"
    examples: ClassVar[tuple[str, ...]] = ("start-recipes --folder CRM --accounts customers.csv",)
    stands_on: ClassVar[frozenset[str]] = frozenset({"folders", "recipes", "connections", "properties", "plan"})
    turns_on: ClassVar[bool] = True


@attrs.frozen
class StopRecipes(SwitchRecipes):
    """Stop the recipes in a folder of each account.

    Callers stop before the recipes that they call. Stopped recipes are left alone.

    Tries every recipe. Requests: one or two to list the recipes, and one per running recipe. Undo starts the recipes
    that it stopped.
    """

    name: ClassVar[str] = "stop-recipes"
    examples: ClassVar[tuple[str, ...]] = ("stop-recipes --folder CRM --accounts customers.csv",)
    stands_on: ClassVar[frozenset[str]] = frozenset({"recipes"})
    turns_on: ClassVar[bool] = False


async def _try(problems: list[TaskFailed], ctx: Context, recipe: Recipe, step: str, *, turn_on: bool) -> None:
    """Switch one recipe; a recipe that cannot be switched does not keep the others from it."""
    try:
        await (start if turn_on else stop)(ctx, recipe, step=step)
    except TaskFailed as problem:
        problems.append(problem)


def _raise_all(problems: list[TaskFailed]) -> None:
    if problems:
        raise all_of(problems)


def _switched_back(recipe: Recipe) -> TaskFailed:
    if recipe.running:
        return TaskFailed(
            f"recipe {recipe.name!r} was stopped, but is running again",
            failure_class="recipe-runs-again",
            remedy="find out what starts it, then `bulkops retry`",
        )
    why = f" ({recipe.stop_cause})" if recipe.stop_cause else ""
    return TaskFailed(
        f"recipe {recipe.name!r} was started and stopped again{why}",
        failure_class="recipe-stopped-again",
        remedy="check the recipe's jobs, then `bulkops retry`",
    )


def _empty_folder(folder: str) -> TaskFailed:
    return TaskFailed(f"folder {folder!r} has no recipe", failure_class="folder-empty", remedy="import into it first")
