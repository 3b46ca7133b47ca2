"""Exports: manifests, the assets that they select, and the zip files built from them."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
import secrets
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import quote

import attrs

from bulkops.sandbox.api_platform import Collection, Endpoint, fields_of
from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.clock import Clock
from bulkops.sandbox.recipes import Recipe, calls_in
from bulkops.sandbox.workspace import Connection, Folder, Workspace

AssetKey: TypeAlias = tuple[str, int]
"""Type and id: what tells one asset of a workspace from another."""

_ZIP_TIME: Final = (2026, 1, 1, 0, 0, 0)
"""The same assets make the same bytes, so that an export once more is the same package."""

_NOT_IN_FILE_NAMES: Final = re.compile(r"[^a-z0-9]+")


class MissingAssetError(Exception):
    """The workspace has no longer what a manifest names; the text is what the export's status would say."""


@attrs.frozen(kw_only=True)
class Asset:
    """`folder`: below the exported one, "" for that itself; `zip_name`: of its file unless the manifest has another."""

    id: int
    type: str
    name: str
    version: int
    folder: str
    absolute_path: str
    zip_name: str

    @property
    def key(self) -> AssetKey:
        return (self.type, self.id)

    def row(self, *, zip_name: str | None = None) -> dict[str, Any]:
        return attrs.asdict(self) | {
            "root_folder": False,
            "unreachable": False,
            "zip_name": zip_name or self.zip_name,
            "checked": True,
            "status": "added",
        }


def assets_in(workspace: Workspace, folder: Folder) -> list[Asset]:
    """Everything in the folder and below it, by file name. Equal names in one folder get numbers."""
    inside = {folder.id: ""}
    for each in workspace.below(folder)[1:]:  # each after its parent
        inside[each.id] = f"{inside[each.parent_id]}/{each.name}".lstrip("/")  # type: ignore[index]  # below: it has one
    taken: set[str] = set()
    found = []
    for type_, thing, folder_id, version in _things(workspace):
        if folder_id in inside:
            where = inside[folder_id]
            found.append(
                Asset(
                    id=thing.id,
                    type=type_,
                    name=thing.name,
                    version=version,
                    folder=where,
                    absolute_path=_absolute_path(workspace, folder_id),
                    zip_name=_free_name(taken, where, thing.name, type_),
                )
            )
    return sorted(found, key=lambda asset: asset.zip_name)


def build_zip(workspace: Workspace, files: Mapping[str, AssetKey]) -> bytes:
    """A package of the assets as they are now. Raises: MissingAssetError."""
    named = {key: name for name, key in files.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (type_, id_) in files.items():
            content = _FILES[type_](workspace, id_, named)
            text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _things(workspace: Workspace) -> Iterator[tuple[str, Connection | Recipe | Collection | Endpoint, int, int]]:
    """Each with its type, folder and version, in order of creation. An endpoint is where its collection is."""
    api = workspace.api
    yield from (("connection", each, each.folder_id, 1) for each in workspace.connections.values())
    yield from (("recipe", each, each.folder_id, each.version_no) for each in workspace.recipes.values())
    yield from (("api_group", each, each.folder_id, 1) for each in api.collections.values())
    for each in api.endpoints.values():
        yield "api_endpoint", each, api.collections[each.collection_id].folder_id, 1


def _absolute_path(workspace: Workspace, folder_id: int) -> str:
    path = workspace.path(folder_id)
    return "All projects" + (f"/{path}" if folder_id != workspace.home.id else "")


def _free_name(taken: set[str], folder: str, name: str, type_: str) -> str:
    stem = _NOT_IN_FILE_NAMES.sub("_", name.lower()).strip("_") or type_
    prefix = f"{folder}/" if folder else ""
    number, made = 1, f"{prefix}{stem}.{type_}.json"
    while made in taken:
        number += 1
        made = f"{prefix}{stem}_{number}.{type_}.json"
    taken.add(made)
    return made


def _connection_file(workspace: Workspace, id_: int, _: Mapping[AssetKey, str]) -> dict[str, Any]:
    connection = _existing(workspace.connections, "connection", id_)
    return {"name": connection.name, "provider": connection.provider, "root_folder": False}


def _recipe_file(workspace: Workspace, id_: int, named: Mapping[AssetKey, str]) -> dict[str, Any]:
    recipe: Recipe = _existing(workspace.recipes, "recipe", id_)
    packed = recipe.packed
    config = []
    for entry, bound in zip(packed.config, recipe.bound, strict=True):
        connection = workspace.connections.get(bound) if bound is not None else None
        reference = None if connection is None else _reference("connection", connection, named)
        if reference is None and entry.reference is not None:  # it came with a name that led nowhere
            reference = {"zip_name": entry.reference.zip_name, "name": entry.reference.name, "folder": ""}
        config.append({**entry.members, "account_id": reference})
    return {
        "name": packed.name,
        "description": packed.description,
        "version": recipe.version_no,
        **packed.facts,
        "code": _code(workspace, recipe, named),
        "config": config,
    }


def _code(workspace: Workspace, recipe: Recipe, named: Mapping[AssetKey, str]) -> Any:
    """Calls of other recipes are by file again; of one that is gone it stays as it is."""
    code = json.loads(recipe.code)
    for step in calls_in(code):
        callee = workspace.recipes.get(step["flow_id"]) if type(step["flow_id"]) is int else None
        if callee is not None:
            step["flow_id"] = _reference("recipe", callee, named)
    return code


def _collection_file(workspace: Workspace, id_: int, _: Mapping[AssetKey, str]) -> dict[str, Any]:
    collection = _existing(workspace.api.collections, "api_group", id_)
    facts = collection.facts
    return {
        "name": collection.name,
        "version": collection.version,
        "description": facts.get("description", ""),
        "handle": collection.handle.removeprefix(f"{workspace.slug}/"),
        "use_prefix": facts.get("use_prefix", True),
    }


def _endpoint_file(workspace: Workspace, id_: int, named: Mapping[AssetKey, str]) -> dict[str, Any]:
    endpoint = _existing(workspace.api.endpoints, "api_endpoint", id_)
    recipe = _existing(workspace.recipes, "recipe", endpoint.recipe_id)
    return {
        "name": endpoint.name,
        "recipe_id": _reference("recipe", recipe, named),
        "api_group_id": _reference("api_group", workspace.api.collections[endpoint.collection_id], named),
        "method": endpoint.method,
        "path": endpoint.path,
        "legacy": endpoint.legacy,
        **endpoint.facts,
    }


def _reference(type_: str, thing: Connection | Recipe | Collection, named: Mapping[AssetKey, str]) -> dict[str, str]:
    """By its file where the package has it; by its name in any case."""
    zip_name = named.get((type_, thing.id))
    if zip_name is None:
        zip_name = _free_name(set(), "", thing.name, type_)
    return {"zip_name": zip_name, "name": thing.name, "folder": zip_name.rpartition("/")[0]}


def _existing(things: Mapping[int, Any], type_: str, id_: int | None) -> Any:
    if id_ is None or id_ not in things:
        raise MissingAssetError(f"Export failed: {type_} {id_} does not exist any more")
    return things[id_]


_FILES: Final[Mapping[str, Callable[[Workspace, int, Mapping[AssetKey, str]], dict[str, Any]]]] = {
    "connection": _connection_file,
    "recipe": _recipe_file,
    "api_group": _collection_file,
    "api_endpoint": _endpoint_file,
}
"""What the file of an asset holds, by its type."""

_EXPORT_S: Final = 3.0


@attrs.define(kw_only=True)
class Manifest:
    """`files`: what a package of it holds, by the file's name in the zip. Deleting one archives it."""

    id: int
    name: str
    files: dict[str, Asset]
    project_path: str
    created_at: str
    updated_at: str
    last_exported_at: str | None = None
    deleted_at: str | None = None

    def row(self) -> dict[str, Any]:
        return fields_of(self, but=("files",)) | {"status": "archived" if self.deleted_at else "working"}

    def assets(self) -> list[dict[str, Any]]:
        return [asset.row(zip_name=name) for name, asset in self.files.items()]

    def keys(self) -> dict[str, AssetKey]:
        return {name: asset.key for name, asset in self.files.items()}


@attrs.frozen(kw_only=True)
class Export:
    """A package on its way: `ready_at` is when its file is there, or why there is no file, on the sandbox's clock."""

    id: int
    manifest_id: int
    data: bytes = attrs.field(repr=False)
    ready_at: float
    error: str | None = None


class Exporter:
    """Builds packages for every workspace, and knows which address is good for which file."""

    def __init__(self, clock: Clock, assumptions: Assumptions) -> None:
        self._clock = clock
        self._assumed = assumptions
        self._secret = secrets.token_bytes(16)
        self._exports: dict[int, Export] = {}

    def begin(self, workspace: Workspace, manifest: Manifest) -> Export:
        """A package of the assets as they are now; its file is there a few vendor seconds later."""
        manifest.last_exported_at = self._clock.stamp()
        data, error = b"", None
        try:
            data = build_zip(workspace, manifest.keys())
        except MissingAssetError as missing:
            error = str(missing)
        made = Export(
            id=workspace.new_id("package"),
            manifest_id=manifest.id,
            data=data,
            ready_at=self._clock.now() + self._clock.scaled(_EXPORT_S),
            error=error,
        )
        self._exports[made.id] = workspace.exports[made.id] = made
        return made

    def row(self, export: Export, *, origin: str, api_origin: str) -> dict[str, Any]:
        """As the API shows it; `origin` begins the address of the file."""
        status = self.status(export)
        row = {
            "id": export.id,
            "operation_type": "export",
            "status": status,
            "export_manifest_id": export.manifest_id,
            "download_url": origin + self.file_path(export, api_origin) if status == "completed" else None,
        }
        return row | ({"error": export.error} if status == "failed" else {})

    def status(self, export: Export) -> str:
        if self._clock.now() < export.ready_at:
            return self._assumed.running_state
        return "completed" if export.error is None else "failed"

    def file_path(self, export: Export, api_origin: str) -> str:
        """Path and query of the file: signed, and valid for a while without credentials.

        `api_origin`, the API's scheme and host as the client knows it, tells the file store who may bring credentials.
        """
        until = f"{self._clock.now() + self._clock.scaled(self._assumed.file_lifetime_s):.3f}"
        signed = f"until={until}&signature={self._sign(export.id, until)}"
        return f"/_files/packages/{export.id}.zip?api={quote(api_origin)}&{signed}"

    def file(self, name: str, *, until: str, signature: str) -> bytes | Literal["unknown", "refused"]:
        """The bytes behind `file_path`."""
        number = name.removesuffix(".zip")
        export = self._exports.get(int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
        if export is None or not name.endswith(".zip"):
            return "unknown"
        if not hmac.compare_digest(self._sign(export.id, until).encode(), signature.encode(errors="replace")):
            return "refused"
        return export.data if self._clock.now() <= float(until) else "refused"

    def _sign(self, export_id: int, until: str) -> str:
        said = f"{export_id}/{until}".encode(errors="replace")
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()
