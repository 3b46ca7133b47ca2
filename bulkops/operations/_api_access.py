"""API clients and keys, in both versions of the vendor's calls, behind one interface.

Second version: the client names the collections, and its API keys let callers in. First: the client is a name, and its
access profiles name the collections and let callers in; neither can be deleted.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, Protocol, TypeVar

import attrs

from bulkops.client import Account
from bulkops.errors import NotFound, TaskFailed
from bulkops.models import AccessProfile, ApiClient, ApiKey

VERSIONS: Final = ("v2", "v1")

Shown = ApiKey | AccessProfile
T = TypeVar("T", ApiClient, ApiKey, AccessProfile)

_P: Final = "managed_users."


@attrs.frozen(kw_only=True)
class Key:
    """An API key or an access profile. `collection_ids`: what the profile opens, None where the client says it."""

    id: int
    name: str
    active: bool
    collection_ids: tuple[int, ...] | None = None
    profile: AccessProfile | None = attrs.field(default=None, repr=False)


class Access(Protocol):
    """One account's clients and keys; each method sends one request, unless it says otherwise.

    `key_word`: what a key is called; `deletes`: whether clients and keys can be deleted. `makes`: requests that look
    for a client, make it and make a key; `checks`: requests that see the result of a change; `looks`: requests that see
    that everything is there.
    """

    key_word: str
    deletes: bool
    makes: Mapping[str, float]
    checks: Mapping[str, float]
    looks: Mapping[str, float]

    async def find_client(self, name: str) -> ApiClient | None:
        """Raises: TaskFailed when several have the name."""

    async def create_client(self, name: str, collection_ids: Sequence[int]) -> ApiClient: ...

    async def find_key(self, client_id: int, name: str) -> Key | None:
        """Raises: TaskFailed when several have the name."""

    async def create_key(self, client_id: int, name: str, collection_ids: Sequence[int]) -> Shown: ...

    async def refresh(self, client_id: int, key_id: int) -> Shown:
        """A new secret; the one before ends."""

    def renewal(self, client_id: int, key_id: int) -> str:
        """The command that does so, for a user who has lost a secret."""

    async def enable_key(self, client_id: int, key: Key) -> None: ...

    async def opened(self, client_id: int, key: Key | None) -> tuple[int, ...]:
        """The collections that the key opens. Sends at most one request."""

    async def open(self, client_id: int, key: Key | None, collection_ids: Sequence[int]) -> None:
        """Make these the collections that are opened."""

    async def has_key(self, client_id: int, key_id: int) -> bool:
        """Whether there is anything for `end_key` to do."""

    async def end_key(self, client_id: int, key_id: int) -> None:
        """Make it useless. A missing one is fine."""

    async def has_client(self, client_id: int) -> bool:
        """Whether there is anything for `end_client` to do."""

    async def end_client(self, client_id: int) -> None:
        """Delete it with its keys, if that is possible. A missing one is fine."""


class AccessV2:
    """API clients and keys."""

    key_word = "API key"
    deletes = True
    makes: Mapping[str, float] = {
        f"{_P}api_clients_v2.list": 1,
        f"{_P}api_clients_v2.create": 1,
        f"{_P}api_keys.create": 1,
    }
    checks: Mapping[str, float] = {f"{_P}api_keys.list": 1, f"{_P}api_clients_v2.get": 1}
    looks: Mapping[str, float] = {f"{_P}api_clients_v2.list": 1, **checks}

    def __init__(self, account: Account) -> None:
        self._account = account

    async def find_client(self, name: str) -> ApiClient | None:
        rows = [row async for row in self._account.api_clients.list() if row.name == name and not row.is_legacy]
        return _only(rows, "API client", name)

    async def create_client(self, name: str, collection_ids: Sequence[int]) -> ApiClient:
        return await self._account.api_clients.create(name, api_collection_ids=collection_ids)

    async def find_key(self, client_id: int, name: str) -> Key | None:
        rows = [row async for row in self._account.api_keys.list(client_id) if row.name == name]
        found = _only(rows, self.key_word, name)
        return None if found is None else Key(id=found.id, name=name, active=found.active is not False)

    async def create_key(self, client_id: int, name: str, collection_ids: Sequence[int]) -> ApiKey:
        return await self._account.api_keys.create(client_id, name)

    async def refresh(self, client_id: int, key_id: int) -> ApiKey:
        return await self._account.api_keys.refresh_secret(client_id, key_id)

    def renewal(self, client_id: int, key_id: int) -> str:
        return _call("api_keys.refresh_secret", self._account, api_client_id=client_id, api_key_id=key_id)

    async def enable_key(self, client_id: int, key: Key) -> None:
        await self._account.api_keys.enable(client_id, key.id)

    async def opened(self, client_id: int, key: Key | None) -> tuple[int, ...]:
        return tuple(row.id for row in (await self._account.api_clients.get(client_id)).api_collections)

    async def open(self, client_id: int, key: Key | None, collection_ids: Sequence[int]) -> None:
        await self._account.api_clients.update(client_id, api_collection_ids=list(collection_ids))

    async def has_client(self, client_id: int) -> bool:
        try:
            await self._account.api_clients.get(client_id)
        except NotFound:
            return False
        return True

    async def end_client(self, client_id: int) -> None:
        with suppress(NotFound):
            await self._account.api_clients.delete(client_id)

    async def has_key(self, client_id: int, key_id: int) -> bool:
        try:
            return any([row.id == key_id async for row in self._account.api_keys.list(client_id)])
        except NotFound:
            return False

    async def end_key(self, client_id: int, key_id: int) -> None:
        with suppress(NotFound):
            await self._account.api_keys.delete(client_id, key_id)


class AccessV1:
    """API clients and access profiles of the first version."""

    key_word = "access profile"
    deletes = False
    makes: Mapping[str, float] = {
        f"{_P}api_clients.list": 1,
        f"{_P}api_clients.create": 1,
        f"{_P}api_access_profiles.create": 1,
    }
    checks: Mapping[str, float] = {f"{_P}api_access_profiles.list": 1}
    looks: Mapping[str, float] = {f"{_P}api_clients.list": 1, **checks}

    def __init__(self, account: Account) -> None:
        self._account = account

    async def find_client(self, name: str) -> ApiClient | None:
        rows = [row async for row in self._account.api_clients_v1.list() if row.name == name]
        return _only(rows, "API client", name)

    async def create_client(self, name: str, collection_ids: Sequence[int]) -> ApiClient:
        return await self._account.api_clients_v1.create(name)

    async def find_key(self, client_id: int, name: str) -> Key | None:
        profiles = self._account.api_access_profiles.list(api_client_id=client_id)
        rows = [row async for row in profiles if row.name == name and row.api_client_id in {None, client_id}]
        found = _only(rows, self.key_word, name)
        return None if found is None else _profile_key(found)

    async def create_key(self, client_id: int, name: str, collection_ids: Sequence[int]) -> AccessProfile:
        return await self._account.api_access_profiles.create(client_id, name, api_collection_ids=collection_ids)

    async def refresh(self, client_id: int, key_id: int) -> AccessProfile:
        return await self._account.api_access_profiles.refresh_secret(key_id)

    def renewal(self, client_id: int, key_id: int) -> str:
        return _call("api_access_profiles.refresh_secret", self._account, api_access_profile_id=key_id)

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

    async def has_key(self, client_id: int, key_id: int) -> bool:
        rows = self._account.api_access_profiles.list(api_client_id=client_id)
        return any([row.id == key_id and row.active is not False async for row in rows])

    async def end_key(self, client_id: int, key_id: int) -> None:
        await self._account.api_access_profiles.disable(key_id)

    async def has_client(self, client_id: int) -> bool:
        return False

    async def end_client(self, client_id: int) -> None:
        """It stays: without an active profile no caller has access."""


def access_to(account: Account, version: str) -> Access:
    return kind_of(version)(account)


def kind_of(version: str) -> type[AccessV1 | AccessV2]:
    return AccessV1 if version == "v1" else AccessV2


def _call(call: str, account: Account, **ids: int) -> str:
    params = " ".join(f"-p {name}={value}" for name, value in ids.items())
    return f"bulkops call {_P}{call} --account {shlex.quote(account.id)} {params}"


def _profile_key(profile: AccessProfile) -> Key:
    return Key(
        id=profile.id,
        name=profile.name,
        active=profile.active is not False,
        collection_ids=tuple(profile.api_collection_ids),
        profile=profile,
    )


def _only(rows: list[T], what: str, name: str) -> T | None:
    if len(rows) > 1:
        raise TaskFailed(
            f"{len(rows)} {what}s are named {name!r} ({', '.join(str(row.id) for row in rows)})",
            failure_class="api-client-ambiguous",
            cause=f"several {what}s are named {name!r}",
            remedy="rename or remove all but one, or give another name",
        )
    return rows[0] if rows else None
