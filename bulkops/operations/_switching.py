"""Recipes on and off: the steps that start-recipes, stop-recipes and their undoing share."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bulkops.errors import TaskFailed
from bulkops.models import Recipe, StartProblem
from bulkops.operations._calls import start_order
from bulkops.operations._folders import recipes_below
from bulkops.steps import Context, Intent


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

    await ctx.step(step, send, probe=probe, repeatable=True, data={"recipe": recipe.name})


async def stop(ctx: Context, recipe: Recipe, *, step: str) -> None:
    """Stop a recipe in one durable step. Raises: TaskFailed."""

    async def send() -> Any:
        answer = await ctx.account.recipes.stop(recipe.id)
        if not answer.success:
            said = answer.message or "the vendor gives no reason"
            raise TaskFailed(
                f"recipe {recipe.name!r} cannot be stopped: {said}",
                failure_class="recipe-not-stopped",
                remedy="look at the recipe, then `bulkops retry`",
            )
        return {"stopped": recipe.id}

    async def probe(_: Intent) -> Any:
        now = await ctx.account.recipes.get(recipe.id)
        return None if now.running else {"stopped": recipe.id}

    await ctx.step(step, send, probe=probe, repeatable=True, data={"recipe": recipe.name})


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
        remedy="correct it (a connection that is not authorised?), then `bulkops retry`",
    )
