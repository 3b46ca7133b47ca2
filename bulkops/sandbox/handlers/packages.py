"""Packages: imports into a workspace, exports out of it with their files, and what the partner looks up by number."""

from __future__ import annotations

from typing import Any

from bulkops.sandbox.exports import Export
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers.connectors import custom_connectors, shared_connectors
from bulkops.sandbox.handlers.manifests import export, manifest_of
from bulkops.sandbox.imports import FOLDER_GONE
from bulkops.sandbox.installing import UNTOUCHED, RecipesRunningError, running_recipes
from bulkops.sandbox.package_zip import ParsedPackage
from bulkops.sandbox.request import NOT_FOUND, ApiRequest, Redirection, RefusedError, invalid, there
from bulkops.sandbox.workspace import Import


@answers("managed_users.imports.create", row="Import")
def create_import(request: ApiRequest) -> dict[str, Any]:
    folder_id = request.number("folder_id")
    if folder_id is None:
        raise invalid("folder_id", "can't be blank")
    return _accept(request, folder_id)


def _accept(request: ApiRequest, folder_id: int) -> dict[str, Any]:
    """Takes any bytes: what is wrong with them shows in the status later, unless assumed otherwise (17.6 to 17.8
    of vendor facts, section 17)."""
    workspace, assumed = request.workspace, request.assumptions
    home_folder_id = request.number("folder_id_for_home_assets")
    if not {folder_id, home_folder_id} - {None} <= workspace.folders.keys():
        raise RefusedError(assumed.unknown_folder, NOT_FOUND if assumed.unknown_folder == 404 else FOLDER_GONE)
    if home_folder_id == workspace.home.id:
        raise RefusedError(422, "folder_id_for_home_assets cannot be the root folder")
    package, restart = request.state.packages.parse(request.body), bool(request.flag("restart_recipes"))
    if assumed.bad_zip == "refused" and package.error:
        raise RefusedError(400, package.error)
    if assumed.home_assets == "refused" and home_folder_id is None and package.goes_home:
        raise RefusedError(422, "folder_id_for_home_assets is needed: the package holds assets for the root folder")
    if assumed.second_import == "refused" and workspace.queue:
        raise RefusedError(400, "Another import is in progress")
    if assumed.import_over_running == "refused" and not restart:
        _refuse_running(request, package, folder_id)
    lacks = _lacking(request, package)
    if assumed.missing_connector == "refused" and lacks:
        raise RefusedError(400, lacks)
    accepted = request.state.importer.accept(
        workspace,
        package,
        folder_id=folder_id,
        home_folder_id=home_folder_id or workspace.home.id,
        restart_recipes=restart,
        faults=request.state.faults,
        at_once=assumed.import_reply == "completed",
        lacks=lacks,
    )
    return _import_row(request, accepted)


@answers("managed_users.imports.get", row="Import")
def get_import(request: ApiRequest) -> dict[str, Any]:
    return _import_row(request, request.found(request.workspace.imports, "package_id"))


def _lacking(request: ApiRequest, package: ParsedPackage) -> str | None:
    """What a customer lacks: a connector of the partner's that is not shared (vendor facts, section 18)."""
    if request.customer is None:
        return None
    partner = request.state.partner.workspace
    own = {row["name"] for row in custom_connectors(partner).values()} - shared_connectors(partner)
    used = {entry.provider for recipe in package.recipes for entry in recipe.config}
    missing = ", ".join(sorted(own & used))
    return f"Import failed: custom connector {missing} is not available in this workspace" if missing else None


def _refuse_running(request: ApiRequest, package: ParsedPackage, folder_id: int) -> None:
    running = running_recipes(request.workspace, package, folder_id)
    if running:
        raise RefusedError(400, str(RecipesRunningError(running)))


def _import_row(request: ApiRequest, job: Import) -> dict[str, Any]:
    row, assumed = job.row(), request.assumptions
    if row["status"] == "in_progress":
        return row | {"status": assumed.running_state}
    results = [
        each | {"import_result": assumed.untouched_result} if each["import_result"] == UNTOUCHED else each
        for each in row.pop("recipe_status")
    ]
    return row | {"recipe_status": results} if assumed.recipe_status else row


@answers("packages.export", "managed_users.exports.create", row="Export")
def export_package(request: ApiRequest) -> dict[str, Any]:
    return request.state.exporter.row(
        export(request, manifest_of(request)), origin=request.file_origin, api_origin=request.origin
    )


@answers("managed_users.exports.get", row="Export")
def get_export(request: ApiRequest) -> dict[str, Any]:
    return request.state.exporter.row(_export(request), origin=request.file_origin, api_origin=request.origin)


@answers("packages.get", row="Package")
def get_package(request: ApiRequest) -> dict[str, Any]:
    """An import of the partner's workspace, or an export of it: they share one row of numbers."""
    imported = request.workspace.imports.get(request.path_id("package_id"))
    if imported is not None:
        return _import_row(request, imported) | {"download_url": None}
    return get_export(request)


@answers("packages.download")
def download_package(request: ApiRequest) -> Redirection:
    """404 until there is a file."""
    found = _export(request)
    there(found if request.state.exporter.status(found) == "completed" else None)
    return Redirection(request.file_origin + request.state.exporter.file_path(found, request.origin))


@answers("packages.import", row="Import")
def import_package(request: ApiRequest) -> dict[str, Any]:
    return _accept(request, request.path_id("folder_id"))


def _export(request: ApiRequest) -> Export:
    return request.found(request.workspace.exports, "package_id")
