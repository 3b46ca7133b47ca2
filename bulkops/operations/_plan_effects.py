"""Planned contents of an account in a rehearsal.

They are the effects of earlier operations of the chain and, without an account, what is assumed of its folders.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import attrs
import msgspec

from bulkops.models import ApiCollection, ApiEndpoint, Connection, Recipe
from bulkops.operations.foreseen import FolderContents, Foreseen
from bulkops.operations.package import Package
from bulkops.steps import Context, Offline, Rehearsal, log_of, memory_of, planned_id

FORESEEN: Final = "foreseen"
"""Where the cache of a rehearsal without an account has its `Foreseen`."""

_CALLER: Final = "workato_recipe_function"
"""A connector whose actions call other recipes."""

_CONNECTIONS: Final = "connections"
_FOLDERS: Final = "folders"
_RUNNING: Final = "running recipes"
_UNKNOWN: Final = FolderContents(recipes=1, callers=0, subfolders=0, endpoints=1)
"""What is counted of a folder of which nothing is known."""


@attrs.frozen(kw_only=True)
class PlannedFolder:
    """New contents of the folder `name`. `is_known`: False for an import of a package that is not exported yet.
    `connections`: the names of those that come."""

    name: str
    id: int
    is_known: bool = False
    recipes: tuple[Recipe, ...] = ()
    endpoints: tuple[ApiEndpoint, ...] = ()
    collections: tuple[ApiCollection, ...] = ()
    connections: frozenset[str] = frozenset()

    def add_to(self, ctx: Context) -> None:
        plan_notes(ctx, _FOLDERS)[self.id] = self


def plan_import(
    ctx: Context, folder: str, folder_id: int, package: Package | None, *, there: Collection[str] = ()
) -> None:
    """Note an import: its recipes come stopped, its endpoints disabled.

    `package` None: not known before its export; `there`: the keys of its recipes that are in the folder already.
    """
    foreseen = foreseen_of(ctx)
    if package is None:
        PlannedFolder(name=folder, id=folder_id).add_to(ctx)
    elif foreseen is not None:
        planned = _imagined(folder, folder_id, foreseen.folders[folder], running=False, active=False)
        attrs.evolve(planned, connections=frozenset(package.connections)).add_to(ctx)
    else:
        recipes = {
            recipe.key: _recipe(folder_id, recipe.name, may_call=recipe.may_call, connectors=recipe.connectors)
            for recipe in package.recipes
            if recipe.key not in there
        }
        PlannedFolder(
            name=folder,
            id=folder_id,
            is_known=True,
            recipes=tuple(recipes.values()),
            endpoints=tuple(
                ApiEndpoint(id=planned_id(), name=endpoint.name, active=False, flow_id=recipes[endpoint.recipe_key].id)
                for endpoint in package.endpoints
                if endpoint.recipe_key in recipes
            ),
            collections=tuple(ApiCollection(id=planned_id(), name=name) for name in package.collections),
            connections=frozenset(package.connections),
        ).add_to(ctx)


def imagine(
    ctx: Context, folder: str, folder_id: int, *, running: bool, active: bool, each: Mapping[str, float]
) -> None:
    """Without an account, take the folder to hold recipes and endpoints that are so, as many as are known.

    `each`: requests for each that is not known, by noun.
    """
    foreseen = foreseen_of(ctx)
    if foreseen is None or log_of(ctx).offline is Offline.DONE:
        return
    if folder not in foreseen.folders:
        foreseen.more.update(each)
    planned: PlannedFolder | None = plan_notes(ctx, _FOLDERS).get(folder_id)
    if planned is None or not planned.is_known:
        contents = foreseen.folders.get(folder, _UNKNOWN)
        _imagined(folder, folder_id, contents, running=running, active=active).add_to(ctx)


def imagine_collections(ctx: Context, names: Iterable[str], *, active: bool, each: Mapping[str, float]) -> None:
    """Without an account, take the collections of these names to have an endpoint that is so. `each`: as above."""
    foreseen = foreseen_of(ctx)
    if foreseen is None:
        return
    planned = _imagined("", planned_id(), _UNKNOWN, running=True, active=active)
    collections = tuple(ApiCollection(id=planned_id(), name=name) for name in names)
    if log_of(ctx).offline is Offline.DONE:
        planned = PlannedFolder(name="", id=planned.id)
    foreseen.more.update(each)
    attrs.evolve(planned, collections=collections).add_to(ctx)


def _imagined(folder: str, folder_id: int, contents: FolderContents, *, running: bool, active: bool) -> PlannedFolder:
    recipes = tuple(
        _recipe(folder_id, "", may_call=place < contents.callers, running=running) for place in range(contents.recipes)
    )
    flow_id = recipes[0].id if recipes else None
    return PlannedFolder(
        name=folder,
        id=folder_id,
        is_known=True,
        recipes=recipes,
        endpoints=tuple(
            ApiEndpoint(id=planned_id(), name="", active=active, flow_id=flow_id) for _ in range(contents.endpoints)
        ),
        collections=(ApiCollection(id=planned_id(), name=""),),
    )


def _recipe(
    folder_id: int, name: str, *, may_call: bool, connectors: Iterable[str] = (), running: bool = False
) -> Recipe:
    """`connectors`: of those that it uses, the ones that matter to a plan."""
    config = [{"provider": each} for each in (*connectors, _CALLER if may_call else "")]
    return Recipe(id=planned_id(), name=name, running=running, folder_id=folder_id, config=config)


def foreseen_of(ctx: Context) -> Foreseen | None:
    """What is known in a rehearsal without an account; None in a run and in a plan of an account."""
    found = memory_of(ctx).cache.get(FORESEEN)
    return found if isinstance(found, Foreseen) else None


def expect(ctx: Context, requests: Mapping[str, float]) -> None:
    """Count requests that a run sends after its effects, such as polls, in a plan."""
    log = log_of(ctx)
    if isinstance(log, Rehearsal):
        log.expect(requests)


def folders_planned(ctx: Context, folder_id: int | None = None) -> list[PlannedFolder]:
    """The folder, or all (None), as far as they get new contents, in the order of the operations."""
    return [folder for folder in plan_notes(ctx, _FOLDERS).values() if folder_id in {None, folder.id}]


def is_import_unknown(ctx: Context, folder: str | None) -> bool:
    """Whether a plan foresees an import into the folder of a package that is not exported yet."""
    return any(planned.name == folder and not planned.is_known for planned in folders_planned(ctx))


def plan_running(ctx: Context, recipe_id: int, *, running: bool) -> None:
    """Note that the plan would start or stop a recipe."""
    plan_notes(ctx, _RUNNING)[recipe_id] = running


def with_planned(ctx: Context, recipes: Iterable[Recipe], folder_id: int | None) -> list[Recipe]:
    """Recipes of the folder (None: of all) as they would be by now, with those that come."""
    running = plan_notes(ctx, _RUNNING)
    new = [recipe for folder in folders_planned(ctx, folder_id) for recipe in folder.recipes]
    return [
        msgspec.structs.replace(recipe, running=running[recipe.id]) if recipe.id in running else recipe
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
