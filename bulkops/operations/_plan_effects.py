"""Planned effects of earlier operations of a chain, for the plans of later ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

import attrs

from bulkops.models import ApiCollection, ApiEndpoint, Connection, Recipe
from bulkops.operations.package import Package
from bulkops.steps import Context, memory_of, planned_id

_CONNECTIONS: Final = "connections"
_IMPORT: Final = "planned import"
_RUNNING: Final = "running recipes"


@attrs.frozen(kw_only=True)
class PlannedImport:
    """An import that a plan foresees into `folder`, and what would be new then: recipes, stopped, and endpoints,
    disabled. `connections`: the names that come with it. `is_known`: False before the package is exported."""

    folder: str
    folder_id: int
    is_known: bool = False
    recipes: tuple[Recipe, ...] = ()
    endpoints: tuple[ApiEndpoint, ...] = ()
    collections: tuple[ApiCollection, ...] = ()
    connections: frozenset[str] = frozenset()


def plan_import(
    ctx: Context, folder: str, folder_id: int, package: Package | None, *, there: Collection[str] = ()
) -> None:
    """`package` None: not known before its export; `there`: the keys of its recipes that are in the folder already."""
    planned = PlannedImport(folder=folder, folder_id=folder_id)
    if package is not None:
        recipes = {
            recipe.key: Recipe(
                id=planned_id(),
                name=recipe.name,
                running=False,
                folder_id=folder_id,
                config=[] if recipe.may_call else [{"provider": ""}],
            )
            for recipe in package.recipes
            if recipe.key not in there
        }
        planned = PlannedImport(
            folder=folder,
            folder_id=folder_id,
            is_known=True,
            recipes=tuple(recipes.values()),
            endpoints=tuple(
                ApiEndpoint(id=planned_id(), name=endpoint.name, active=False, flow_id=recipes[endpoint.recipe_key].id)
                for endpoint in package.endpoints
                if endpoint.recipe_key in recipes
            ),
            collections=tuple(ApiCollection(id=planned_id(), name=name) for name in package.collections),
            connections=frozenset(package.connections),
        )
    memory_of(ctx).cache[_IMPORT] = planned


def planned_import(ctx: Context) -> PlannedImport | None:
    found = memory_of(ctx).cache.get(_IMPORT)
    return found if isinstance(found, PlannedImport) else None


def is_import_unknown(ctx: Context, folder: str | None) -> bool:
    """Whether a plan foresees an import into the folder of a package that is not exported yet."""
    planned = planned_import(ctx)
    return planned is not None and planned.folder == folder and not planned.is_known


def plan_running(ctx: Context, recipe_id: int, *, running: bool) -> None:
    """Note that the plan would start or stop a recipe."""
    plan_notes(ctx, _RUNNING)[recipe_id] = running


def with_planned(ctx: Context, recipes: Iterable[Recipe], folder_id: int | None) -> list[Recipe]:
    """Recipes of the folder (None: of all) as they would be by now, with those that a planned import brings."""
    planned, running = planned_import(ctx), plan_notes(ctx, _RUNNING)
    new = planned.recipes if planned is not None and folder_id in {None, planned.folder_id} else ()
    return [
        attrs.evolve(recipe, running=running[recipe.id]) if recipe.id in running else recipe
        for recipe in (*recipes, *new)
    ]


def plan_notes(ctx: Context, what: str) -> dict[Any, Any]:
    """How things of that kind would be by now, by what tells them apart; None: gone. Empty in a run."""
    notes: dict[Any, Any] = memory_of(ctx).cache.setdefault(f"planned {what}", {})
    return notes


def plan_connection(ctx: Context, connection: Connection) -> None:
    """Note how a connection would be that the plan would create or change."""
    plan_notes(ctx, _CONNECTIONS)[connection.id] = connection


async def connections_of(ctx: Context) -> list[Connection]:
    """The account's connections, in a plan as they would be by now. Sends one request."""
    there = {connection.id: connection async for connection in ctx.account.connections.list()}
    return list((there | plan_notes(ctx, _CONNECTIONS)).values())
