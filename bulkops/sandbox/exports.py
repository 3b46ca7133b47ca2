"""Export manifests, the packages built from them, and where the files of those are."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any, Final, Literal
from urllib.parse import quote

import attrs

from bulkops.sandbox.assets import Asset, AssetKey, MissingAssetError, build_zip
from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.clock import Clock
from bulkops.sandbox.workspace import Workspace

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
        return {
            "id": self.id,
            "name": self.name,
            "last_exported_at": self.last_exported_at,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "deleted_at": self.deleted_at,
            "project_path": self.project_path,
            "status": "archived" if self.deleted_at else "working",
        }

    def assets(self) -> list[dict[str, Any]]:
        return [asset.row(zip_name=name) for name, asset in self.files.items()]

    def keys(self) -> dict[str, AssetKey]:
        return {name: asset.key for name, asset in self.files.items()}


@attrs.frozen(kw_only=True)
class Export:
    """A package on its way: `ready_at` is when its file is there, or why there is none, on the sandbox's clock."""

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
