"""Imports: create, status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.exchange import NOT_FOUND, Asked, RefusedError, invalid
from bulkops.sandbox.handlers._base import Handler


def create_import(asked: Asked) -> dict[str, Any]:
    """Accepts any bytes: what is wrong with them shows in the status later (NOTES section 17.7)."""
    workspace = asked.account.workspace
    folder_id = _folder(asked, "folder_id")
    if folder_id is None:
        raise invalid("folder_id", "can't be blank")
    home_folder_id = _folder(asked, "folder_id_for_home_assets")
    if home_folder_id == workspace.home.id:
        raise RefusedError(422, "folder_id_for_home_assets cannot be the root folder")
    accepted = asked.world.importer.accept(
        asked.account,
        asked.world.packages.parse(asked.body),
        folder_id=folder_id,
        home_folder_id=home_folder_id or workspace.home.id,
        restart_recipes=bool(asked.flag("restart_recipes")),
        faults=asked.world.faults,
    )
    return accepted.row()


def get_import(asked: Asked) -> dict[str, Any]:
    found = asked.account.workspace.imports.get(asked.path_id("package_id"))
    if found is None:
        raise RefusedError(404, NOT_FOUND)
    return found.row()


def _folder(asked: Asked, name: str) -> int | None:
    folder_id = asked.number(name)
    if folder_id is not None and folder_id not in asked.account.workspace.folders:
        raise RefusedError(404, NOT_FOUND)
    return folder_id


HANDLERS: Final[Mapping[str, Handler]] = {
    "managed_users.imports.create": create_import,
    "managed_users.imports.get": get_import,
}
