"""What an import does to a workspace: an upsert of folders, connections, recipes, API collections and endpoints, by
name within their folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Final, TypeAlias

import msgspec

from bulkops.sandbox.api_platform import Collection, Endpoint
from bulkops.sandbox.packages import PackedCollection, PackedConfig, PackedEndpoint, PackedRecipe, ParsedPackage
from bulkops.sandbox.recipes import Recipe, calls_in
from bulkops.sandbox.workspace import Connection, Folder, Import, Workspace


class RecipesRunningError(Exception):
    """The package touches running recipes and may not restart them: nothing was changed."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"Recipes are running and restart_recipes is not set: {', '.join(names)}")


UNTOUCHED: Final = "no_update_or_updated_without_restart"


Note: TypeAlias = Callable[[str, str], None]
"""Writes an effect into the ledger: kind and key."""


def install(workspace: Workspace, job: Import, *, now: str, note: Note) -> list[dict[str, Any]]:
    """Apply a good package whole; one `{"id", "import_result"}` per recipe of it, in its order.

    Raises: RecipesRunningError before anything is changed.
    """
    installer = _Installer(workspace, job, now, note)
    installer.refuse_running()
    return installer.run()


def running_recipes(workspace: Workspace, package: ParsedPackage, folder_id: int) -> list[str]:
    """Names of the running recipes that the package would update in that folder."""
    running = {(recipe.folder_id, recipe.name) for recipe in workspace.recipes.values() if recipe.running}
    return [
        each.name for each in package.recipes if (_find(workspace, folder_id, each.directory), each.name) in running
    ]


def _find(workspace: Workspace, folder_id: int, directory: str) -> int | None:
    for part in directory.split("/") if directory else ():
        child = _child(workspace, folder_id, part)
        if child is None:
            return None
        folder_id = child.id
    return folder_id


def _child(workspace: Workspace, folder_id: int, name: str) -> Folder | None:
    return next((folder for folder in workspace.children(folder_id) if folder.name == name), None)


class _Installer:
    def __init__(self, workspace: Workspace, job: Import, now: str, note: Note) -> None:
        self._workspace = workspace
        self._job = job
        self._now = now
        self._note = note
        self._bound: dict[str, int] = {}
        self._recipes = {(r.folder_id, r.name): r for r in self._workspace.recipes.values()}

    def refuse_running(self) -> None:
        """Without `restart_recipes` running recipes cannot be imported over (NOTES section 9)."""
        if self._job.restart_recipes:
            return
        running = running_recipes(self._workspace, self._job.package, self._job.folder_id)
        if running:
            raise RecipesRunningError(running)

    def run(self) -> list[dict[str, Any]]:
        for directory in self._job.package.directories:
            self._make(directory)
        for packed in self._job.package.connections:
            home = packed.root_folder
            folder_id = self._job.home_folder_id if home else self._make(packed.directory)
            connection = self._connection(packed.name, packed.provider, folder_id)
            self._bound[packed.zip_name] = connection.id
        results = [self._recipe(packed) for packed in self._job.package.recipes]
        recipe_ids = {p.zip_name: row["id"] for p, row in zip(self._job.package.recipes, results, strict=True)}
        for id_ in recipe_ids.values():
            self._connect_calls(self._workspace.recipes[id_], recipe_ids)
        collection_ids = {p.zip_name: self._collection(p) for p in self._job.package.collections}
        for endpoint in self._job.package.endpoints:
            self._endpoint(endpoint, collection_ids[endpoint.collection.zip_name], recipe_ids)
        return results

    def _connect_calls(self, recipe: Recipe, recipe_ids: Mapping[str, int]) -> None:
        """What it calls by file it calls by number from now on; what is not in the package it calls in vain."""
        if '"flow_id"' not in recipe.packed.code:
            return
        pointers = [step["flow_id"] for step in calls_in(msgspec.json.decode(recipe.packed.code))]
        files = {pointer.get("zip_name") for pointer in pointers if isinstance(pointer, dict)}
        recipe.callees = {file: id_ for file, id_ in recipe_ids.items() if file in files}

    def _collection(self, packed: PackedCollection) -> int:
        """By name in its folder; what clients may reach of an old one stays as it is."""
        folder = self._workspace.folders[self._make(packed.directory)]
        collections = self._workspace.api.collections
        found = next((c for c in collections.values() if (c.name, c.folder_id) == (packed.name, folder.id)), None)
        if found is not None:
            found.version, found.facts, found.updated_at = packed.version, packed.facts, self._now
            return found.id
        made = Collection(
            id=self._workspace.new_id("api_collection"),
            name=packed.name,
            folder_id=folder.id,
            project_id=folder.project_id,
            handle=handle_of(self._workspace, packed.handle, packed.name),
            version=packed.version,
            facts=packed.facts,
            created_at=self._now,
            updated_at=self._now,
        )
        collections[made.id] = made
        self._note("collection.created", f"{self._workspace.path(folder.id)}/{packed.name}")
        return made.id

    def _endpoint(self, packed: PackedEndpoint, collection_id: int, recipe_ids: Mapping[str, int]) -> None:
        """By name in its collection. New ones arrive disabled; an import switches none on or off."""
        bound: dict[str, Any] = {"recipe_id": recipe_ids.get(packed.recipe.zip_name), "updated_at": self._now}
        bound |= {"method": packed.method, "path": packed.path, "legacy": packed.legacy, "facts": packed.facts}
        endpoints = self._workspace.api.endpoints_of(collection_id)
        found = next((endpoint for endpoint in endpoints if endpoint.name == packed.name), None)
        if found is not None:
            for name, value in bound.items():
                setattr(found, name, value)
            return
        made = Endpoint(
            id=self._workspace.new_id("api_endpoint"),
            collection_id=collection_id,
            name=packed.name,
            created_at=self._now,
            **bound,
        )
        self._workspace.api.endpoints[made.id] = made

    def _make(self, directory: str) -> int:
        folder_id = self._job.folder_id
        for part in directory.split("/") if directory else ():
            child = _child(self._workspace, folder_id, part)
            if child is None:
                child = self._workspace.add_folder(part, self._workspace.folders[folder_id], now=self._now)
                self._note("folder.created", self._workspace.path(child.id))
            folder_id = child.id
        return folder_id

    def _connection(self, name: str, provider: str, folder_id: int) -> Connection:
        """The one in that folder, with whatever authorisation it has; else a new shell: no credentials travel."""
        for connection in self._workspace.connections.values():
            if (connection.name, connection.provider, connection.folder_id) == (name, provider, folder_id):
                return connection
        connection = Connection(
            id=self._workspace.new_id("connection"),
            name=name,
            provider=provider,
            folder_id=folder_id,
            created_at=self._now,
            updated_at=self._now,
        )
        self._workspace.connections[connection.id] = connection
        return connection

    def _recipe(self, packed: PackedRecipe) -> dict[str, Any]:
        folder_id = self._make(packed.directory)
        bound = tuple(self._resolve(entry) for entry in packed.config)
        recipe = self._recipes.get((folder_id, packed.name))
        if recipe is None:
            recipe = self._new_recipe(packed, folder_id, bound)
            return {"id": recipe.id, "import_result": UNTOUCHED}
        recipe.revise(packed, bound, now=self._now)
        return {"id": recipe.id, "import_result": self._restart(recipe)}

    def _new_recipe(self, packed: PackedRecipe, folder_id: int, bound: tuple[int | None, ...]) -> Recipe:
        """New recipes arrive stopped: an import never starts what was not running."""
        recipe = Recipe(
            id=self._workspace.new_id("recipe"),
            user_id=self._workspace.user_id,
            folder_id=folder_id,
            packed=packed,
            bound=bound,
            created_at=self._now,
            updated_at=self._now,
        )
        self._workspace.recipes[recipe.id] = recipe
        self._recipes[folder_id, packed.name] = recipe
        return recipe

    def _restart(self, recipe: Recipe) -> str:
        if not recipe.running:
            return UNTOUCHED
        if not recipe.problems(self._workspace.connections):
            return "restarted"
        recipe.running = False
        recipe.stopped_at = self._now
        self._note("recipe.stopped", f"{self._workspace.path(recipe.folder_id)}/{recipe.name}")
        return "stopped"

    def _resolve(self, entry: PackedConfig) -> int | None:
        """By file within the package; else the workspace's connection of that name; else nothing."""
        if entry.reference is None:
            return None
        bound = self._bound.get(entry.reference.zip_name)
        if bound is not None:
            return bound
        connection = self._workspace.connection_named(entry.reference.name, entry.provider)
        return connection.id if connection else None


def handle_of(workspace: Workspace, wanted: str | None, name: str) -> str:
    """Where a collection is served: `wanted`, else what its name makes, under the workspace's own word; no other
    collection of the workspace has it."""
    plain = re.sub(r"[^a-z0-9]+", "-", (wanted or f"{name}-v1").lower()).strip("-") or "api-v1"
    taken = {collection.handle for collection in workspace.api.collections.values()}
    numbered = (f"{workspace.slug}/{plain}" + (f"-{n}" if n > 1 else "") for n in count(1))
    return next(handle for handle in numbered if handle not in taken)
