"""Folders: list, create, update, delete; and projects, which are the folders directly under Home."""

from __future__ import annotations

from typing import Any, Final

from bulkops.sandbox.body import text_in
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, refuse_blank, there
from bulkops.sandbox.workspace import Folder

CANNOT_DESTROY: Final = "Cannot destroy folder"


@answers("[managed_users.]folders.list", row="Folder")
def list_folders(request: ApiRequest) -> list[dict[str, Any]]:
    """The folders directly in `parent_id`, Home when it is left out."""
    workspace = request.workspace
    parent_id = request.number("parent_id")
    parent = workspace.home if parent_id is None else there(workspace.folders.get(parent_id))
    return [_row(request, folder) for folder in workspace.children(parent.id)]


@answers("folders.create", row="Folder")
@answers("managed_users.folders.create", row="Folder|FolderId")
def create_folder(request: ApiRequest) -> dict[str, Any]:
    """Equal names in one parent are not documented as refused, so a doubled request makes a second folder.

    `folder_name` in the query is the form of 2020: Home alone, and the id for an answer (vendor facts, section 14).
    """
    workspace, given = request.workspace, request.given
    is_old_form = "name" not in given and "folder_name" in request.query
    if is_old_form:
        given = {"name": text_in(request.query, "folder_name")}
    refuse_blank(given, "name")
    parent = workspace.home if is_old_form else _parent(request) or workspace.home
    folder = workspace.add_folder(given["name"], parent, now=request.state.clock.stamp())
    _note(request, folder, "folder.created")
    return {"id": folder.id} if is_old_form else _row(request, folder)


@answers("[managed_users.]folders.update", row="Folder")
def update_folder(request: ApiRequest) -> dict[str, Any]:
    """Rename or move; Home stays where it is, and nothing goes into itself."""
    folder, parent = _folder(request), _parent(request)
    name = request.given.get("name") or folder.name
    if folder is request.workspace.home:
        raise RefusedError(403, "Cannot change the Home folder")
    if parent is not None and parent in request.workspace.below(folder):
        raise invalid("parent_id", "is the folder itself, or in it")
    moves = parent is not None and parent.id != folder.parent_id
    if moves and parent is not None:
        request.workspace.move_folder(folder, parent)
    if moves or name != folder.name:
        folder.name, folder.updated_at = name, request.state.clock.stamp()
        _note(request, folder, "folder.updated")
    return _row(request, folder)


@answers("[managed_users.]folders.delete")
def delete_folder(request: ApiRequest) -> None:
    """Only an empty folder goes, unless forced; never Home, and none in which a recipe runs."""
    folder, force = _folder(request), request.flag("force")
    workspace = request.workspace
    inside = [each.folder_id for each in workspace.recipes.values()]
    inside += [each.folder_id for each in workspace.connections.values()]
    inside += [each.folder_id for each in workspace.api.collections.values()]
    is_empty = not workspace.children(folder.id) and folder.id not in inside
    if not force and not is_empty:
        raise RefusedError(request.assumptions.folder_not_empty, CANNOT_DESTROY)
    _destroy(request, folder)


@answers("[managed_users.]projects.list", row="Project")
def list_projects(request: ApiRequest) -> list[dict[str, Any]]:
    return [folder.project() for folder in _projects(request).values()]


@answers("[managed_users.]projects.update", row="Project")
def update_project(request: ApiRequest) -> dict[str, Any]:
    folder, given = _project(request), request.given
    wanted = {"name": given.get("name") or folder.name, "description": given.get("description", folder.description)}
    if request.change(folder, wanted):
        _note(request, folder, "project.updated")
    return folder.project()


@answers("[managed_users.]projects.delete")
def delete_project(request: ApiRequest) -> None:
    """With everything in it."""
    _destroy(request, _project(request))


def _destroy(request: ApiRequest, folder: Folder) -> None:
    workspace = request.workspace
    ids = {each.id for each in workspace.below(folder)}
    if folder is workspace.home or any(each.running and each.folder_id in ids for each in workspace.recipes.values()):
        raise RefusedError(403, CANNOT_DESTROY)
    _note(request, folder, "folder.deleted")
    workspace.remove_folder(folder)


def _folder(request: ApiRequest) -> Folder:
    return request.found(request.workspace.folders, "folder_id")


def _project(request: ApiRequest) -> Folder:
    return request.found(_projects(request), "project_id")


def _projects(request: ApiRequest) -> dict[int, Folder]:
    """By their ids as projects; without the oldest folder under Home where that is assumed not to be one."""
    found = request.workspace.projects()
    if request.assumptions.home_folders == "mixed" and found:
        del found[next(iter(found))]
    return found


def _row(request: ApiRequest, folder: Folder) -> dict[str, Any]:
    return folder.row() | {"is_project": folder.is_project and folder.project_id in _projects(request)}


def _parent(request: ApiRequest) -> Folder | None:
    return request.named(request.workspace.folders, "parent_id")


def _note(request: ApiRequest, folder: Folder, kind: str) -> None:
    request.note(kind, request.workspace.path(folder.id))
