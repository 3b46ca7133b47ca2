"""The partner's own workspace: the example packages as projects, and manifests of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bulkops.sandbox.clock import Clock
from bulkops.sandbox.exports import Manifest, assets_in
from bulkops.sandbox.installing import install
from bulkops.sandbox.members import partners_people
from bulkops.sandbox.package_zip import PackageShelf, ParsedPackage
from bulkops.sandbox.roles import CUSTOM, PARTNERS
from bulkops.sandbox.workspace import Ids, Import, Workspace

_DEMO: Final = Path(__file__).parents[1] / "_demo"
EXAMPLE: Final = _DEMO / "crm-v1.zip"
"""Data, not code: the package that the partner has built in its workspace."""

API_EXAMPLE: Final = _DEMO / "crm-api.zip"
"""And one with API endpoints, in a project of its own."""

PROJECT: Final = "CRM rollout"
API_PROJECT: Final = "CRM API"


class Partner:
    """Its workspace, with two projects and a manifest of each: the recipes of the one stand still, and in the other
    everything runs, as after a partner's own tests. All connections are authorized."""

    def __init__(self, clock: Clock, ids: Ids, packages: PackageShelf, *, workspace_id: int) -> None:
        now = clock.stamp()
        self.workspace = Workspace(ids, owner=None, created_at=now, partner_id=workspace_id)
        self.workspace.members = partners_people(now)
        self.workspace.shelf(CUSTOM, PARTNERS)
        self._build(PROJECT, "Example rollout", packages.parse(EXAMPLE.read_bytes()), now)
        folder_ids = self._build(API_PROJECT, "Example API platform", packages.parse(API_EXAMPLE.read_bytes()), now)
        for recipe in self.workspace.recipes.values():
            recipe.running = recipe.folder_id in folder_ids
        for endpoint in self.workspace.api.endpoints.values():
            endpoint.active = True

    def _build(self, project: str, manifest: str, package: ParsedPackage, now: str) -> set[int]:
        """A project with what the package holds, and a manifest of all that; the ids of its folders."""
        workspace = self.workspace
        folder = workspace.add_folder(project, workspace.home, now=now)
        built = Import(folder_id=folder.id, home_folder_id=folder.id, package=package, restart_recipes=False)
        install(workspace, built, now=now, note=lambda *_: None)
        for connection in workspace.connections.values():
            connection.authorization_status, connection.authorized_at = "success", now
        files = {asset.zip_name: asset for asset in assets_in(workspace, folder)}
        workspace.add(
            workspace.manifests, "manifest", Manifest, now=now, name=manifest, files=files, project_path=project
        )
        return {each.id for each in workspace.below(folder)}
