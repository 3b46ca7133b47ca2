"""Folders by name, and the recipes in them, with as few requests as possible: folder calls have a tight quota."""

from __future__ import annotations

from bulkops.errors import TaskFailed
from bulkops.models import Recipe
from bulkops.steps import Context


async def find_folder(ctx: Context, name: str, *, parent_id: int | None = None) -> int | None:
    """Id of the one folder `name` in `parent_id` (None: Home), or None. Sends one request a page, once per account.

    Raises: TaskFailed when several folders have the name: nobody can tell which one is meant.
    """
    found = ctx.cache.get(_cache_key(name, parent_id))
    if found is not None:
        return int(found)
    ids = [folder.id async for folder in ctx.account.folders.list(parent_id=parent_id) if folder.name == name]
    if len(ids) > 1:
        raise TaskFailed(
            f"{len(ids)} folders are named {name!r} ({', '.join(map(str, ids))})",
            failure_class="folder-ambiguous",
            cause=f"several folders are named {name!r}",
            remedy="rename or remove all but one",
        )
    if ids:
        know_folder(ctx, name, ids[0], parent_id=parent_id)
    return ids[0] if ids else None


def know_folder(ctx: Context, name: str, folder_id: int, *, parent_id: int | None = None) -> None:
    """Spare later operations of the chain the look-up."""
    ctx.cache[_cache_key(name, parent_id)] = folder_id


def _cache_key(name: str, parent_id: int | None) -> str:
    return f"folder:{parent_id}:{name}"


async def find_path(ctx: Context, path: str, *, parent_id: int) -> int | None:
    """Id of the sub-folder at `path` ("A/B") below `parent_id`, or None. Sends up to one request a level."""
    folder_id: int | None = parent_id
    for part in path.split("/") if path else ():
        folder_id = await find_folder(ctx, part, parent_id=folder_id)
        if folder_id is None:
            return None
    return folder_id


async def recipes_in(ctx: Context, folder_id: int, *, exclude_code: bool = True) -> list[Recipe]:
    """Recipes directly in the folder. Sends one request a hundred recipes."""
    return [
        recipe
        async for recipe in ctx.account.recipes.list(folder_id=folder_id, exclude_code=exclude_code)
        # whether the vendor's filter reaches into sub-folders is not documented
        if recipe.folder_id in {None, folder_id}
    ]
