"""Folders by name, and the recipes in them, with as few requests as possible: folder calls have a tight quota."""

from __future__ import annotations

import difflib

from bulkops.errors import InputError, TaskFailed
from bulkops.models import Recipe
from bulkops.operations._plan_effects import with_planned
from bulkops.operations.foreseen import folders_key
from bulkops.steps import Context, Offline, is_planned, log_of, memory_of, planned_id

_HOME = "home folder"
_IMPORTED = "folders of imports"


def check_name(name: str) -> None:
    """Raises: InputError when no folder can have that name."""
    if not name.strip():
        raise InputError("the folder's name is empty", remedy="give --folder NAME")


async def find_folder(ctx: Context, name: str, *, parent_id: int | None = None, must_exist: bool = False) -> int | None:
    """Id of the one folder `name` in `parent_id` (None: Home), or None. Sends one request a page, once per account.

    `must_exist`: figures before any look assume that it is there.
    Raises: TaskFailed when several folders have the name.
    """
    known = memory_of(ctx).cache.get(folders_key(parent_id))
    offline = log_of(ctx).offline
    is_assumed = offline is Offline.DONE or (offline is not None and must_exist)
    if known is None or (name not in known and not is_assumed):  # a missing folder may have been created since
        planned = {name: ids for name, ids in (known or {}).items() if any(map(is_planned, ids))}
        known = memory_of(ctx).cache[folders_key(parent_id)] = await _list_folders(ctx, parent_id) | planned
    if is_assumed:
        known.setdefault(name, [planned_id()])
    ids: list[int] = known.get(name, [])
    if len(ids) > 1:
        raise TaskFailed(
            f"{len(ids)} folders are named {name!r} ({', '.join(map(str, ids))})",
            failure_class="folder-ambiguous",
            cause=f"several folders are named {name!r}",
            remedy="rename or remove all but one",
        )
    return ids[0] if ids else None


def no_folder(ctx: Context, name: str, *, remedy: str = "import into it first") -> TaskFailed:
    """Error after `find_folder` found no folder under Home, with the nearest name there."""
    by_letters = {known.casefold(): known for known in memory_of(ctx).cache.get(folders_key(None), {})}
    near = difflib.get_close_matches(name.casefold(), by_letters, n=1)
    return TaskFailed(
        f"there is no folder {name!r}",
        failure_class="folder-missing",
        remedy=f"did you mean {by_letters[near[0]]!r}? else {remedy}" if near else remedy,
    )


def know_folder(ctx: Context, name: str, folder_id: int, *, parent_id: int | None = None) -> None:
    """Note a folder made in `parent_id` (None: Home), so that later operations of the chain need not look for it."""
    memory_of(ctx).cache.setdefault(folders_key(parent_id), {})[name] = [folder_id]


def planned_folders(ctx: Context, name: str) -> list[int]:
    """Ids of a folder under Home that a rehearsal takes to be there: one made before, or assumed. Empty in a run."""
    if log_of(ctx).offline is not None:
        return [planned_id()]
    return [id_ for id_ in memory_of(ctx).cache.get(folders_key(None), {}).get(name, ()) if is_planned(id_)]


async def _list_folders(ctx: Context, parent_id: int | None) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    async for folder in ctx.account.folders.list(parent_id=parent_id):
        found.setdefault(folder.name, []).append(folder.id)
        if parent_id is None:
            memory_of(ctx).cache[_HOME] = folder.parent_id
    return found


def know_inside(ctx: Context, folder_id: int, inside: set[int]) -> None:
    """Note folders that are below `folder_id`: those of an import's recipes are, and need no look."""
    memory_of(ctx).cache.setdefault(_inside_key(folder_id), set()).update(inside)


def folders_inside(ctx: Context, folder_id: int) -> set[int]:
    """Folders that `know_inside` noted below `folder_id`."""
    inside: set[int] = memory_of(ctx).cache.get(_inside_key(folder_id), set())
    return inside


def know_import(ctx: Context, folder_id: int) -> None:
    """Note a folder that an operation of the chain imports into."""
    memory_of(ctx).cache.setdefault(_IMPORTED, set()).add(folder_id)


def imported_into(ctx: Context) -> set[int]:
    """The folders that operations before this one import into."""
    return set(memory_of(ctx).cache.get(_IMPORTED, ()))


def _inside_key(folder_id: int) -> str:
    return f"folders known to be below {folder_id}"


async def find_path(ctx: Context, path: str, *, parent_id: int | None, must_exist: bool = False) -> int | None:
    """Id of the folder at `path` ("A/B") below `parent_id` (None: Home), or None. Sends up to one request a level.

    `must_exist`: as of `find_folder`.
    """
    folder_id: int | None = parent_id
    for part in path.split("/") if path else ():
        folder_id = await find_folder(ctx, part, parent_id=folder_id, must_exist=must_exist)
        if folder_id is None:
            return None
    return folder_id


async def recipes_in(ctx: Context, folder_id: int) -> list[Recipe]:
    """Recipes directly in the folder, without their code. Sends one request a hundred recipes."""
    return [
        recipe
        async for recipe in ctx.account.recipes.list(folder_id=folder_id)
        # whether the vendor's filter reaches into sub-folders is not documented
        if recipe.folder_id in {None, folder_id}
    ]


async def recipes_below(ctx: Context, folder_id: int) -> list[Recipe]:
    """Recipes in the folder and in all its sub-folders, without their code.

    Sends one request a hundred recipes of the account: their quota is thirty times wider than the folders'. Sub-folders
    are asked for only when a recipe sits in a folder that is not known to be somewhere else.
    """
    everything = [recipe async for recipe in ctx.account.recipes.list()]
    inside: set[int | None] = {folder_id, *folders_inside(ctx, folder_id)}
    elsewhere = {id_ for ids in memory_of(ctx).cache.get(folders_key(None), {}).values() for id_ in ids} | {
        memory_of(ctx).cache.get(_HOME)
    }
    if any(recipe.folder_id not in inside | elsewhere for recipe in everything):
        inside |= await folders_below(ctx, folder_id)
    return with_planned(ctx, (recipe for recipe in everything if recipe.folder_id in inside), folder_id)


async def folders_below(ctx: Context, folder_id: int) -> set[int]:
    """Ids of all sub-folders at any depth. Sends one request a folder."""
    below: set[int] = set()
    waiting = [folder_id]
    while waiting:
        parent_id = waiting.pop()
        known = memory_of(ctx).cache.get(folders_key(parent_id))
        if known is None:
            known = memory_of(ctx).cache[folders_key(parent_id)] = await _list_folders(ctx, parent_id)
        new = {id_ for ids in known.values() for id_ in ids} - below
        below |= new
        waiting += new
    return below
