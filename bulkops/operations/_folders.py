"""Folders by name, found or created with as few requests as possible: folder calls have a tight quota.

Folders directly under Home are projects, and the list of projects has a quota sixteen times wider (vendor facts,
section 18). Only what is below them, and what is missing, is asked of the folder calls. Home may have folders that are
not projects, by `Tuning.only_projects` or the reply to a create: then a missing folder is looked for there, too.
"""

from __future__ import annotations

from typing import Any

from bulkops.errors import InputError, TaskFailed
from bulkops.models import Folder
from bulkops.operations._lookup import nearest_else, only_one, the_one
from bulkops.operations._plan_effects import foreseen_of
from bulkops.steps import Context, Offline, is_planned, log_of, memory_of, planned_id, tuning_of

_PLAIN = "a folder under Home that is not a project"
NO_PROJECT = "project-missing"


def is_folder_name(_: object, __: object, name: Any) -> None:
    """Validator of a field. Raises: InputError when no folder can have that name."""
    if name is not None and not name.strip():
        raise InputError("the folder's name is empty", remedy="give --folder NAME")


def known_folders(ctx: Context, parent_id: int | None = None) -> dict[str, list[int]] | None:
    """Ids of the folders in `parent_id` (None: Home), by name; None before they were listed."""
    known: dict[str, list[int]] | None = memory_of(ctx).cache.get(_key(parent_id))
    return known


def _key(parent_id: int | None) -> str:
    return f"folders in {parent_id}"


async def find_folder(
    ctx: Context, name: str, *, parent_id: int | None = None, must_exist: bool = False, settles: bool = False
) -> int | None:
    """Id of the one folder `name` in `parent_id` (None: Home), or None. Sends one request a page, once per account: of
    projects for Home, of folders below it.

    `must_exist`: figures before any look assume that it is there. `settles`: a create of it may have happened, so a
    folder that no project shows is looked for in Home, too.
    Raises: TaskFailed when several folders have the name.
    """
    known = known_folders(ctx, parent_id)
    offline = log_of(ctx).offline
    is_assumed = offline is Offline.DONE or (offline is not None and must_exist)
    if known is None or (name not in known and not is_assumed):  # a missing folder may have been created since
        planned = {name: ids for name, ids in (known or {}).items() if any(map(is_planned, ids))}
        listed = await _list_folders(ctx, parent_id)
        if parent_id is None and name not in listed and (settles or _has_plain_folders(ctx)):
            listed |= await _by_name(ctx, None)
        known = memory_of(ctx).cache[_key(parent_id)] = listed | planned
    if is_assumed and name not in known:
        known[name] = [planned_id()]
        if parent_id is None:
            _projects(ctx)[known[name][0]] = planned_id()
    ids: list[int] = known.get(name, [])
    found = [Folder(id=id_, name=name) for id_ in ids]
    one = only_one(found, f"folders are named {name!r}", failure_class="folder-ambiguous")
    return None if one is None else one.id


async def existing_folder(ctx: Context, name: str, *, remedy: str = "import into it first") -> int:
    """Id of the one folder `name` under Home. Sends as `find_folder`. Raises: TaskFailed for none and for several."""
    found = await find_folder(ctx, name, must_exist=True)
    if found is None:
        raise no_folder(ctx, name, remedy=remedy)
    return found


async def ensure_folder(
    ctx: Context, step: str, name: str, *, path: str = "", parent_id: int | None = None, is_new: bool = False
) -> tuple[int, bool]:
    """Id of the folder `name` in `parent_id` (None: Home), and whether this very process has just created it.

    `path`: its name for people, unless it is `name`; `is_new`: the parent has just been created, so it is empty.
    """
    path = path or name

    async def find() -> Any:
        found = await find_folder(ctx, name, parent_id=parent_id, settles=ctx.began(step))
        return None if found is None else {"id": found}

    async def create() -> Any:
        made = await ctx.account.folders.create(name, parent_id=parent_id)
        if parent_id is None and made.is_project is False:
            memory_of(ctx).shared[_PLAIN] = True
        elif parent_id is None and made.project_id is not None:
            _projects(ctx)[made.id] = made.project_id
        return {"id": made.id}

    was_done = ctx.is_done(step)
    made = await ctx.ensure(
        step,
        find=find,
        do=create,
        known_missing=is_new,
        check=f"whether there is a folder {path!r}",
        planned={"id": planned_id()},
        says=[f"create folder {path!r}"],
    )
    memory_of(ctx).cache.setdefault(_key(parent_id), {})[name] = [made["id"]]
    if parent_id is None and is_planned(made["id"]):
        _projects(ctx).setdefault(made["id"], planned_id())
    return int(made["id"]), ctx.is_done(step) and not was_done


def _has_plain_folders(ctx: Context) -> bool:
    """Whether Home may have folders that are not projects."""
    foreseen = foreseen_of(ctx)
    only_projects = tuning_of(ctx).only_projects if foreseen is None else foreseen.only_projects
    return not only_projects or _PLAIN in memory_of(ctx).shared


def no_folder(ctx: Context, name: str, *, remedy: str = "import into it first") -> TaskFailed:
    """Error after `find_folder` found no folder under Home, with the nearest name there."""
    return TaskFailed(
        f"no folder is named {name!r}",
        failure_class="folder-missing",
        remedy=nearest_else(name, known_folders(ctx) or (), otherwise=remedy),
    )


async def find_project(ctx: Context, name: str) -> int:
    """The id of the one project `name`. Sends one request, unless an operation of the chain has looked for its folder.

    Raises: TaskFailed when there is not exactly one.
    """
    folders = (known_folders(ctx) or {}).get(name, ())
    if len(folders) == 1 and folders[0] in _projects(ctx):
        return _projects(ctx)[folders[0]]
    there = [project async for project in ctx.account.projects.list()]
    if log_of(ctx).offline is not None:
        return planned_id()
    found = [project for project in there if project.name == name]
    remedy = "create it first: create-folder makes one directly under Home"
    return the_one(found, "project", name, known=(project.name for project in there), otherwise=remedy).id


async def _list_folders(ctx: Context, parent_id: int | None) -> dict[str, list[int]]:
    if parent_id is None:
        found: dict[str, list[int]] = {}
        async for project in ctx.account.projects.list():
            if project.folder_id is not None:
                found.setdefault(project.name, []).append(project.folder_id)
                _projects(ctx)[project.folder_id] = project.id
        return found
    return await _by_name(ctx, parent_id) | _foreseen_below(ctx, parent_id)


async def folders_in(ctx: Context, parent_id: int) -> dict[str, list[int]]:
    """Ids of the folders in a folder, by name. Sends one request a page, once per account."""
    known = known_folders(ctx, parent_id)
    if known is None:
        known = memory_of(ctx).cache[_key(parent_id)] = await _list_folders(ctx, parent_id)
    return known


async def _by_name(ctx: Context, parent_id: int | None) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    async for folder in ctx.account.folders.list(parent_id=parent_id):
        found.setdefault(folder.name, []).append(folder.id)
    return found


def project_of(ctx: Context, folder_id: int) -> int | None:
    """The id of the project that a folder under Home is; None if neither a list of projects nor a create told it."""
    return _projects(ctx).get(folder_id)


def _projects(ctx: Context) -> dict[int, int]:
    known: dict[int, int] = memory_of(ctx).cache.setdefault("projects", {})
    return known


def _foreseen_below(ctx: Context, folder_id: int | None) -> dict[str, list[int]]:
    """The sub-folders of a folder that have to be listed, in a rehearsal without an account."""
    foreseen = foreseen_of(ctx)
    count = foreseen.subfolders_to_list(name_of_folder(ctx, folder_id)) if foreseen is not None else 0
    return {f"sub-folder {place}": [planned_id()] for place in range(count)}


def name_of_folder(ctx: Context, folder_id: int | None) -> str:
    """The name of a folder under Home, "" of another one."""
    return next((name for name, ids in (known_folders(ctx) or {}).items() if folder_id in ids), "")


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


async def existing_path(ctx: Context, path: str, *, remedy: str) -> int:
    """As `find_path` from Home on, of a folder that must exist. Raises: TaskFailed."""
    found = await find_path(ctx, path, parent_id=None, must_exist=True)
    if found is None:
        raise no_folder(ctx, path, remedy=remedy)
    return found
