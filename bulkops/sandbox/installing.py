"""Install a package in a workspace: upsert folders, connections, recipes and endpoints by name in their folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from itertools import count
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from bulkops.sandbox.api_platform import Collection, Endpoint
from bulkops.sandbox.package_zip import PackedCollection, PackedConfig, PackedEndpoint, PackedRecipe, ParsedPackage
from bulkops.sandbox.recipes import Recipe, calls_in, file_called
from bulkops.sandbox.workspace import Connection, Folder, Import, Workspace

T = TypeVar("T")
K = TypeVar("K")


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
    folders = _oldest(workspace.folders, lambda folder: (folder.parent_id, folder.name))
    return [each.name for each in package.recipes if (_find(folders, folder_id, each.directory), each.name) in running]


def _find(folders: Mapping[tuple[int | None, str], Folder], folder_id: int, directory: str) -> int | None:
    for part in directory.split("/") if directory else ():
        child = folders.get((folder_id, part))
        if child is None:
            return None
        folder_id = child.id
    return folder_id


def _oldest(things: Mapping[int, T], key: Callable[[T], K]) -> dict[K, T]:
    """Things by what tells one from another; of equals the oldest."""
    return {key(thing): thing for thing in reversed([*things.values()])}


class _Installer:
    def __init__(self, workspace: Workspace, job: Import, now: str, note: Note) -> None:
        self._workspace = workspace
        self._job = job
        self._now = now
        self._note = note
        self._bound: dict[str, int] = {}
        api = workspace.api
        self._folders = _oldest(workspace.folders, lambda folder: (folder.parent_id, folder.name))
        self._recipes = {(recipe.folder_id, recipe.name): recipe for recipe in workspace.recipes.values()}
        self._connections = _oldest(workspace.connections, lambda each: (each.name, each.provider, each.folder_id))
        self._named = _oldest(workspace.connections, lambda each: (each.name, each.provider))
        self._collections = _oldest(api.collections, lambda each: (each.name, each.folder_id))
        self._endpoints = _oldest(api.endpoints, lambda each: (each.collection_id, each.name))
        self._handles = {collection.handle for collection in api.collections.values()}

    def refuse_running(self) -> None:
        """Without `restart_recipes` running recipes cannot be imported over (vendor facts, section 9)."""
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
        files = {file_called(step) for step in calls_in(msgspec.json.decode(recipe.packed.code))}
        recipe.callees = {file: id_ for file, id_ in recipe_ids.items() if file in files}

    def _collection(self, packed: PackedCollection) -> int:
        """By name in its folder; what clients may reach of an old one stays as it is."""
        folder = self._workspace.folders[self._make(packed.directory)]
        found = self._collections.get((packed.name, folder.id))
        if found is not None:
            found.version, found.facts, found.updated_at = packed.version, packed.facts, self._now
            return found.id
        made = self._workspace.add(
            self._workspace.api.collections,
            "api_collection",
            Collection,
            now=self._now,
            name=packed.name,
            folder_id=folder.id,
            project_id=folder.project_id,
            handle=handle_of(self._workspace.slug, packed.handle, packed.name, self._handles),
            version=packed.version,
            facts=packed.facts,
        )
        self._handles.add(made.handle)
        self._collections[packed.name, folder.id] = made
        self._note("collection.created", f"{self._workspace.path(folder.id)}/{packed.name}")
        return made.id

    def _endpoint(self, packed: PackedEndpoint, collection_id: int, recipe_ids: Mapping[str, int]) -> None:
        """By name in its collection. New ones arrive disabled; an import switches none on or off."""
        bound: dict[str, Any] = {"recipe_id": recipe_ids.get(packed.recipe.zip_name)}
        bound |= {"method": packed.method, "path": packed.path, "legacy": packed.legacy, "facts": packed.facts}
        found = self._endpoints.get((collection_id, packed.name))
        if found is not None:
            for name, value in (bound | {"updated_at": self._now}).items():
                setattr(found, name, value)
            return
        bound |= {"collection_id": collection_id, "name": packed.name}
        self._endpoints[collection_id, packed.name] = self._workspace.add(
            self._workspace.api.endpoints, "api_endpoint", Endpoint, now=self._now, **bound
        )

    def _make(self, directory: str) -> int:
        folder_id = self._job.folder_id
        for part in directory.split("/") if directory else ():
            child = self._folders.get((folder_id, part))
            if child is None:
                child = self._workspace.add_folder(part, self._workspace.folders[folder_id], now=self._now)
                self._folders[folder_id, part] = child
                self._note("folder.created", self._workspace.path(child.id))
            folder_id = child.id
        return folder_id

    def _connection(self, name: str, provider: str, folder_id: int) -> Connection:
        """The one in that folder, with whatever authorization it has; else a new shell: no credentials travel."""
        found = self._connections.get((name, provider, folder_id))
        if found is not None:
            return found
        things, where = self._workspace.connections, {"provider": provider, "folder_id": folder_id}
        connection = self._workspace.add(things, "connection", Connection, now=self._now, name=name, **where)
        self._connections[name, provider, folder_id] = connection
        self._named.setdefault((name, provider), connection)
        return connection

    def _recipe(self, packed: PackedRecipe) -> dict[str, Any]:
        folder_id = self._make(packed.directory)
        bound = tuple(self._resolve(entry) for entry in packed.config)
        recipe = self._recipes.get((folder_id, packed.name))
        if recipe is None:
            recipe = self._workspace.add_recipe(packed, bound, folder_id=folder_id, now=self._now)
            self._recipes[folder_id, packed.name] = recipe
            return {"id": recipe.id, "import_result": UNTOUCHED}
        recipe.revise(packed, bound, now=self._now)
        return {"id": recipe.id, "import_result": self._restart(recipe)}

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
        connection = self._named.get((entry.reference.name, entry.provider))
        return connection.id if connection else None


def handle_of(slug: str, wanted: str | None, name: str, taken: Set[str]) -> str:
    """Where a collection is served: `wanted`, else what its name makes, under the workspace's own word `slug`; no other
    collection of the workspace has it."""
    plain = re.sub(r"[^a-z0-9]+", "-", (wanted or f"{name}-v1").lower()).strip("-") or "api-v1"
    numbered = (f"{slug}/{plain}" + (f"-{n}" if n > 1 else "") for n in count(1))
    return next(handle for handle in numbered if handle not in taken)
