"""Packages: exports of a workspace with their files, and what the partner imports or looks up by number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.exchange import NOT_FOUND, Asked, Redirection, RefusedError
from bulkops.sandbox.exports import Export
from bulkops.sandbox.handlers._base import Handler
from bulkops.sandbox.handlers.imports import accept_import, import_row
from bulkops.sandbox.handlers.manifests import export, manifest_of


def export_package(asked: Asked) -> dict[str, Any]:
    return asked.world.exporter.row(
        export(asked, manifest_of(asked)), origin=asked.file_origin, api_origin=asked.origin
    )


def get_export(asked: Asked) -> dict[str, Any]:
    return asked.world.exporter.row(_export(asked), origin=asked.file_origin, api_origin=asked.origin)


def get_package(asked: Asked) -> dict[str, Any]:
    """An import of the partner's workspace, or an export of it: they share one row of numbers."""
    imported = asked.workspace.imports.get(asked.path_id("package_id"))
    if imported is not None:
        return import_row(asked, imported) | {"download_url": None}
    return get_export(asked)


def download_package(asked: Asked) -> Redirection:
    """404 until there is a file."""
    found = _export(asked)
    if asked.world.exporter.status(found) != "completed":
        raise RefusedError(404, NOT_FOUND)
    return Redirection(asked.file_origin + asked.world.exporter.file_path(found, asked.origin))


def import_package(asked: Asked) -> dict[str, Any]:
    return accept_import(asked, asked.path_id("folder_id"))


def _export(asked: Asked) -> Export:
    return asked.found(asked.workspace.exports, "package_id")


HANDLERS: Final[Mapping[str, Handler]] = {
    "packages.export": export_package,
    "packages.get": get_package,
    "packages.download": download_package,
    "packages.import": import_package,
    "managed_users.exports.create": export_package,
    "managed_users.exports.get": get_export,
}
