"""Export manifests of a workspace: which of its assets go into a package."""

from __future__ import annotations

from typing import Any

from bulkops.sandbox.body import flag_in, id_in, text_in
from bulkops.sandbox.exports import Asset, Export, Manifest, assets_in
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest, invalid, there
from bulkops.sandbox.workspace import Folder


@answers("[managed_users.]export_manifests.folder_assets", row="Asset")
def list_folder_assets(request: ApiRequest) -> list[dict[str, Any]]:
    """Of a folder and those below it, the whole workspace when none is named."""
    return [asset.row() for asset in assets_in(request.workspace, _folder(request, request.number("folder_id")))]


@answers("[managed_users.]export_manifests.create", row="Manifest")
def create_manifest(request: ApiRequest) -> dict[str, Any]:
    """`assets` by id and type, or everything in a folder with `auto_generate_assets`."""
    workspace, files = request.workspace, _files(request)
    if files is None:
        raise invalid("assets", "can't be blank")
    manifest = workspace.add(
        workspace.manifests,
        "manifest",
        Manifest,
        now=request.state.clock.stamp(),
        name=request.given["name"],
        files=files,
        project_path=workspace.path(_folder(request, request.given.get("folder_id")).id).partition("/")[0],
    )
    request.note("manifest.created", manifest.name)
    return _shown(request, manifest)


@answers("[managed_users.]export_manifests.get", row="FullManifest")
def get_manifest(request: ApiRequest) -> dict[str, Any]:
    manifest = manifest_of(request)
    return manifest.row() | {"assets": manifest.assets()}


@answers("[managed_users.]export_manifests.update", row="Manifest")
def update_manifest(request: ApiRequest) -> dict[str, Any]:
    """A list of assets replaces the earlier one."""
    manifest, files = manifest_of(request), _files(request)
    name = request.given.get("name") or manifest.name
    if request.change(manifest, {"name": name, "files": manifest.files if files is None else files}):
        request.note("manifest.updated", manifest.name)
    return _shown(request, manifest)


@answers("[managed_users.]export_manifests.delete")
def delete_manifest(request: ApiRequest) -> None:
    manifest = manifest_of(request)
    manifest.deleted_at = request.state.clock.stamp()
    request.note("manifest.deleted", manifest.name)


def manifest_of(request: ApiRequest) -> Manifest:
    """One that was deleted can be looked at no more. Raises: RefusedError 404."""
    found = request.workspace.manifests.get(request.path_id("manifest_id"))
    return there(None if found is None or found.deleted_at is not None else found)


def _folder(request: ApiRequest, folder_id: int | None) -> Folder:
    workspace = request.workspace
    return workspace.home if folder_id is None else there(workspace.folders.get(folder_id))


def _shown(request: ApiRequest, manifest: Manifest) -> dict[str, Any]:
    """With `auto_run` a package of it is on its way already; the answer does not say which."""
    if request.given.get("auto_run"):
        export(request, manifest)
    return manifest.row()


def export(request: ApiRequest, manifest: Manifest) -> Export:
    """Begin to build a package of it."""
    request.note("package.exported", str(manifest.id))
    return request.state.exporter.begin(request.workspace, manifest)


def _files(request: ApiRequest) -> dict[str, Asset] | None:
    """Assets by their names in the zip, None when the body says nothing of them. Raises: RefusedError 400."""
    folder = _folder(request, request.given.get("folder_id"))
    if request.given.get("auto_generate_assets"):
        return {asset.zip_name: asset for asset in assets_in(request.workspace, folder)}
    rows = request.given.get("assets")
    if rows is None:
        return None
    if not rows:
        raise invalid("assets", "is not a list of objects")
    everything = assets_in(request.workspace, request.workspace.home)
    files: dict[str, Asset] = {}
    for index, row in enumerate(rows):
        id_, type_ = id_in(row, "id"), text_in(row, "type")
        asset = next((each for each in everything if each.id == id_ and type_ in {None, each.type}), None)
        if asset is None:
            raise invalid("assets", "names an asset that is not there")
        if "checked" not in row or flag_in(row, "checked"):
            name = text_in(row, "zip_name") or f"asset_{index}.{asset.type}.json"
            if name in files:
                raise invalid("assets", f"has two files of one name: {name}")
            files[name] = asset
    return files
