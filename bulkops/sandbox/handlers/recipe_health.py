"""What else a recipe of the partner can be asked: counts of jobs, a forced run, a health report."""

from __future__ import annotations

from typing import Any, Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers.recipes import note_recipe, recipe_of
from bulkops.sandbox.request import NUMBER, ApiRequest, RefusedError, there

_REPORTS: Final = "recipe health"


@answers("recipes.job_counts", row="JobCounts")
def count_jobs(request: ApiRequest) -> list[dict[str, Any]]:
    """Of the recipes that the query names, of all when it names none."""
    wanted = {int(text) for text in request.many("recipe_ids") if NUMBER.fullmatch(text)}
    return [
        {
            "recipe_id": recipe.id,
            "job_succeeded_count": recipe.count("succeeded"),
            "job_failed_count": recipe.count("failed"),
        }
        for recipe in request.workspace.recipes.values()
        if not wanted or recipe.id in wanted
    ]


@answers("recipes.force_run")
def force_run(request: ApiRequest) -> None:
    """Raises: RefusedError 400 for a recipe that does not run, by assumption."""
    recipe = recipe_of(request)
    if not recipe.running:
        raise RefusedError(400, "Recipe is not running")
    note_recipe(request, recipe, "forced")


@answers("recipes.health.start")
def start_health(request: ApiRequest) -> None:
    recipe = recipe_of(request)
    request.workspace.shelf(_REPORTS)[str(recipe.id)] = {"recipe_id": recipe.id, "status": "completed", "findings": []}
    note_recipe(request, recipe, "examined")


@answers("recipes.health.get", row="Health")
def get_health(request: ApiRequest) -> dict[str, Any]:
    """404 before the first examination, by assumption."""
    return there(request.workspace.shelf(_REPORTS).get(str(recipe_of(request).id)))
