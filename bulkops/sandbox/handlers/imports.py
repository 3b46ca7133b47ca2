"""Imports: create, status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.exchange import NOT_FOUND, Asked, RefusedError, invalid
from bulkops.sandbox.handlers._base import Handler
from bulkops.sandbox.installing import UNTOUCHED, RecipesRunningError, running_recipes
from bulkops.sandbox.packages import ParsedPackage
from bulkops.sandbox.workspace import Import


def create_import(asked: Asked) -> dict[str, Any]:
    """Accepts any bytes: what is wrong with them shows in the status later, unless assumed otherwise (NOTES section
    17.6 to 17.8)."""
    workspace, assumed = asked.account.workspace, asked.assumptions
    folder_id = _folder(asked, "folder_id")
    if folder_id is None:
        raise invalid("folder_id", "can't be blank")
    home_folder_id = _folder(asked, "folder_id_for_home_assets")
    if home_folder_id == workspace.home.id:
        raise RefusedError(422, "folder_id_for_home_assets cannot be the root folder")
    package, restart = asked.world.packages.parse(asked.body), bool(asked.flag("restart_recipes"))
    if assumed.bad_zip == "refused" and package.error:
        raise RefusedError(400, package.error)
    if assumed.second_import == "refused" and workspace.queue:
        raise RefusedError(400, "Another import is in progress")
    if assumed.import_over_running == "refused" and not restart:
        _refuse_running(asked, package, folder_id)
    accepted = asked.world.importer.accept(
        asked.account,
        package,
        folder_id=folder_id,
        home_folder_id=home_folder_id or workspace.home.id,
        restart_recipes=restart,
        faults=asked.world.faults,
        at_once=assumed.import_reply == "completed",
    )
    return _row(asked, accepted)


def get_import(asked: Asked) -> dict[str, Any]:
    found = asked.account.workspace.imports.get(asked.path_id("package_id"))
    if found is None:
        raise RefusedError(404, NOT_FOUND)
    return _row(asked, found)


def _refuse_running(asked: Asked, package: ParsedPackage, folder_id: int) -> None:
    running = running_recipes(asked.account.workspace, package, folder_id)
    if running:
        raise RefusedError(400, str(RecipesRunningError(running)))


def _row(asked: Asked, job: Import) -> dict[str, Any]:
    row, assumed = job.row(), asked.assumptions
    if row["status"] == "in_progress":
        return row | {"status": assumed.running_state}
    results = [
        each | {"import_result": assumed.untouched_result} if each["import_result"] == UNTOUCHED else each
        for each in row.pop("recipe_status")
    ]
    return row | {"recipe_status": results} if assumed.recipe_status else row


def _folder(asked: Asked, name: str) -> int | None:
    folder_id = asked.number(name)
    if folder_id is not None and folder_id not in asked.account.workspace.folders:
        status = asked.assumptions.unknown_folder
        raise RefusedError(status, NOT_FOUND if status == 404 else "The folder does not exist")
    return folder_id


HANDLERS: Final[Mapping[str, Handler]] = {
    "managed_users.imports.create": create_import,
    "managed_users.imports.get": get_import,
}
