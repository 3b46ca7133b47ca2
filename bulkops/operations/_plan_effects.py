"""What the operations of a chain would have made, for the plans of those that come after them."""

from __future__ import annotations

from collections.abc import Collection

import attrs

from bulkops.operations.package import Package
from bulkops.steps import Context, memory_of

_KEY = "planned import"
_CONNECTIONS = "planned connections"


@attrs.frozen(kw_only=True)
class PlannedImport:
    """An import that a plan foresees into `folder`: how many recipes it would add, stopped, and how many of them may
    call others; how many API endpoints, disabled; which connections and API collections. None: not known before the
    package is exported."""

    folder: str
    folder_id: int | None
    new_recipes: int | None
    new_callers: int
    connections: frozenset[str] | None
    new_endpoints: int | None
    collections: frozenset[str] | None

    def brings(self, connection: str) -> bool:
        """Whether the connection comes with it, as far as anybody knows."""
        return self.connections is None or connection in self.connections


def plan_import(
    ctx: Context, folder: str, folder_id: int | None, package: Package | None, *, there: Collection[str] = ()
) -> None:
    """`package` None: not known before its export; `there`: the keys of its recipes that are in the folder already."""
    new_callers = 0
    if package is None:
        new_recipes = new_endpoints = connections = collections = None
    else:
        new = [recipe for recipe in package.recipes if recipe.key not in there]
        new_recipes, new_callers = len(new), sum(recipe.may_call for recipe in new)
        new_endpoints = sum(endpoint.recipe_key not in there for endpoint in package.endpoints)
        connections, collections = frozenset(package.connections), frozenset(package.collections)
    memory_of(ctx).cache[_KEY] = PlannedImport(
        folder=folder,
        folder_id=folder_id,
        new_recipes=new_recipes,
        new_callers=new_callers,
        connections=connections,
        new_endpoints=new_endpoints,
        collections=collections,
    )


def planned_import(ctx: Context) -> PlannedImport | None:
    found = memory_of(ctx).cache.get(_KEY)
    return found if isinstance(found, PlannedImport) else None


def plan_connection(ctx: Context, name: str) -> None:
    """Note a connection that the plan would create."""
    memory_of(ctx).cache.setdefault(_CONNECTIONS, set()).add(name)


def is_planned_connection(ctx: Context, name: str) -> bool:
    return name in memory_of(ctx).cache.get(_CONNECTIONS, ())
