"""Export manifests: the parts of a workspace that go into a package."""

from __future__ import annotations

import attrs

from bulkops.models.members import Id, Instant


@attrs.frozen(kw_only=True)
class Asset:
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


@attrs.frozen(kw_only=True)
class ExportManifest:
    """`status`: "working", or "archived" for one that was deleted; `assets`: where the answer lists them."""

    id: Id
    name: str
    status: str | None = None
    project_path: str | None = None
    assets: list[Asset] = attrs.field(factory=list, repr=False)
    last_exported_at: Instant | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    deleted_at: Instant | None = None
