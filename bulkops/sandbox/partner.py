"""The partner's own workspace, as far as rollouts need it: assets, export manifests, packages."""

from __future__ import annotations

import hashlib
import hmac
import io
import secrets
import zipfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

import attrs
import msgspec

from bulkops.sandbox.clock import Clock
from bulkops.sandbox.installing import install
from bulkops.sandbox.members import partners_people
from bulkops.sandbox.packages import parse_package
from bulkops.sandbox.roles import CUSTOM, PARTNERS
from bulkops.sandbox.workspace import Ids, Import, Workspace

_DEMO: Final = Path(__file__).parents[1] / "_demo"
EXAMPLE: Final = _DEMO / "crm-v1.zip"
"""Data, not code: the package that the partner has built in its workspace."""

API_EXAMPLE: Final = _DEMO / "crm-api.zip"
"""And one with API endpoints, in a project of its own."""

PROJECT: Final = "CRM rollout"
API_PROJECT: Final = "CRM API"
_FIRST_ASSET: Final = 612_901
_EXPORT_S: Final = 3.0
_TIMES: Final = ("created_at", "updated_at")
_ZIP_TIME: Final = (2026, 1, 1, 0, 0, 0)
"""The same assets make the same bytes, so that an export once more is the same package."""


@attrs.frozen(kw_only=True)
class Asset:
    """A recipe, connection or other thing. `folder`: below the project, "" for the project itself."""

    id: int
    name: str
    type: str
    folder: str
    zip_name: str
    content: bytes = attrs.field(repr=False)
    project: str = PROJECT

    def row(self, *, zip_name: str | None = None) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "version": 1,
            "folder": self.folder,
            "absolute_path": f"All projects/{self.project}" + (f"/{self.folder}" if self.folder else ""),
            "root_folder": False,
            "unreachable": False,
            "zip_name": zip_name or self.zip_name,
            "checked": True,
            "status": "added",
        }


@attrs.define(kw_only=True)
class Manifest:
    """`files`: what a package of it holds, by the file's name in the zip. Deleting one archives it."""

    id: int
    name: str
    files: dict[str, Asset]
    created_at: str
    updated_at: str
    last_exported_at: str | None = None
    deleted_at: str | None = None

    def row(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "last_exported_at": self.last_exported_at,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "deleted_at": self.deleted_at,
            "project_path": next((asset.project for asset in self.files.values()), PROJECT),
            "status": "archived" if self.deleted_at else "working",
        }

    def assets(self) -> list[dict[str, Any]]:
        return [asset.row(zip_name=name) for name, asset in self.files.items()]


@attrs.frozen(kw_only=True)
class Export:
    """A package on its way: `ready_at` is when its file is there, on the sandbox's clock."""

    id: int
    manifest_id: int
    data: bytes = attrs.field(repr=False)
    ready_at: float


class Partner:
    """Manifests and packages by id. Built with a manifest of each of its two projects."""

    def __init__(self, clock: Clock, ids: Ids, *, file_lives_s: float) -> None:
        """`file_lives_s`: vendor seconds that an address of a file is good for."""
        self._clock = clock
        self._file_lives_s = file_lives_s
        self._ids = ids
        self.workspace = Workspace(ids, created_at=clock.stamp())
        self.workspace.members = partners_people(clock.stamp())
        self.workspace.shelf(CUSTOM, [{**role, **dict.fromkeys(_TIMES, clock.stamp())} for role in PARTNERS])
        self._secret = secrets.token_bytes(16)
        self.manifests: dict[int, Manifest] = {}
        self.exports: dict[int, Export] = {}
        self.add_manifest("Example rollout", {asset.zip_name: asset for asset in example_assets()})
        self._api_folder_id, self._api_assets = _build_api_project(self.workspace, clock.stamp())
        self.add_manifest("Example API platform", {asset.zip_name: asset for asset in self._api_assets})

    def assets_in(self, folder_id: int | None) -> tuple[Asset, ...]:
        """Of the project that this folder is, else of the example's."""
        return self._api_assets if folder_id == self._api_folder_id else example_assets()

    def asset(self, id_: int) -> Asset | None:
        return next((asset for asset in (*example_assets(), *self._api_assets) if asset.id == id_), None)

    def add_manifest(self, name: str, files: dict[str, Asset]) -> Manifest:
        now = self._clock.stamp()
        manifest = Manifest(id=self._ids("manifest"), name=name, files=files, created_at=now, updated_at=now)
        self.manifests[manifest.id] = manifest
        return manifest

    def export(self, manifest: Manifest) -> Export:
        """Begin to build a package; its file is there a few vendor seconds later."""
        manifest.last_exported_at = self._clock.stamp()
        made = Export(
            id=self._ids("package"),
            manifest_id=manifest.id,
            data=build_zip(manifest.files),
            ready_at=self._clock.now() + self._clock.scaled(_EXPORT_S),
        )
        self.exports[made.id] = made
        return made

    def is_ready(self, export: Export) -> bool:
        return self._clock.now() >= export.ready_at

    def file_path(self, export: Export) -> str:
        """Path and query of the file: signed, and good for a while without any credentials."""
        until = f"{self._clock.now() + self._clock.scaled(self._file_lives_s):.3f}"
        return f"/_files/packages/{export.id}.zip?until={until}&signature={self._sign(export.id, until)}"

    def file(self, name: str, *, until: str, signature: str) -> bytes | Literal["unknown", "refused"]:
        """The bytes behind `file_path`."""
        number = name.removesuffix(".zip")
        export = self.exports.get(int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
        if export is None or not name.endswith(".zip"):
            return "unknown"
        if not hmac.compare_digest(self._sign(export.id, until).encode(), signature.encode(errors="replace")):
            return "refused"
        return export.data if self._clock.now() <= float(until) else "refused"

    def _sign(self, export_id: int, until: str) -> str:
        said = f"{export_id}/{until}".encode(errors="replace")
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()


def build_zip(files: dict[str, Asset]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, asset in files.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), asset.content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _build_api_project(workspace: Workspace, now: str) -> tuple[int, tuple[Asset, ...]]:
    """The folder of the project with API endpoints, and its assets: everything runs, as after a partner's own tests."""
    folder = workspace.add_folder(API_PROJECT, workspace.home, now=now)
    data = API_EXAMPLE.read_bytes()
    package = parse_package(data, hashlib.sha256(data).hexdigest())
    made = Import(
        id=0, folder_id=folder.id, home_folder_id=folder.id, package=package, restart_recipes=False, duration_s=0.0
    )
    install(workspace, made, user_id=0, now=now, note=lambda kind, key: None)
    for connection in workspace.connections.values():
        connection.authorization_status, connection.authorized_at = "success", now
    for recipe in workspace.recipes.values():
        recipe.running = True
    for endpoint in workspace.api.endpoints.values():
        endpoint.active = True
    ids: dict[tuple[str, str], int] = {("api_group", row.name): row.id for row in workspace.api.collections.values()}
    ids |= {("api_endpoint", row.name): row.id for row in workspace.api.endpoints.values()}
    ids |= {("recipe", row.name): row.id for row in workspace.recipes.values()}
    ids |= {("connection", row.name): row.id for row in workspace.connections.values()}
    with zipfile.ZipFile(API_EXAMPLE) as archive:
        files = [(name, archive.read(name)) for name in archive.namelist()]
    return folder.id, tuple(
        attrs.evolve(asset, id=ids[asset.type, asset.name], project=API_PROJECT) for asset in _assets(files)
    )


@cache
def example_assets() -> tuple[Asset, ...]:
    """What the partner's workspace holds: the files of the example package, each an asset with an id."""
    with zipfile.ZipFile(EXAMPLE) as archive:
        return tuple(_assets((name, archive.read(name)) for name in archive.namelist()))


def _assets(files: Iterable[tuple[str, bytes]]) -> Iterable[Asset]:
    for number, (name, content) in enumerate(files):
        path = PurePosixPath(name)
        yield Asset(
            id=_FIRST_ASSET + number,
            name=str(msgspec.json.decode(content)["name"]),
            type=path.name.split(".")[-2],
            folder="" if str(path.parent) == "." else str(path.parent),
            zip_name=name,
            content=content,
        )
