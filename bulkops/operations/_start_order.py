"""Start order of recipes: a called recipe must run before its callers start."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bulkops.models import Recipe
from bulkops.steps import Context

CALLING: Final = frozenset(
    {"workato_recipe_function", "workato_callable_recipe", "workato_service", "workato_workflow_task"}
)
"""Providers whose actions call another recipe by `flow_id`, and whose triggers are the called end."""

_ID: Final = re.compile(r"[0-9]{1,19}")


async def start_order(ctx: Context, recipes: list[Recipe]) -> list[Recipe]:
    """The recipes, callees before callers; callers in a circle keep their places.

    Sends one request for each recipe that may call others, none when at most one recipe is given.
    """
    if len(recipes) < 2:
        return recipes
    calls: dict[int, set[int]] = {}
    for recipe in recipes:
        if may_call(recipe.config):
            calls[recipe.id] = called_ids((await ctx.account.recipes.get(recipe.id)).code)
    return sort_by_calls(recipes, calls)


def sort_by_calls(recipes: list[Recipe], calls: Mapping[int, set[int]]) -> list[Recipe]:
    """Depth-first over the calls, in ascending id for a stable order."""
    by_id = {recipe.id: recipe for recipe in recipes}
    order: list[Recipe] = []
    seen: set[int] = set()
    stack = [(recipe_id, False) for recipe_id in sorted(by_id, reverse=True)]
    while stack:
        recipe_id, callees_done = stack.pop()
        if callees_done:
            order.append(by_id[recipe_id])
        elif recipe_id in by_id and recipe_id not in seen:
            seen.add(recipe_id)
            stack.append((recipe_id, True))
            stack.extend((callee, False) for callee in sorted(calls.get(recipe_id, ()), reverse=True))
    return order


def may_call(config: Sequence[Mapping[str, Any]] | None) -> bool:
    """Whether a recipe with this `config` uses a provider that calls others; without one it may use any."""
    return not config or any(str(row.get("provider")) in CALLING for row in config)


def called_ids(code: str | None) -> set[int]:
    """Ids of the recipes that a recipe's code calls: every `flow_id` in it. Unreadable code calls nobody."""
    try:
        waiting: list[Any] = [json.loads(code or "{}")]
    except (ValueError, RecursionError):
        return set()
    found: set[int] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            flow_id = str(node.get("flow_id"))
            if _ID.fullmatch(flow_id):
                found.add(int(flow_id))
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return found
