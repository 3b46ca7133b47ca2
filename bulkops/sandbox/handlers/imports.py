"""Imports: create, status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.exchange import NOT_FOUND, Asked, RefusedError, invalid
from bulkops.sandbox.handlers._base import Handler
from bulkops.sandbox.imports import FOLDER_GONE
from bulkops.sandbox.installing import UNTOUCHED, RecipesRunningError, running_recipes
from bulkops.sandbox.packed import ParsedPackage
from bulkops.sandbox.workspace import Import


def create_import(asked: Asked) -> dict[str, Any]:
    folder_id = asked.number("folder_id")
    if folder_id is None:
        raise invalid("folder_id", "can't be blank")
    return accept_import(asked, folder_id)


def accept_import(asked: Asked, folder_id: int) -> dict[str, Any]:
    """Takes any bytes: what is wrong with them shows in the status later, unless assumed otherwise (17.6 to 17.8
    of vendor facts, section 17)."""
    workspace, assumed = asked.workspace, asked.assumptions
    home_folder_id = asked.number("folder_id_for_home_assets")
    if not {folder_id, home_folder_id} - {None} <= workspace.folders.keys():
        raise RefusedError(assumed.unknown_folder, NOT_FOUND if assumed.unknown_folder == 404 else FOLDER_GONE)
    if home_folder_id == workspace.home.id:
        raise RefusedError(422, "folder_id_for_home_assets cannot be the root folder")
    package, restart = asked.world.packages.parse(asked.body), bool(asked.flag("restart_recipes"))
    if assumed.bad_zip == "refused" and package.error:
        raise RefusedError(400, package.error)
    if assumed.home_assets == "refused" and home_folder_id is None and package.goes_home:
        raise RefusedError(422, "folder_id_for_home_assets is needed: the package holds assets for the root folder")
    if assumed.second_import == "refused" and workspace.queue:
        raise RefusedError(400, "Another import is in progress")
    if assumed.import_over_running == "refused" and not restart:
        _refuse_running(asked, package, folder_id)
    accepted = asked.world.importer.accept(
        workspace,
        package,
        folder_id=folder_id,
        home_folder_id=home_folder_id or workspace.home.id,
        restart_recipes=restart,
        faults=asked.world.faults,
        at_once=assumed.import_reply == "completed",
    )
    return import_row(asked, accepted)


def get_import(asked: Asked) -> dict[str, Any]:
    return import_row(asked, asked.found(asked.workspace.imports, "package_id"))


def _refuse_running(asked: Asked, package: ParsedPackage, folder_id: int) -> None:
    running = running_recipes(asked.workspace, package, folder_id)
    if running:
        raise RefusedError(400, str(RecipesRunningError(running)))


def import_row(asked: Asked, job: Import) -> dict[str, Any]:
    row, assumed = job.row(), asked.assumptions
    if row["status"] == "in_progress":
        return row | {"status": assumed.running_state}
    results = [
        each | {"import_result": assumed.untouched_result} if each["import_result"] == UNTOUCHED else each
        for each in row.pop("recipe_status")
    ]
    return row | {"recipe_status": results} if assumed.recipe_status else row


HANDLERS: Final[Mapping[str, Handler]] = {
    "managed_users.imports.create": create_import,
    "managed_users.imports.get": get_import,
}
