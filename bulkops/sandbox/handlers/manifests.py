"""Export manifests of a workspace: which of its assets go into a package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.assets import Asset, assets_in
from bulkops.sandbox.exchange import (
    NOT_FOUND,
    Asked,
    RefusedError,
    flag_member,
    id_member,
    invalid,
    text_member,
)
from bulkops.sandbox.exports import Export, Manifest
from bulkops.sandbox.handlers._base import Handler, both
from bulkops.sandbox.workspace import Folder


def list_folder_assets(asked: Asked) -> list[dict[str, Any]]:
    """Of a folder and those below it, the whole workspace when none is named."""
    return [asset.row() for asset in assets_in(asked.workspace, _folder(asked, asked.number("folder_id")))]


def create_manifest(asked: Asked) -> dict[str, Any]:
    """`assets` by id and type, or everything in a folder with `auto_generate_assets`."""
    workspace, wanted = asked.workspace, _wanted(asked)
    name = str(text_member(wanted, "name", required=True))
    files = _files(asked, wanted)
    if files is None:
        raise invalid("assets", "can't be blank")
    now = asked.world.clock.stamp()
    manifest = Manifest(
        id=workspace.new_id("manifest"),
        name=name,
        files=files,
        project_path=workspace.path(_folder(asked, id_member(wanted, "folder_id")).id).partition("/")[0],
        created_at=now,
        updated_at=now,
    )
    workspace.manifests[manifest.id] = manifest
    asked.note("manifest.created", name)
    return _shown(asked, manifest, wanted)


def get_manifest(asked: Asked) -> dict[str, Any]:
    manifest = manifest_of(asked)
    return manifest.row() | {"assets": manifest.assets()}


def update_manifest(asked: Asked) -> dict[str, Any]:
    """A list of assets replaces the earlier one."""
    manifest, wanted = manifest_of(asked), _wanted(asked)
    files, name = _files(asked, wanted), text_member(wanted, "name")
    new = (name or manifest.name, manifest.files if files is None else files)
    if new != (manifest.name, manifest.files):
        manifest.name, manifest.files = new
        manifest.updated_at = asked.world.clock.stamp()
        asked.note("manifest.updated", manifest.name)
    return _shown(asked, manifest, wanted)


def delete_manifest(asked: Asked) -> dict[str, Any]:
    manifest = manifest_of(asked)
    manifest.deleted_at = asked.world.clock.stamp()
    asked.note("manifest.deleted", manifest.name)
    return {"success": True}


def manifest_of(asked: Asked) -> Manifest:
    """One that was deleted can be looked at no more. Raises: RefusedError 404."""
    found = asked.workspace.manifests.get(asked.path_id("manifest_id"))
    if found is None or found.deleted_at is not None:
        raise RefusedError(404, NOT_FOUND)
    return found


def _folder(asked: Asked, folder_id: int | None) -> Folder:
    workspace = asked.workspace
    found = workspace.home if folder_id is None else workspace.folders.get(folder_id)
    if found is None:
        raise RefusedError(404, NOT_FOUND)
    return found


def _shown(asked: Asked, manifest: Manifest, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """With `auto_run` a package of it is on its way already; the answer does not say which."""
    if flag_member(wanted, "auto_run"):
        export(asked, manifest)
    return manifest.row()


def export(asked: Asked, manifest: Manifest) -> Export:
    """Begin to build a package of it."""
    asked.note("package.exported", str(manifest.id))
    return asked.world.exporter.begin(asked.workspace, manifest)


def _wanted(asked: Asked) -> Mapping[str, Any]:
    wanted = asked.members().get("export_manifest")
    if not isinstance(wanted, dict):
        raise invalid("export_manifest", "can't be blank")
    return wanted


def _files(asked: Asked, wanted: Mapping[str, Any]) -> dict[str, Asset] | None:
    """Assets by their names in the zip, None when the body says nothing of them. Raises: RefusedError 400."""
    folder = _folder(asked, id_member(wanted, "folder_id"))
    if flag_member(wanted, "auto_generate_assets"):
        return {asset.zip_name: asset for asset in assets_in(asked.workspace, folder)}
    rows = wanted.get("assets")
    if rows is None:
        return None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise invalid("assets", "is not a list of objects")
    everything = assets_in(asked.workspace, asked.workspace.home)
    files: dict[str, Asset] = {}
    for index, row in enumerate(rows):
        id_, type_ = id_member(row, "id"), text_member(row, "type")
        asset = next((each for each in everything if each.id == id_ and type_ in {None, each.type}), None)
        if asset is None:
            raise invalid("assets", "names an asset that is not there")
        if "checked" not in row or flag_member(row, "checked"):
            name = text_member(row, "zip_name") or f"asset_{index}.{asset.type}.json"
            if name in files:
                raise invalid("assets", f"has two files of one name: {name}")
            files[name] = asset
    return files


HANDLERS: Final[Mapping[str, Handler]] = both(
    {
        "export_manifests.folder_assets": list_folder_assets,
        "export_manifests.create": create_manifest,
        "export_manifests.get": get_manifest,
        "export_manifests.update": update_manifest,
        "export_manifests.delete": delete_manifest,
    }
)
