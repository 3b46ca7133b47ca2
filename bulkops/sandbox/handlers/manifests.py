"""Export manifests of a workspace: which of its assets go into a package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkops.sandbox.exports import Asset, Export, Manifest, assets_in
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import (
    NOT_FOUND,
    ApiRequest,
    RefusedError,
    flag_member,
    id_member,
    invalid,
    text_member,
)
from bulkops.sandbox.workspace import Folder


@answers("[managed_users.]export_manifests.folder_assets", row="Asset")
def list_folder_assets(request: ApiRequest) -> list[dict[str, Any]]:
    """Of a folder and those below it, the whole workspace when none is named."""
    return [asset.row() for asset in assets_in(request.workspace, _folder(request, request.number("folder_id")))]


@answers("[managed_users.]export_manifests.create", row="Manifest")
def create_manifest(request: ApiRequest) -> dict[str, Any]:
    """`assets` by id and type, or everything in a folder with `auto_generate_assets`."""
    workspace, wanted = request.workspace, _wanted(request)
    name = str(text_member(wanted, "name", required=True))
    files = _files(request, wanted)
    if files is None:
        raise invalid("assets", "can't be blank")
    now = request.state.clock.stamp()
    manifest = Manifest(
        id=workspace.new_id("manifest"),
        name=name,
        files=files,
        project_path=workspace.path(_folder(request, id_member(wanted, "folder_id")).id).partition("/")[0],
        created_at=now,
        updated_at=now,
    )
    workspace.manifests[manifest.id] = manifest
    request.note("manifest.created", name)
    return _shown(request, manifest, wanted)


@answers("[managed_users.]export_manifests.get", row="FullManifest")
def get_manifest(request: ApiRequest) -> dict[str, Any]:
    manifest = manifest_of(request)
    return manifest.row() | {"assets": manifest.assets()}


@answers("[managed_users.]export_manifests.update", row="Manifest")
def update_manifest(request: ApiRequest) -> dict[str, Any]:
    """A list of assets replaces the earlier one."""
    manifest, wanted = manifest_of(request), _wanted(request)
    files, name = _files(request, wanted), text_member(wanted, "name")
    new = (name or manifest.name, manifest.files if files is None else files)
    if new != (manifest.name, manifest.files):
        manifest.name, manifest.files = new
        manifest.updated_at = request.state.clock.stamp()
        request.note("manifest.updated", manifest.name)
    return _shown(request, manifest, wanted)


@answers("[managed_users.]export_manifests.delete")
def delete_manifest(request: ApiRequest) -> dict[str, Any]:
    manifest = manifest_of(request)
    manifest.deleted_at = request.state.clock.stamp()
    request.note("manifest.deleted", manifest.name)
    return {"success": True}


def manifest_of(request: ApiRequest) -> Manifest:
    """One that was deleted can be looked at no more. Raises: RefusedError 404."""
    found = request.workspace.manifests.get(request.path_id("manifest_id"))
    if found is None or found.deleted_at is not None:
        raise RefusedError(404, NOT_FOUND)
    return found


def _folder(request: ApiRequest, folder_id: int | None) -> Folder:
    workspace = request.workspace
    found = workspace.home if folder_id is None else workspace.folders.get(folder_id)
    if found is None:
        raise RefusedError(404, NOT_FOUND)
    return found


def _shown(request: ApiRequest, manifest: Manifest, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """With `auto_run` a package of it is on its way already; the answer does not say which."""
    if flag_member(wanted, "auto_run"):
        export(request, manifest)
    return manifest.row()


def export(request: ApiRequest, manifest: Manifest) -> Export:
    """Begin to build a package of it."""
    request.note("package.exported", str(manifest.id))
    return request.state.exporter.begin(request.workspace, manifest)


def _wanted(request: ApiRequest) -> Mapping[str, Any]:
    wanted = request.members().get("export_manifest")
    if not isinstance(wanted, dict):
        raise invalid("export_manifest", "can't be blank")
    return wanted


def _files(request: ApiRequest, wanted: Mapping[str, Any]) -> dict[str, Asset] | None:
    """Assets by their names in the zip, None when the body says nothing of them. Raises: RefusedError 400."""
    folder = _folder(request, id_member(wanted, "folder_id"))
    if flag_member(wanted, "auto_generate_assets"):
        return {asset.zip_name: asset for asset in assets_in(request.workspace, folder)}
    rows = wanted.get("assets")
    if rows is None:
        return None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise invalid("assets", "is not a list of objects")
    everything = assets_in(request.workspace, request.workspace.home)
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
