"""Folders: list, create, update, delete; and projects, which are the folders directly under Home."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.exchange import NOT_FOUND, Asked, RefusedError, id_member, invalid, text_member
from bulkops.sandbox.handlers._base import Handler, both
from bulkops.sandbox.workspace import Folder

CANNOT_DESTROY: Final = "Cannot destroy folder"


def list_folders(asked: Asked) -> list[dict[str, Any]]:
    """The folders directly in `parent_id`, Home when it is left out."""
    workspace = asked.workspace
    parent_id = asked.number("parent_id")
    if parent_id is not None and parent_id not in workspace.folders:
        raise RefusedError(404, NOT_FOUND)
    children = workspace.children(workspace.home.id if parent_id is None else parent_id)
    return [folder.row() for folder in asked.on_page(children)]


def create_folder(asked: Asked) -> dict[str, Any]:
    """Equal names in one parent are not documented as refused, so a doubled request makes a second folder.

    `folder_name` in the query is the form of 2020: Home alone, and the id for an answer (vendor facts, section 14).
    """
    workspace, members = asked.workspace, asked.members()
    is_old_form = "name" not in members and "folder_name" in asked.query
    if is_old_form:
        members = {"name": asked.query["folder_name"]}
    name = text_member(members, "name", required=True)
    folder = workspace.add_folder(str(name), _parent(asked, members) or workspace.home, now=asked.world.clock.stamp())
    _note(asked, folder, "folder.created")
    return {"id": folder.id} if is_old_form else folder.row()


def update_folder(asked: Asked) -> dict[str, Any]:
    """Rename or move; Home stays where it is, and nothing goes into itself."""
    folder, members = _folder(asked), asked.members()
    name, parent = text_member(members, "name") or folder.name, _parent(asked, members)
    if folder is asked.workspace.home:
        raise RefusedError(403, "Cannot change the Home folder")
    if parent is not None and parent in asked.workspace.below(folder):
        raise invalid("parent_id", "is the folder itself, or in it")
    moves = parent is not None and parent.id != folder.parent_id
    if moves and parent is not None:
        asked.workspace.move_folder(folder, parent)
    if moves or name != folder.name:
        folder.name, folder.updated_at = name, asked.world.clock.stamp()
        _note(asked, folder, "folder.updated")
    return folder.row()


def delete_folder(asked: Asked) -> dict[str, Any]:
    """Only an empty folder goes, unless forced; never Home, and none in which a recipe runs."""
    folder, force = _folder(asked), asked.flag("force")
    workspace = asked.workspace
    inside = [each.folder_id for each in workspace.recipes.values()]
    inside += [each.folder_id for each in workspace.connections.values()]
    inside += [each.folder_id for each in workspace.api.collections.values()]
    is_empty = not workspace.children(folder.id) and folder.id not in inside
    if not force and not is_empty:
        raise RefusedError(asked.assumptions.folder_not_empty, CANNOT_DESTROY)
    return _destroy(asked, folder)


def list_projects(asked: Asked) -> list[dict[str, Any]]:
    return asked.on_page([folder.project() for folder in asked.workspace.projects().values()])


def update_project(asked: Asked) -> dict[str, Any]:
    folder, members = _project(asked), asked.members()
    before = folder.project()
    folder.name = text_member(members, "name") or folder.name
    if "description" in members:
        folder.description = text_member(members, "description", longest=1024)
    if folder.project() != before:
        folder.updated_at = asked.world.clock.stamp()
        _note(asked, folder, "project.updated")
    return folder.project()


def delete_project(asked: Asked) -> dict[str, Any]:
    """With everything in it."""
    return _destroy(asked, _project(asked))


def _destroy(asked: Asked, folder: Folder) -> dict[str, Any]:
    workspace = asked.workspace
    ids = {each.id for each in workspace.below(folder)}
    if folder is workspace.home or any(each.running and each.folder_id in ids for each in workspace.recipes.values()):
        raise RefusedError(403, CANNOT_DESTROY)
    _note(asked, folder, "folder.deleted")
    workspace.remove_folder(folder)
    return {"success": True}


def _folder(asked: Asked) -> Folder:
    return asked.found(asked.workspace.folders, "folder_id")


def _project(asked: Asked) -> Folder:
    return asked.found(asked.workspace.projects(), "project_id")


def _parent(asked: Asked, members: Mapping[str, Any]) -> Folder | None:
    """Whom the body names as parent, None: nobody. Raises: RefusedError 404."""
    parent_id = id_member(members, "parent_id")
    if parent_id is None:
        return None
    parent = asked.workspace.folders.get(parent_id)
    if parent is None:
        raise RefusedError(404, NOT_FOUND)
    return parent


def _note(asked: Asked, folder: Folder, kind: str) -> None:
    asked.note(kind, asked.workspace.path(folder.id))


HANDLERS: Final[Mapping[str, Handler]] = both(
    {
        "folders.list": list_folders,
        "folders.create": create_folder,
        "folders.update": update_folder,
        "folders.delete": delete_folder,
        "projects.list": list_projects,
        "projects.delete": delete_project,
    }
) | {
    "managed_users.projects.update": update_project,
}
