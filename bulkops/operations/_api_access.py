"""API clients and keys of an account, in both versions of the vendor's calls."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, TypeVar

import attrs

from bulkops.client import Account
from bulkops.errors import NotFound
from bulkops.models import AccessProfile, ApiClient, ApiKey
from bulkops.operations._lookup import only_one

VERSIONS: Final = ("v2", "v1")

Shown = ApiKey | AccessProfile
T = TypeVar("T", ApiClient, ApiKey, AccessProfile)


@attrs.frozen(kw_only=True)
class Key:
    """An API key or an access profile. `collection_ids`: what the profile opens, None where the client says it."""

    id: int
    name: str
    active: bool
    collection_ids: tuple[int, ...] | None = None
    profile: AccessProfile | None = attrs.field(default=None, repr=False)


class Access:
    """The second version: a client names the collections, and its API keys let callers in.

    Each method sends one request, unless it says otherwise. `key_word`: what a key is called; `deletes`: whether
    clients and keys can be deleted.
    """

    key_word = "API key"
    deletes = True

    def __init__(self, account: Account) -> None:
        self._account = account

    async def find_client(self, name: str) -> ApiClient | None:
        """Raises: TaskFailed when several have the name."""
        clients = self._account.api_clients.list()
        return _only([row async for row in clients if row.name == name and not row.is_legacy], "API client", name)

    async def create_client(self, name: str, collection_ids: Sequence[int]) -> ApiClient:
        return await self._account.api_clients.create(name, api_collection_ids=collection_ids)

    async def find_key(self, client_id: int, name: str) -> Key | None:
        """Raises: TaskFailed when several have the name."""
        keys = self._account.api_keys.list(client_id)
        found = _only([row async for row in keys if row.name == name], self.key_word, name)
        return None if found is None else Key(id=found.id, name=name, active=found.active is not False)

    async def create_key(self, client_id: int, name: str, collection_ids: Sequence[int]) -> Shown:
        return await self._account.api_keys.create(client_id, name)

    async def refresh(self, client_id: int, key_id: int) -> Shown:
        """A new secret; the one before ends."""
        return await self._account.api_keys.refresh_secret(client_id, key_id)

    def renewal(self, client_id: int, key_id: int) -> str:
        """The command that does so, for a user who has lost a secret."""
        return self._command("api_keys.refresh_secret", api_client_id=client_id, api_key_id=key_id)

    async def enable_key(self, client_id: int, key: Key) -> None:
        await self._account.api_keys.enable(client_id, key.id)

    async def opened(self, client_id: int, key: Key | None) -> tuple[int, ...]:
        """The collections that the key opens. Sends at most one request."""
        return tuple(row.id for row in (await self._account.api_clients.get(client_id)).api_collections)

    async def open(self, client_id: int, key: Key | None, collection_ids: Sequence[int]) -> None:
        """Make these the collections that are opened."""
        await self._account.api_clients.update(client_id, api_collection_ids=list(collection_ids))

    async def has_client(self, client_id: int) -> bool:
        """Whether there is anything for `end_client` to do."""
        try:
            await self._account.api_clients.get(client_id)
        except NotFound:
            return False
        return True

    async def end_client(self, client_id: int) -> None:
        """Delete it with its keys, if that is possible. A missing one is fine."""
        with suppress(NotFound):
            await self._account.api_clients.delete(client_id)

    async def has_key(self, client_id: int, key_id: int) -> bool:
        """Whether there is anything for `end_key` to do."""
        try:
            return any([row.id == key_id async for row in self._account.api_keys.list(client_id)])
        except NotFound:
            return False

    async def end_key(self, client_id: int, key_id: int) -> None:
        """Make it useless. A missing one is fine."""
        with suppress(NotFound):
            await self._account.api_keys.delete(client_id, key_id)

    def _command(self, call: str, **ids: int) -> str:
        params = " ".join(f"-p {name}={value}" for name, value in ids.items())
        return f"bulkops call managed_users.{call} --account {shlex.quote(self._account.id)} {params}"


class AccessV1(Access):
    """The first version: a client is a name, its access profiles name the collections and let callers in; neither can
    be deleted."""

    key_word = "access profile"
    deletes = False

    async def find_client(self, name: str) -> ApiClient | None:
        return _only([row async for row in self._account.api_clients_v1.list() if row.name == name], "API client", name)

    async def create_client(self, name: str, collection_ids: Sequence[int]) -> ApiClient:
        return await self._account.api_clients_v1.create(name)

    async def find_key(self, client_id: int, name: str) -> Key | None:
        profiles = self._account.api_access_profiles.list(api_client_id=client_id)
        rows = [row async for row in profiles if row.name == name and row.api_client_id in {None, client_id}]
        found = _only(rows, self.key_word, name)
        if found is None:
            return None
        ids = tuple(found.api_collection_ids)
        return Key(id=found.id, name=found.name, active=found.active is not False, collection_ids=ids, profile=found)

    async def create_key(self, client_id: int, name: str, collection_ids: Sequence[int]) -> Shown:
        return await self._account.api_access_profiles.create(client_id, name, api_collection_ids=collection_ids)

    async def refresh(self, client_id: int, key_id: int) -> Shown:
        return await self._account.api_access_profiles.refresh_secret(key_id)

    def renewal(self, client_id: int, key_id: int) -> str:
        return self._command("api_access_profiles.refresh_secret", api_access_profile_id=key_id)

    async def enable_key(self, client_id: int, key: Key) -> None:
        await self._account.api_access_profiles.enable(key.id)

    async def opened(self, client_id: int, key: Key | None) -> tuple[int, ...]:
        return () if key is None else key.collection_ids or ()

    async def open(self, client_id: int, key: Key | None, collection_ids: Sequence[int]) -> None:
        """The call replaces the whole profile, so the other members are sent again."""
        if key is None or key.profile is None:
            return
        profile = key.profile
        rest = {"ip_allow_list": profile.ip_allow_list} if profile.ip_allow_list else {}
        await self._account.api_access_profiles.update(
            profile.id,
            name=profile.name,
            api_collection_ids=list(collection_ids),
            auth_type=profile.auth_type or "token",
            active=profile.active is not False,
            **rest,
        )

    async def has_client(self, client_id: int) -> bool:
        return False

    async def end_client(self, client_id: int) -> None:
        """It stays: without an active profile no caller has access."""

    async def has_key(self, client_id: int, key_id: int) -> bool:
        rows = self._account.api_access_profiles.list(api_client_id=client_id)
        return any([row.id == key_id and row.active is not False async for row in rows])

    async def end_key(self, client_id: int, key_id: int) -> None:
        await self._account.api_access_profiles.disable(key_id)


def access_to(account: Account, version: str) -> Access:
    return AccessV1(account) if version == "v1" else Access(account)


def _only(rows: list[T], what: str, name: str) -> T | None:
    return only_one(rows, f"{what}s are named {name!r}", failure_class="api-client-ambiguous")
