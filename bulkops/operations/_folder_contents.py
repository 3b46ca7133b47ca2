"""Recipes and sub-folders of a folder, with as few requests as possible, and what the plan's imports put there."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

from bulkops.models import Recipe
from bulkops.operations._folders import folders_in, known_folders, name_of_folder
from bulkops.operations._plan_effects import foreseen_of, with_planned
from bulkops.operations.package import Package
from bulkops.steps import Context, memory_of

_IMPORTED = "folders of imports"


def know_inside(ctx: Context, folder_id: int, inside: set[int]) -> None:
    """Note folders that are below `folder_id`: those of an import's recipes are, and need no look."""
    memory_of(ctx).cache.setdefault(_inside_key(folder_id), set()).update(inside)


def folders_inside(ctx: Context, folder_id: int) -> set[int]:
    """Folders that `know_inside` noted below `folder_id`."""
    inside: set[int] = memory_of(ctx).cache.get(_inside_key(folder_id), set())
    return inside


def know_import(ctx: Context, folder: str, folder_id: int, package: Package | None) -> None:
    """Note a folder that an operation of the chain imports into. `package` None: not known yet."""
    memory_of(ctx).cache.setdefault(_IMPORTED, set()).add(folder_id)
    foreseen = foreseen_of(ctx)
    if foreseen is not None:
        foreseen.knows_import(folder, package)


def imported_into(ctx: Context) -> set[int]:
    """The folders that operations before this one import into."""
    return set(memory_of(ctx).cache.get(_IMPORTED, ()))


def _inside_key(folder_id: int) -> str:
    return f"folders known to be below {folder_id}"


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
    are asked for only as long as a recipe sits in a folder that is not known to be inside or somewhere else: Home is
    not known.
    """
    everything = [recipe async for recipe in ctx.account.recipes.list()]
    inside: set[int | None] = {folder_id, *folders_inside(ctx, folder_id)}
    elsewhere = {id_ for ids in (known_folders(ctx) or {}).values() for id_ in ids}
    unplaced = {recipe.folder_id for recipe in everything} - inside - elsewhere
    if unplaced or _may_be_elsewhere(ctx, folder_id):
        inside |= await folders_below(ctx, folder_id, until=unplaced)
    return with_planned(ctx, (recipe for recipe in everything if recipe.folder_id in inside), folder_id)


def _may_be_elsewhere(ctx: Context, folder_id: int) -> bool:
    """Whether recipes may be in folders that nobody has told of, in a rehearsal without an account."""
    foreseen, folder = foreseen_of(ctx), name_of_folder(ctx, folder_id)
    if foreseen is None or not foreseen.has_unknown_folders(folder):
        return False
    if folder not in foreseen.folders and folder not in foreseen.imported:
        foreseen.more.setdefault("sub-folder", 1)
    return True


async def folders_below(ctx: Context, folder_id: int, *, until: Collection[int | None] = ()) -> set[int]:
    """Ids of all sub-folders at any depth; or of the nearest, until all of `until` are among them.

    Sends one request a folder.
    """
    below: set[int] = set()
    waiting = deque([folder_id])
    while waiting and not (until and below.issuperset(until)):
        parent_id = waiting.popleft()
        known = await folders_in(ctx, parent_id)
        new = {id_ for ids in known.values() for id_ in ids} - below
        below |= new
        waiting += new
    return below
