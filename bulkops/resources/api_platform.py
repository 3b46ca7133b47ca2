"""The API platform of one account, or of the partner's own workspace.

Clients come in two versions. The first has access profiles, which name the collections and let callers in; the vendor
announced its end for December 2025. In the second the client names the collections, and its API keys let callers in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bulkops.errors import InputError
from bulkops.models import AccessProfile, ApiClient, ApiCollection, ApiEndpoint, ApiKey, ApiPortal
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource


class ApiCollections(Resource):
    def list(self) -> Pages[ApiCollection]:
        """All collections. One request a hundred."""
        return self._pages(self._id("api_collections.list"), ApiCollection, {})

    async def create(
        self,
        name: str,
        *,
        project_id: int | None = None,
        openapi_spec: Mapping[str, str] | None = None,
        **members: Any,
    ) -> ApiCollection:
        """Create a collection, with an endpoint for each operation of `openapi_spec` (`content`, `format`) if given.

        Raises: OutcomeUnknown when the reply is lost: `list`, and match name and project, before creating it again.
        """
        given = {"name": name, "project_id": project_id, "openapi_spec": openapi_spec, **members}
        body = {key: value for key, value in given.items() if value is not None}
        return await self._object(self._id("api_collections.create"), ApiCollection, json=body)


class ApiEndpoints(Resource):
    def list(self, *, api_collection_id: int | None = None) -> Pages[ApiEndpoint]:
        """Endpoints of the collection, or of all. One request a hundred."""
        return self._pages(self._id("api_endpoints.list"), ApiEndpoint, {"api_collection_id": api_collection_id})

    async def enable(self, id: int) -> None:  # noqa: A002 - the API's own word
        """Let callers in. Raises: BadRequest unless the recipe behind it runs; NotFound."""
        await self._done(self._id("api_endpoints.enable"), path={"api_endpoint_id": id})

    async def disable(self, id: int) -> None:  # noqa: A002
        """Raises: NotFound."""
        await self._done(self._id("api_endpoints.disable"), path={"api_endpoint_id": id})


class ApiClients(Resource):
    """Of the second version."""

    def list(self, *, project_id: int | None = None) -> Pages[ApiClient]:
        """All clients, those of the first version too (`is_legacy`). One request a hundred."""
        return self._pages(self._id("api_clients_v2.list"), ApiClient, {"project_id": project_id})

    async def get(self, id: int) -> ApiClient:  # noqa: A002
        """Raises: NotFound."""
        return await self._object(self._id("api_clients_v2.get"), ApiClient, path={"api_client_id": id})

    async def create(
        self, name: str, *, api_collection_ids: Sequence[int], auth_type: str = "token", **members: Any
    ) -> ApiClient:
        """Create a client whose keys open these collections. `auth_type`: token, jwt, oauth2 or oidc; `members`:
        `project_id`, `description`, `jwt_secret` and others of the call.

        Raises: BadRequest without a collection; OutcomeUnknown when the reply is lost: `list`, and match the name.
        """
        body = {"name": name, "api_collection_ids": list(api_collection_ids), "auth_type": auth_type, **members}
        return await self._object(self._id("api_clients_v2.create"), ApiClient, json=body)

    async def update(self, id: int, **members: Any) -> ApiClient:  # noqa: A002
        """Change what `members` names; the rest stays. `api_collection_ids` is the whole new list. Raises: NotFound."""
        path = {"api_client_id": id}
        return await self._object(self._id("api_clients_v2.update"), ApiClient, path=path, json=members)

    async def delete(self, id: int) -> None:  # noqa: A002
        """With its keys. Raises: NotFound if it does not exist."""
        await self._done(self._id("api_clients_v2.delete"), path={"api_client_id": id})


class ApiKeys(Resource):
    """Of a client of the second version."""

    def list(self, client_id: int) -> Pages[ApiKey]:
        """The client's keys, their secrets masked. One request a hundred."""
        call, path = self._id("api_keys.list"), {"api_client_id": client_id}
        return self._pages(call, ApiKey, {}, path=path)

    async def create(self, client_id: int, name: str, *, active: bool = True, **members: Any) -> ApiKey:
        """Create a key; its answer shows the secret, and nothing does later. `members`: `ip_allow_list` and others.

        Raises: OutcomeUnknown when the reply is lost: `list`, match the name, and if it is there `refresh_secret`.
        """
        body = {"name": name, "active": active, **members}
        return await self._object(self._id("api_keys.create"), ApiKey, path={"api_client_id": client_id}, json=body)

    async def update(self, client_id: int, id: int, **members: Any) -> ApiKey:  # noqa: A002
        """Change `name`, `active`, `ip_allow_list` or `ip_deny_list`; the rest stays. Raises: NotFound."""
        return await self._object(self._id("api_keys.update"), ApiKey, path=_key(client_id, id), json=members)

    async def enable(self, client_id: int, id: int) -> None:  # noqa: A002
        """Raises: NotFound."""
        await self._done(self._id("api_keys.enable"), path=_key(client_id, id))

    async def disable(self, client_id: int, id: int) -> None:  # noqa: A002
        """Raises: NotFound."""
        await self._done(self._id("api_keys.disable"), path=_key(client_id, id))

    async def refresh_secret(self, client_id: int, id: int) -> ApiKey:  # noqa: A002
        """A new secret, which the answer shows; the one before lets nobody in any more. Never two at a time.

        Raises: BadRequest for a jwt client; OutcomeUnknown when the reply is lost: only one more can tell a secret.
        """
        return await self._object(self._id("api_keys.refresh_secret"), ApiKey, path=_key(client_id, id))

    async def delete(self, client_id: int, id: int) -> None:  # noqa: A002
        """Raises: NotFound if it does not exist."""
        await self._done(self._id("api_keys.delete"), path=_key(client_id, id))


class ApiClientsV1(Resource):
    """Of the first version. They cannot be changed or deleted."""

    def list(self) -> Pages[ApiClient]:
        """All of them, in one request. Raises: StatusError 404 or 410 where the vendor has switched it off."""
        return self._pages(self._id("api_clients.list"), ApiClient, {})

    async def create(self, name: str, *, project_id: int | None = None) -> ApiClient:
        """Raises: OutcomeUnknown when the reply is lost: `list`, and match the name."""
        query = {"project_id": project_id}
        return await self._object(self._id("api_clients.create"), ApiClient, query=query, json={"name": name})


class ApiAccessProfiles(Resource):
    """Of a client of the first version."""

    def list(self, *, api_client_id: int | None = None) -> Pages[AccessProfile]:
        """Profiles of the client, or of all. One request a hundred."""
        return self._pages(self._id("api_access_profiles.list"), AccessProfile, {"api_client_id": api_client_id})

    async def create(
        self,
        api_client_id: int,
        name: str,
        *,
        api_collection_ids: Sequence[int],
        auth_type: str = "token",
        active: bool = True,
        nested: bool = False,
        **members: Any,
    ) -> AccessProfile:
        """Create a profile; its answer shows the secret, and nothing does later.

        `nested`: by the address under the client that the guide prints, which is there for accounts only; the reference
        has the flat one.
        Raises: BadRequest without a collection; OutcomeUnknown when the reply is lost: `list`, match the name, and if
        it is there `refresh_secret`.
        """
        body = _profile(name, api_collection_ids, auth_type, active) | members
        if nested:
            if self._scope.account is None:
                raise InputError("nested=True is for customers only", remedy="leave out nested=True")
            call, place = "managed_users.api_access_profiles.create_nested", {"path": {"api_client_id": api_client_id}}
        else:
            call, place = self._id("api_access_profiles.create"), {"query": {"api_client_id": api_client_id}}
        return await self._object(call, AccessProfile, **place, json=body)

    async def update(
        self,
        id: int | None,  # noqa: A002
        *,
        name: str,
        api_collection_ids: Sequence[int],
        auth_type: str = "token",
        active: bool = True,
        **members: Any,
    ) -> AccessProfile:
        """Replace what the profile says: the collections are the whole new list. The secret stays.

        Raises: InputError without an id; NotFound.
        """
        if id is None:
            raise InputError(
                "the access profile to update has no id: the enablement guide prints PUT /api/api_access_profiles "
                "without an id, but the vendor answers 404 to it",
                remedy="pass the profile's id; `list` returns it",
            )
        body = _profile(name, api_collection_ids, auth_type, active) | members
        path = {"api_access_profile_id": id}
        return await self._object(self._id("api_access_profiles.update"), AccessProfile, path=path, json=body)

    async def enable(self, id: int) -> None:  # noqa: A002
        """Raises: NotFound."""
        await self._done(self._id("api_access_profiles.enable"), path={"api_access_profile_id": id})

    async def disable(self, id: int) -> None:  # noqa: A002
        """Raises: NotFound."""
        await self._done(self._id("api_access_profiles.disable"), path={"api_access_profile_id": id})

    async def refresh_secret(self, id: int) -> AccessProfile:  # noqa: A002
        """As `ApiKeys.refresh_secret`."""
        path = {"api_access_profile_id": id}
        return await self._object(self._id("api_access_profiles.refresh_secret"), AccessProfile, path=path)


class ApiPortals(Resource):
    """Of an account."""

    def list(self) -> Pages[ApiPortal]:
        """One request a hundred."""
        return self._pages("managed_users.api_portals.list", ApiPortal, {})


def _key(client_id: int, id_: int) -> dict[str, int]:
    return {"api_client_id": client_id, "api_key_id": id_}


def _profile(name: str, api_collection_ids: Sequence[int], auth_type: str, active: bool) -> dict[str, Any]:
    return {
        "name": name,
        "api_collection_ids": list(api_collection_ids),
        "active": active,
        "auth_type": auth_type,
    }
