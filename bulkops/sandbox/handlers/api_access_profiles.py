"""Access profiles: what lets a client of the first version in, and to which collections."""

from __future__ import annotations

from typing import Any, Final

from bulkops.sandbox.api_platform import Pass
from bulkops.sandbox.body import id_in
from bulkops.sandbox.handlers._access import access_facts, auth_type_of, collections_of, find_client
from bulkops.sandbox.handlers._api_credentials import Passes
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest, invalid, there


@answers("[managed_users.]api_access_profiles.list", row="Profile")
def list_profiles(request: ApiRequest) -> list[dict[str, Any]]:
    """Without their secrets."""
    wanted = request.number("api_client_id")
    return [_row(row) for row in request.workspace.api.profiles.values() if wanted in {None, row.client_id}]


@answers("[managed_users.]api_access_profiles.create", "managed_users.api_access_profiles.create_nested", row="Profile")
def create_profile(request: ApiRequest) -> dict[str, Any]:
    """The client is in the query, in the body, or in the path of the nested form (vendor facts, section 17.19)."""
    in_path = request.path_id("api_client_id") if "api_client_id" in request.names else None
    client_id = in_path or request.number("api_client_id") or id_in(request.members(), "api_client_id")
    if client_id is None:
        raise invalid("api_client_id", "can't be blank")
    client = find_client(request, client_id, is_legacy=True)
    auth_type, collection_ids = auth_type_of(request.given), collections_of(request)
    return _PROFILES.add(request, client, auth_type=auth_type, collection_ids=collection_ids)


@answers("[managed_users.]api_access_profiles.update", row="Profile")
def update_profile(request: ApiRequest) -> dict[str, Any]:
    """Full replacement: the list of collections is the whole new one. The secret stays, unless its kind changes."""
    profile, given = _PROFILES.find(request), request.given
    auth_type = auth_type_of(given)
    values = {
        "name": given["name"],
        "auth_type": auth_type,
        "collection_ids": collections_of(request),
        "active": given.get("active", profile.active),
        "facts": access_facts(given),
    }
    is_other = auth_type != profile.auth_type
    _PROFILES.change(request, profile, **values)
    if is_other:
        profile.renew()
    return _row(profile)


@answers("[managed_users.]api_access_profiles.enable")
def enable_profile(request: ApiRequest) -> None:
    _PROFILES.switch(request, active=True)


@answers("[managed_users.]api_access_profiles.disable")
def disable_profile(request: ApiRequest) -> None:
    _PROFILES.switch(request, active=False)


@answers("api_access_profiles.update_without_id", row="Profile")
def refuse_update_without_id(_: ApiRequest) -> Any:
    """The guide prints the path so; it does not name a profile."""
    there(None)


def _row(profile: Pass) -> dict[str, Any]:
    return {
        "id": profile.id,
        "name": profile.name,
        "api_client_id": profile.client_id,
        "api_collection_ids": list(profile.collection_ids),
        "active": profile.active,
        "auth_type": profile.auth_type,
        "ip_allow_list": profile.facts.get("ip_allow_list"),
        "created_at": profile.created_at,
        "updated_at": profile.updated_at,
    }


_PROFILES: Final = Passes(
    noun="api_access_profile",
    effect="access_profile",
    secret="secret",  # noqa: S106 - the name of a member
    shelf=lambda request: request.workspace.api.profiles,
    row=_row,
)


answers("[managed_users.]api_access_profiles.refresh_secret", row="Profile")(_PROFILES.refresh)
