"""Packages: exports of a workspace with their files, and what the partner imports or looks up by number."""

from __future__ import annotations

from typing import Any

from bulkops.sandbox.exports import Export
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers.imports import accept_import, import_row
from bulkops.sandbox.handlers.manifests import export, manifest_of
from bulkops.sandbox.request import ApiRequest, Redirection, there


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
        return import_row(request, imported) | {"download_url": None}
    return get_export(request)


@answers("packages.download")
def download_package(request: ApiRequest) -> Redirection:
    """404 until there is a file."""
    found = _export(request)
    there(found if request.state.exporter.status(found) == "completed" else None)
    return Redirection(request.file_origin + request.state.exporter.file_path(found, request.origin))


@answers("packages.import", row="Import")
def import_package(request: ApiRequest) -> dict[str, Any]:
    return accept_import(request, request.path_id("folder_id"))


def _export(request: ApiRequest) -> Export:
    return request.found(request.workspace.exports, "package_id")
