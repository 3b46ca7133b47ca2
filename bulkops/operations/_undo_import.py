"""Undoing an import into a folder that the run made: the folder goes, with what the import brought."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bulkops.errors import NotFound, TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Recipe
from bulkops.operations._folders import find_folder, folders_below, recipes_below
from bulkops.operations._importing import FACT, fact_key
from bulkops.operations._standing import name_some, versions_of
from bulkops.operations._undoing import CANNOT_UNDO
from bulkops.operations.package import Contents
from bulkops.steps import Context


async def undo_import(
    ctx: Context, contents: Contents, folder: str, done: Mapping[str, StepRow], *, made_by: str
) -> None:
    """Delete the folder, if step `made_by` made it and nobody has put anything of his own there since.

    Sends one look for each folder below it, two more, and the request. Raises: TaskFailed when it has to stay.
    """
    made, step = done.get(made_by), f"undo {made_by}"
    if made is None:
        raise TaskFailed(
            f"folder {folder!r} was there before, and what an import overwrote in it nobody can bring back",
            failure_class=CANNOT_UNDO,
            remedy="import the package that was there before",
        )
    folder_id = int(made.result["id"])
    if not ctx.began(step):
        if await find_folder(ctx, folder) != folder_id:
            return  # it is gone
        await _check_nothing_else(ctx, contents, folder, folder_id)

    async def send() -> Any:
        with suppress(NotFound):
            await ctx.account.folders.delete(folder_id, force=True)
        return {"id": folder_id}

    await ctx.step(step, send, repeatable=True)


async def _check_nothing_else(ctx: Context, contents: Contents, folder: str, folder_id: int) -> None:
    """Raises: TaskFailed naming what the run did not bring, or what runs."""
    recipes = await recipes_below(ctx, folder_id)
    others = await _others(ctx, contents, folder_id, recipes)
    inside = {folder_id, *await folders_below(ctx, folder_id)}
    async for connection in ctx.account.connections.list():
        if connection.folder_id in inside and connection.name not in contents.connections:
            others.append(connection.name)
    if others:
        raise TaskFailed(
            f"folder {folder!r} holds what the run did not bring, or what was changed since: {name_some(others)}",
            failure_class=CANNOT_UNDO,
            cause=f"folder {folder!r} holds what the run did not bring",
            remedy="delete the rest by hand",
        )
    running = [recipe.name for recipe in recipes if recipe.running]
    if running:
        raise TaskFailed(
            f"recipes of folder {folder!r} run: {name_some(running)}",
            failure_class="recipes-running",
            cause=f"recipes of folder {folder!r} run",
            remedy="stop-recipes first, then `bulkops retry`",
        )


async def _others(ctx: Context, contents: Contents, folder_id: int, recipes: list[Recipe]) -> list[str]:
    """Names of the recipes that are not as the import left them; without its memory, of those it did not bring."""
    remembered = await ctx.recall(FACT, fact_key(folder_id, contents.sha256))
    if remembered is None:
        return [recipe.name for recipe in recipes if recipe.name not in contents.recipes]
    return [recipe.name for recipe in recipes if not versions_of([recipe]).items() <= remembered.items()]
