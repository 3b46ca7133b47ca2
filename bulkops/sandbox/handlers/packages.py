"""The partner's side of a rollout: export manifests, and the packages built from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.exchange import (
    NOT_FOUND,
    Asked,
    Redirection,
    RefusedError,
    flag_member,
    id_member,
    invalid,
    text_member,
)
from bulkops.sandbox.handlers._base import Handler
from bulkops.sandbox.partner import Asset, Export, Manifest


def list_folder_assets(asked: Asked) -> list[dict[str, Any]]:
    """Of the project that `folder_id` is, the first one when it is left out."""
    return [asset.row() for asset in asked.world.partner.assets_in(asked.number("folder_id"))]


def create_manifest(asked: Asked) -> dict[str, Any]:
    """`assets` by id, or everything with `auto_generate_assets`."""
    wanted = _wanted(asked)
    name = text_member(wanted, "name", required=True)
    files = _files(asked, wanted)
    if files is None:
        raise invalid("assets", "can't be blank")
    manifest = asked.world.partner.add_manifest(str(name), files)
    asked.world.ledger.note(None, "manifest.created", str(name))
    return manifest.row()


def get_manifest(asked: Asked) -> dict[str, Any]:
    manifest = _manifest(asked)
    return manifest.row() | {"assets": manifest.assets()}


def update_manifest(asked: Asked) -> dict[str, Any]:
    manifest, wanted = _manifest(asked), _wanted(asked)
    files = _files(asked, wanted)
    manifest.name = text_member(wanted, "name") or manifest.name
    manifest.files = manifest.files if files is None else files
    manifest.updated_at = asked.world.clock.stamp()
    return manifest.row()


def delete_manifest(asked: Asked) -> dict[str, Any]:
    _manifest(asked).deleted_at = asked.world.clock.stamp()
    return {"success": True}


def export_package(asked: Asked) -> dict[str, Any]:
    manifest = _manifest(asked)
    made = asked.world.partner.export(manifest)
    asked.world.ledger.note(None, "package.exported", str(manifest.id))
    return _row(asked, made)


def get_package(asked: Asked) -> dict[str, Any]:
    return _row(asked, _export(asked))


def download_package(asked: Asked) -> Redirection:
    """404 until there is a file."""
    found = _export(asked)
    if not asked.world.partner.is_ready(found):
        raise RefusedError(404, NOT_FOUND)
    return Redirection(_address(asked, found))


def _row(asked: Asked, export: Export) -> dict[str, Any]:
    ready = asked.world.partner.is_ready(export)
    return {
        "id": export.id,
        "operation_type": "export",
        "status": "completed" if ready else asked.assumptions.running_state,
        "export_manifest_id": export.manifest_id,
        "download_url": _address(asked, export) if ready else None,
    }


def _address(asked: Asked, export: Export) -> str:
    return asked.origin + asked.world.partner.file_path(export)


def _manifest(asked: Asked) -> Manifest:
    """One that was deleted can be looked at no more. Raises: RefusedError 404."""
    found = asked.world.partner.manifests.get(asked.path_id("manifest_id"))
    if found is None or found.deleted_at is not None:
        raise RefusedError(404, NOT_FOUND)
    return found


def _export(asked: Asked) -> Export:
    found = asked.world.partner.exports.get(asked.path_id("package_id"))
    if found is None:
        raise RefusedError(404, NOT_FOUND)
    return found


def _wanted(asked: Asked) -> Mapping[str, Any]:
    wanted = asked.members().get("export_manifest")
    if not isinstance(wanted, dict):
        raise invalid("export_manifest", "can't be blank")
    return wanted


def _files(asked: Asked, wanted: Mapping[str, Any]) -> dict[str, Asset] | None:
    """Assets by their names in the zip, None when the body says nothing of them. Raises: RefusedError 400."""
    if flag_member(wanted, "auto_generate_assets"):
        folder_id = id_member(wanted, "folder_id")
        return {asset.zip_name: asset for asset in asked.world.partner.assets_in(folder_id)}
    rows = wanted.get("assets")
    if rows is None:
        return None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise invalid("assets", "is not a list of objects")
    files: dict[str, Asset] = {}
    for index, row in enumerate(rows):
        asset = asked.world.partner.asset(id_member(row, "id") or 0)
        if asset is None:
            raise invalid("assets", "names an asset that is not there")
        if "checked" not in row or flag_member(row, "checked"):
            files[text_member(row, "zip_name") or f"asset_{index}.{asset.type}.json"] = asset
    return files


HANDLERS: Final[Mapping[str, Handler]] = {
    "export_manifests.folder_assets": list_folder_assets,
    "export_manifests.create": create_manifest,
    "export_manifests.get": get_manifest,
    "export_manifests.update": update_manifest,
    "export_manifests.delete": delete_manifest,
    "packages.export": export_package,
    "packages.get": get_package,
    "packages.download": download_package,
}
