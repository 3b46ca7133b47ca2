"""The API platform of one workspace: collections, their endpoints, clients, and what lets a client in."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

import attrs

CLIENT: Final = "api_client"
LEGACY_CLIENT: Final = "legacy api_client"
PROFILE: Final = "access_profile"
KEY: Final = "api_key"
"""Shelves of clients of the second and of the first version, of profiles, and, with the client's id, of its keys."""

Shelf = Callable[[str], dict[str, dict[str, Any]]]


def fields_of(thing: attrs.AttrsInstance, *, but: tuple[str, ...]) -> dict[str, Any]:
    """An object as a row: its fields, without those that answers do not show."""
    return attrs.asdict(thing, recurse=False, filter=attrs.filters.exclude(*but))


@attrs.define(kw_only=True)
class Collection:
    """`folder_id`: where its project has it, `facts`: what else its file holds; the API does not say."""

    id: int
    name: str
    folder_id: int
    project_id: int
    handle: str
    version: str
    created_at: str
    updated_at: str
    facts: dict[str, Any] = attrs.field(factory=dict)

    def row(self, origin: str) -> dict[str, Any]:
        """`project_id` is a text here, as the vendor has it."""
        return fields_of(self, but=("folder_id", "handle", "facts")) | {
            "project_id": str(self.project_id),
            "url": f"{origin}/_gateway/{self.handle}",
            "api_spec_url": f"{origin}/doc/service/{self.handle}/swagger?token={{token}}",
        }


@attrs.define(kw_only=True)
class Endpoint:
    """`recipe_id`: of the recipe behind it, None when the package's reference leads nowhere; `facts`: what else its
    file holds."""

    id: int
    collection_id: int
    recipe_id: int | None
    name: str
    method: str
    path: str
    legacy: bool
    created_at: str
    updated_at: str
    active: bool = False
    facts: dict[str, Any] = attrs.field(factory=dict)

    def row(self, collection: Collection, origin: str) -> dict[str, Any]:
        base_path = f"/_gateway/{collection.handle}/{self.path}"
        return fields_of(self, but=("collection_id", "recipe_id", "facts")) | {
            "api_collection_id": self.collection_id,
            "flow_id": self.recipe_id,
            "url": origin + base_path,
            "legacy_url": None,
            "base_path": base_path,
        }


class ApiPlatform:
    """Collections and endpoints by id, in order of creation. `shelf`: where clients, profiles and keys are."""

    def __init__(self, shelf: Shelf) -> None:
        self.collections: dict[int, Collection] = {}
        self.endpoints: dict[int, Endpoint] = {}
        self._shelf = shelf

    def endpoints_of(self, collection_id: int) -> list[Endpoint]:
        return [endpoint for endpoint in self.endpoints.values() if endpoint.collection_id == collection_id]

    def keys_of(self, client_id: int) -> list[dict[str, Any]]:
        return [*self._shelf(f"{KEY} of {client_id}").values()]

    def collections_for(self, secret: str) -> set[int] | None:
        """Ids of the collections that a secret opens; None when it opens nothing at all."""
        shown = secret.encode(errors="backslashreplace")
        clients = self._shelf(CLIENT).values()
        granted = [(profile, profile) for profile in self._shelf(PROFILE).values()]
        granted += [(key, client) for client in clients for key in self.keys_of(client["id"])]
        for one, holder in granted:
            if one["active"] and one["secret"] and secrets.compare_digest(one["secret"].encode(), shown):
                return set(holder["api_collection_ids"])
        return None

    def forget_folder(self, folder_ids: set[int]) -> None:
        """Collections in these folders are gone."""
        self.forget({row.id for row in self.collections.values() if row.folder_id in folder_ids})

    def forget(self, gone: set[int]) -> None:
        """These collections are gone, with their endpoints; clients lose them."""
        self.collections = {id_: row for id_, row in self.collections.items() if id_ not in gone}
        self.endpoints = {id_: row for id_, row in self.endpoints.items() if row.collection_id not in gone}
        for holder in (*self._shelf(CLIENT).values(), *self._shelf(PROFILE).values()):
            holder["api_collection_ids"] = [id_ for id_ in holder["api_collection_ids"] if id_ not in gone]
