"""The API platform of a workspace: collections, endpoints, clients, and what lets clients in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model
from bulkops.secret import Secret

_OAUTH: Final = "oauth_client_secret"


class ApiCollection(Model, frozen=True, kw_only=True):
    """`message`: what a create from an OpenAPI document says of it; `api_spec_url` may hold a token of its own."""

    hidden = ("api_spec_url",)
    id: Id
    name: str
    project_id: Id | None = None
    version: str | None = None
    url: str | None = None
    api_spec_url: str | None = None
    message: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class ApiEndpoint(Model, frozen=True, kw_only=True):
    """`flow_id`: of the recipe behind it; `active`: enabled."""

    id: Id
    name: str
    active: bool
    api_collection_id: Id | None = None
    flow_id: Id | None = None
    method: str | None = None
    url: str | None = None
    base_path: str | None = None
    path: str | None = None
    legacy: bool | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class CollectionName(Model, frozen=True, kw_only=True):
    """A collection as a client's answer names it."""

    id: Id
    name: str | None = None


class ApiClient(Model, frozen=True, kw_only=True):
    """A client of either version; those of the first say no more than id, name and project.

    `api_collections`: what its keys open; `is_legacy`: of the first version, seen through the second.
    """

    id: Id
    name: str
    project_id: Id | None = None
    description: str | None = None
    auth_type: str | None = None
    is_legacy: bool | None = None
    email: str | None = None
    active_api_keys_count: int | None = None
    total_api_keys_count: int | None = None
    mtls_enabled: bool | None = None
    api_collections: list[CollectionName] = msgspec.field(default_factory=list)
    created_at: Instant | None = None
    updated_at: Instant | None = None


class ApiKey(Model, frozen=True, kw_only=True):
    """What lets callers of a client in (second version). Only a create and a refresh show the secret; lists mask it."""

    id: Id
    name: str
    active: bool | None = None
    auth_type: str | None = None
    ip_allow_list: list[str] = msgspec.field(default_factory=list)
    ip_deny_list: list[str] = msgspec.field(default_factory=list)
    active_since: Instant | None = None
    auth_token: Secret | None = None
    oauth_client_id: str | None = None
    oauth_client_secret: Secret | None = None

    def shown(self) -> dict[str, Secret]:
        """The secrets that the answer shows, by their names there; empty when it shows none."""
        return _shown(self.oauth_client_id, {"auth_token": self.auth_token, _OAUTH: self.oauth_client_secret})


class AccessProfile(Model, frozen=True, kw_only=True):
    """What lets callers of a client in, and to which collections (first version). Only a create and a refresh show the
    secret."""

    id: Id
    name: str
    active: bool | None = None
    api_client_id: Id | None = None
    api_collection_ids: list[Id] = msgspec.field(default_factory=list)
    auth_type: str | None = None
    ip_allow_list: list[str] = msgspec.field(default_factory=list)
    secret: Secret | None = None
    oauth_client_id: str | None = None
    oauth_client_secret: Secret | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None

    def shown(self) -> dict[str, Secret]:
        """As `ApiKey.shown`."""
        return _shown(self.oauth_client_id, {"secret": self.secret, _OAUTH: self.oauth_client_secret})


class ApiPortal(Model, frozen=True, kw_only=True):
    """That there is one is all the vendor's pages say."""

    id: Id
    name: str | None = None


def _shown(client_id: str | None, secrets: Mapping[str, Secret | None]) -> dict[str, Secret]:
    found = {name: value for name, value in secrets.items() if value is not None and not _is_mask(value)}
    return found if client_id is None or not found else {"oauth_client_id": Secret(client_id)} | found


def _is_mask(value: Secret) -> bool:
    return set(value.reveal()) <= {"*"}
