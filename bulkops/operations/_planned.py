"""What the operations of a chain would have made, for the plans of those that come after them."""

from __future__ import annotations

from collections.abc import Collection

import attrs

from bulkops.steps import Context

_KEY = "planned import"


@attrs.frozen(kw_only=True)
class PlannedImport:
    """An import that a plan foresees into `folder`: how many recipes it would add, stopped, and which connections."""

    folder: str
    folder_id: int | None
    new_recipes: int
    connections: frozenset[str]


def plan_import(
    ctx: Context, folder: str, folder_id: int | None, *, new_recipes: int, connections: Collection[str]
) -> None:
    ctx.cache[_KEY] = PlannedImport(
        folder=folder, folder_id=folder_id, new_recipes=new_recipes, connections=frozenset(connections)
    )


def planned_import(ctx: Context) -> PlannedImport | None:
    found = ctx.cache.get(_KEY)
    return found if isinstance(found, PlannedImport) else None
