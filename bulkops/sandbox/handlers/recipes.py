"""Recipes: list, search, get, start, stop; and what else one of the partner can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.public_recipes import PUBLIC_RECIPES
from bulkops.sandbox.recipes import Recipe
from bulkops.sandbox.request import NUMBER, ApiRequest, RefusedError, there
from bulkops.sandbox.workspace import TAGS_OF

_SEARCH_PAGE: Final = 20
_REPORTS: Final = "recipe health"


@answers("[managed_users.]recipes.list", row="Recipe")
def list_recipes(request: ApiRequest) -> list[dict[str, Any]]:
    """In descending id. `since_id` asks for ids below it; `folder_id` means that folder alone, without sub-folders."""
    page, per_page = request.page()
    exclude_code = bool(request.flag("exclude_code"))
    wanted = islice(_wanted(request), (page - 1) * per_page, page * per_page)
    rows = [recipe.row(exclude_code=exclude_code) for recipe in wanted]
    if "tags" in request.many("includes"):
        tags = request.workspace.shelf(TAGS_OF)
        return [row | {"tags": list(tags.get(f"recipe {row['id']}", ()))} for row in rows]
    return rows


answers("[managed_users.]recipes.get", row="Recipe")(lambda request: recipe_of(request).row(exclude_code=False))


@answers("recipes.search", row="RecipeHead")
def search_recipes(request: ApiRequest) -> list[dict[str, Any]]:
    """Public recipes, those with `applications` and `term` in them; pages of twenty, the first one is 0."""
    wanted, term = set(request.words("applications")), str(request.said().get("term") or "").lower()
    found = [
        row
        for row in PUBLIC_RECIPES
        if wanted <= set(row["applications"]) and term in f"{row['name']} {row['description']}".lower()
    ]
    page, per_page = request.number("page") or 0, min(request.number("per_page") or _SEARCH_PAGE, _SEARCH_PAGE)
    return found[page * per_page : (page + 1) * per_page]


@answers("[managed_users.]recipes.start", row="Verdict")
def start_recipe(request: ApiRequest) -> dict[str, Any] | None:
    """200 with `success: false` when its connections are not ready; starting a running recipe is a success."""
    recipe = recipe_of(request)
    if recipe.running:
        _refuse_again(request, "running")
        return None
    problems = recipe.problems(request.workspace.connections)
    if problems:
        return {"success": False, "code_errors": [], "config_errors": _listed(request, problems)}
    recipe.running = True
    recipe.updated_at = request.state.clock.stamp()
    note_recipe(request, recipe, "started")
    return None


@answers("[managed_users.]recipes.stop", row="Verdict")
def stop_recipe(request: ApiRequest) -> None:
    recipe = recipe_of(request)
    if recipe.running:
        recipe.running = False
        recipe.stopped_at = recipe.updated_at = request.state.clock.stamp()
        note_recipe(request, recipe, "stopped")
    else:
        _refuse_again(request, "stopped")


def _refuse_again(request: ApiRequest, state: str) -> None:
    if request.assumptions.start_running == "refused":
        raise RefusedError(400, f"The recipe is already {state}")


def _listed(request: ApiRequest, problems: list[list[Any]]) -> list[Any]:
    """Nested by step, or each a plain text."""
    if request.assumptions.config_errors == "nested":
        return problems
    return [message for _, fields in problems for *_, message in fields]


def recipe_of(request: ApiRequest) -> Recipe:
    """The recipe that the path names. Raises: RefusedError 404."""
    return request.found(request.workspace.recipes, "recipe_id")


def note_recipe(request: ApiRequest, recipe: Recipe, what: str) -> None:
    request.note(f"recipe.{what}", f"{request.workspace.path(recipe.folder_id)}/{recipe.name}")


def _wanted(request: ApiRequest) -> Iterator[Recipe]:
    filters = _filters(request)
    newest_first = reversed(request.workspace.recipes.values())
    return (recipe for recipe in newest_first if all(fits(recipe) for fits in filters))


def _filters(request: ApiRequest) -> list[Callable[[Recipe], bool]]:
    """`stopped_after` means those stopped since then: the vendor's page says "include" here and "filter out" there."""
    since_id, folder_id = request.number("since_id"), request.number("folder_id")
    running = request.flag("running")
    running = request.flag("active") if running is None else running  # the name of 2020
    after, stopped_after = request.instant("updated_after"), request.instant("stopped_after")
    all_of, any_of = (_split(request.query.get(f"adapter_names_{name}", "")) for name in ("all", "any"))
    possible: list[tuple[object, Callable[[Recipe], bool]]] = [
        (since_id, lambda recipe: since_id is None or recipe.id < since_id),
        (folder_id, lambda recipe: recipe.folder_id == folder_id),
        (running or None, lambda recipe: recipe.running),  # false is "no filter", not "stopped only"
        (after, lambda recipe: after is None or _is_after(recipe.updated_at, after)),
        (stopped_after, lambda recipe: stopped_after is None or _is_after(recipe.stopped_at, stopped_after)),
        (all_of or None, lambda recipe: all_of <= set(recipe.packed.applications)),
        (any_of or None, lambda recipe: bool(any_of & set(recipe.packed.applications))),
        (request.query.get("stop_cause") or None, lambda recipe: False),  # nothing in the sandbox stops by itself
    ]
    return [fits for given, fits in possible if given is not None]


def _is_after(stamp: str | None, moment: datetime) -> bool:
    return stamp is not None and datetime.fromisoformat(stamp) > moment


def _split(text: str) -> set[str]:
    return {part.strip() for part in text.split(",")} - {""}


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
