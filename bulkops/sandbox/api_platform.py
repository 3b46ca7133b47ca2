"""The API platform of one workspace: collections, their endpoints, clients, and what lets a client in."""

from __future__ import annotations

import secrets
from typing import Any, Final

import attrs

AUTH_TYPES: Final = ("token", "jwt", "oauth2", "oidc")
MASK: Final = "****"

_NO_SECRET: Final = frozenset({"jwt", "oidc"})
"""The caller brings a token of an identity provider; the vendor has no secret to show."""


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


@attrs.define(kw_only=True)
class ApiClient:
    """`is_legacy`: made by the first version of the calls, whose access profiles name the collections."""

    id: int
    name: str
    is_legacy: bool
    created_at: str
    updated_at: str
    project_id: int | None = None
    auth_type: str = "token"
    collection_ids: tuple[int, ...] = ()
    facts: dict[str, Any] = attrs.field(factory=dict)


@attrs.define(kw_only=True)
class Pass:
    """What lets a client in: an access profile of the first version, or an API key of the second.

    `secret`: None where the auth type has none; shown by the reply that made it and never again.
    """

    id: int
    client_id: int
    name: str
    auth_type: str
    active: bool
    created_at: str
    updated_at: str
    active_since: str
    collection_ids: tuple[int, ...] = ()
    facts: dict[str, Any] = attrs.field(factory=dict)
    oauth_client_id: str | None = None
    secret: str | None = attrs.field(default=None, repr=False)

    def renew(self) -> None:
        """A new secret; the one before lets nobody in any more."""
        self.secret = None if self.auth_type in _NO_SECRET else secrets.token_hex(20)
        self.oauth_client_id = f"cid-{secrets.token_hex(8)}" if self.auth_type == "oauth2" else None

    def shown_once(self, name: str) -> dict[str, str]:
        """The secret as a reply shows it: under `name`, or as a client's id and secret."""
        if self.secret is None:
            return {}
        if self.oauth_client_id is not None:
            return {"oauth_client_id": self.oauth_client_id, "oauth_client_secret": self.secret}
        return {name: self.secret}


class ApiPlatform:
    """Everything by id, in order of creation. Profiles and keys of one client are told apart by their client's kind."""

    def __init__(self) -> None:
        self.collections: dict[int, Collection] = {}
        self.endpoints: dict[int, Endpoint] = {}
        self.clients: dict[int, ApiClient] = {}
        self.profiles: dict[int, Pass] = {}
        self.keys: dict[int, Pass] = {}

    def endpoints_of(self, collection_id: int) -> list[Endpoint]:
        return [endpoint for endpoint in self.endpoints.values() if endpoint.collection_id == collection_id]

    def keys_of(self, client_id: int) -> list[Pass]:
        return [key for key in self.keys.values() if key.client_id == client_id]

    def collections_for(self, secret: str) -> set[int] | None:
        """Ids of the collections that a secret opens; None when it opens nothing at all."""
        shown = secret.encode(errors="backslashreplace")
        for granted in (*self.profiles.values(), *self.keys.values()):
            if granted.active and granted.secret is not None and secrets.compare_digest(granted.secret.encode(), shown):
                client = self.clients[granted.client_id]
                return set(granted.collection_ids if client.is_legacy else client.collection_ids)
        return None

    def forget_folder(self, folder_ids: set[int]) -> None:
        """Collections in these folders are gone."""
        self.forget({row.id for row in self.collections.values() if row.folder_id in folder_ids})

    def forget(self, gone: set[int]) -> None:
        """These collections are gone, with their endpoints; clients lose them."""
        self.collections = {id_: row for id_, row in self.collections.items() if id_ not in gone}
        self.endpoints = {id_: row for id_, row in self.endpoints.items() if row.collection_id not in gone}
        holders: list[ApiClient | Pass] = [*self.clients.values(), *self.profiles.values()]
        for holder in holders:
            holder.collection_ids = tuple(id_ for id_ in holder.collection_ids if id_ not in gone)
