"""Export manifests: the parts of a workspace that go into a package."""

from __future__ import annotations

import msgspec

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model


class Asset(Model, frozen=True, kw_only=True):
    """`type`: "recipe", "connection", "api_group" and others; `folder`: below the exported one; `zip_name`: of its file
    in the package; `checked` False: in the manifest's list, and not in its package."""

    id: Id
    type: str
    name: str | None = None
    version: int | None = None
    folder: str | None = None
    absolute_path: str | None = None
    root_folder: bool | None = None
    unreachable: bool | None = None
    zip_name: str | None = None
    checked: bool | None = None
    status: str | None = None


class ExportManifest(Model, frozen=True, kw_only=True):
    """`status`: "working", or "archived" for one that was deleted; `assets`: where the answer lists them."""

    hidden = ("assets",)
    id: Id
    name: str
    status: str | None = None
    project_path: str | None = None
    assets: list[Asset] = msgspec.field(default_factory=list)
    last_exported_at: Instant | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    deleted_at: Instant | None = None
