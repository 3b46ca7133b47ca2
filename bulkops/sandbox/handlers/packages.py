"""Packages: exports of a workspace with their files, and what the partner imports or looks up by number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.exports import Export
from bulkops.sandbox.handlers._base import Handler
from bulkops.sandbox.handlers.imports import accept_import, import_row
from bulkops.sandbox.handlers.manifests import export, manifest_of
from bulkops.sandbox.request import NOT_FOUND, ApiRequest, Redirection, RefusedError


def export_package(request: ApiRequest) -> dict[str, Any]:
    return request.state.exporter.row(
        export(request, manifest_of(request)), origin=request.file_origin, api_origin=request.origin
    )


def get_export(request: ApiRequest) -> dict[str, Any]:
    return request.state.exporter.row(_export(request), origin=request.file_origin, api_origin=request.origin)


def get_package(request: ApiRequest) -> dict[str, Any]:
    """An import of the partner's workspace, or an export of it: they share one row of numbers."""
    imported = request.workspace.imports.get(request.path_id("package_id"))
    if imported is not None:
        return import_row(request, imported) | {"download_url": None}
    return get_export(request)


def download_package(request: ApiRequest) -> Redirection:
    """404 until there is a file."""
    found = _export(request)
    if request.state.exporter.status(found) != "completed":
        raise RefusedError(404, NOT_FOUND)
    return Redirection(request.file_origin + request.state.exporter.file_path(found, request.origin))


def import_package(request: ApiRequest) -> dict[str, Any]:
    return accept_import(request, request.path_id("folder_id"))


def _export(request: ApiRequest) -> Export:
    return request.found(request.workspace.exports, "package_id")


HANDLERS: Final[Mapping[str, Handler]] = {
    "packages.export": export_package,
    "packages.get": get_package,
    "packages.download": download_package,
    "packages.import": import_package,
    "managed_users.exports.create": export_package,
    "managed_users.exports.get": get_export,
}
