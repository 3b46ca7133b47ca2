"""Folders: list, create."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.exchange import NOT_FOUND, Asked, RefusedError, id_member, text_member
from bulkops.sandbox.handlers._base import Handler


def list_folders(asked: Asked) -> list[dict[str, Any]]:
    """The folders directly in `parent_id`, Home when it is left out."""
    workspace = asked.account.workspace
    parent_id = asked.number("parent_id")
    if parent_id is not None and parent_id not in workspace.folders:
        raise RefusedError(404, NOT_FOUND)
    page, per_page = asked.page()
    children = workspace.children(workspace.home.id if parent_id is None else parent_id)
    return [folder.row() for folder in children[(page - 1) * per_page : page * per_page]]


def create_folder(asked: Asked) -> dict[str, Any]:
    """Equal names in one parent are not documented as refused, so a doubled request makes a second folder.

    `folder_name` in the query is the form of 2020 (NOTES section 14).
    """
    workspace, members = asked.account.workspace, asked.members()
    if "name" not in members and "folder_name" in asked.query:
        members["name"] = asked.query["folder_name"]
    name = text_member(members, "name", required=True)
    parent_id = id_member(members, "parent_id")
    parent = workspace.home if parent_id is None else workspace.folders.get(parent_id)
    if parent is None:
        raise RefusedError(404, NOT_FOUND)
    folder = workspace.add_folder(str(name), parent, now=asked.world.clock.stamp())
    asked.world.ledger.note(asked.account.id, "folder.created", workspace.path(folder.id))
    return folder.row()


HANDLERS: Final[Mapping[str, Handler]] = {
    "managed_users.folders.list": list_folders,
    "managed_users.folders.create": create_folder,
}
