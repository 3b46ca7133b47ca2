"""What lets an API client in: access profiles of the first version, API keys of the second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bulkops.sandbox.api_platform import MASK, Pass
from bulkops.sandbox.exchange import NOT_FOUND, Asked, Counted, RefusedError, flag_member, id_member, text_member
from bulkops.sandbox.handlers._access import access_facts, auth_type_of, collections_of, find_client
from bulkops.sandbox.handlers._base import Handler, both


def list_profiles(asked: Asked) -> list[dict[str, Any]]:
    """Without their secrets."""
    wanted = asked.number("api_client_id")
    rows = [row for row in asked.workspace.api.profiles.values() if wanted in {None, row.client_id}]
    return [_profile_row(row) for row in asked.on_page(rows)]


def create_profile(asked: Asked) -> dict[str, Any]:
    """The client is in the query, in the body, or in the path of the nested form (NOTES section 17.19)."""
    members = asked.members()
    in_path = asked.path_id("api_client_id") if "api_client_id" in asked.names else None
    client_id = in_path or asked.number("api_client_id") or id_member(members, "api_client_id")
    client = find_client(asked, client_id, is_legacy=True)
    now = asked.world.clock.stamp()
    made = Pass(
        id=asked.workspace.new_id("api_access_profile"),
        client_id=client.id,
        name=str(text_member(members, "name", required=True)),
        auth_type=auth_type_of(members),
        active=flag_member(members, "active") if "active" in members else True,
        collection_ids=collections_of(asked, members),
        facts=access_facts(members),
        created_at=now,
        updated_at=now,
    )
    made.renew()
    asked.workspace.api.profiles[made.id] = made
    asked.note("access_profile.created", f"{client.name}/{made.name}")
    return _profile_row(made) | made.shown_once("secret")


def update_profile(asked: Asked) -> dict[str, Any]:
    """Full replacement: the list of collections is the whole new one. What is so already is no effect."""
    profile, members = _profile(asked), asked.members()
    before = (profile.name, profile.auth_type, profile.active, profile.collection_ids, dict(profile.facts))
    name, auth_type = str(text_member(members, "name", required=True)), auth_type_of(members)
    ids, facts = collections_of(asked, members), access_facts(members)
    active = flag_member(members, "active") if "active" in members else profile.active
    if auth_type != profile.auth_type:
        profile.auth_type = auth_type
        profile.renew()
    profile.name, profile.collection_ids, profile.active, profile.facts = name, ids, active, facts
    if before != (profile.name, profile.auth_type, profile.active, profile.collection_ids, profile.facts):
        _note_profile(asked, profile, "updated")
    return _profile_row(profile)


def _switch_profile(active: bool) -> Handler:
    def switch(asked: Asked) -> dict[str, Any]:
        profile = _profile(asked)
        if profile.active is not active:
            profile.active = active
            _note_profile(asked, profile, "enabled" if active else "disabled")
        return {"success": True}

    return switch


def refresh_profile(asked: Asked) -> dict[str, Any]:
    profile = _profile(asked)
    _renew(profile)
    _note_profile(asked, profile, "refreshed")
    return _profile_row(profile) | profile.shown_once("secret")


def refuse_update_without_id(_: Asked) -> Any:
    """The guide prints the path so; nobody can tell which profile is meant."""
    raise RefusedError(404, NOT_FOUND)


def list_keys(asked: Asked) -> Counted:
    """Masked (NOTES section 13)."""
    client = find_client(asked, asked.path_id("api_client_id"), is_legacy=False)
    return asked.counted([_key_row(key) for key in asked.workspace.api.keys_of(client.id)])


def create_key(asked: Asked) -> dict[str, Any]:
    client = find_client(asked, asked.path_id("api_client_id"), is_legacy=False)
    members, now = asked.members(), asked.world.clock.stamp()
    made = Pass(
        id=asked.workspace.new_id("api_key"),
        client_id=client.id,
        name=str(text_member(members, "name", required=True)),
        auth_type=client.auth_type,
        active=flag_member(members, "active") if "active" in members else True,
        facts=access_facts(members),
        created_at=now,
        updated_at=now,
    )
    made.renew()
    asked.workspace.api.keys[made.id] = made
    asked.note("api_key.created", f"{client.name}/{made.name}")
    return _key_row(made) | made.shown_once("auth_token")


def update_key(asked: Asked) -> dict[str, Any]:
    """Only what the body names changes."""
    key, members = _key(asked), asked.members()
    before = (key.name, key.active, dict(key.facts))
    key.name = text_member(members, "name", required="name" in members) or key.name
    key.active = flag_member(members, "active") if "active" in members else key.active
    key.facts = key.facts | access_facts(members)
    if before != (key.name, key.active, key.facts):
        _note_key(asked, key, "updated")
    return _key_row(key)


def _switch_key(active: bool) -> Handler:
    def switch(asked: Asked) -> dict[str, Any]:
        key = _key(asked)
        if key.active is not active:
            key.active = active
            _note_key(asked, key, "enabled" if active else "disabled")
        return _key_row(key)

    return switch


def refresh_key(asked: Asked) -> dict[str, Any]:
    key = _key(asked)
    _renew(key)
    _note_key(asked, key, "refreshed")
    return _key_row(key) | key.shown_once("auth_token")


def delete_key(asked: Asked) -> dict[str, Any]:
    key = _key(asked)
    del asked.workspace.api.keys[key.id]
    _note_key(asked, key, "deleted")
    return {"success": True}


def _renew(granted: Pass) -> None:
    """Raises: RefusedError 400: of a JWT the vendor knows nothing that it could renew (NOTES section 13)."""
    if granted.auth_type == "jwt":
        raise RefusedError(400, "Refreshing the secret is not available for jwt")
    granted.renew()


def _profile(asked: Asked) -> Pass:
    return _found(asked.workspace.api.profiles.get(asked.path_id("api_access_profile_id")))


def _key(asked: Asked) -> Pass:
    client = find_client(asked, asked.path_id("api_client_id"), is_legacy=False)
    key = _found(asked.workspace.api.keys.get(asked.path_id("api_key_id")))
    return _found(key if key.client_id == client.id else None)


def _found(granted: Pass | None) -> Pass:
    if granted is None:
        raise RefusedError(404, NOT_FOUND)
    return granted


def _note_profile(asked: Asked, profile: Pass, what: str) -> None:
    profile.updated_at = asked.world.clock.stamp()
    client = asked.workspace.api.clients[profile.client_id]
    asked.note(f"access_profile.{what}", f"{client.name}/{profile.name}")


def _note_key(asked: Asked, key: Pass, what: str) -> None:
    key.updated_at = asked.world.clock.stamp()
    client = asked.workspace.api.clients[key.client_id]
    asked.note(f"api_key.{what}", f"{client.name}/{key.name}")


def _profile_row(profile: Pass) -> dict[str, Any]:
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


def _key_row(key: Pass) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "auth_type": key.auth_type,
        "ip_allow_list": key.facts.get("ip_allow_list") or [],
        "ip_deny_list": key.facts.get("ip_deny_list") or [],
        "active": key.active,
        "active_since": key.updated_at,  # the vendor's document has no null here
        "auth_token": "" if key.secret is None else MASK,
    }


_PROFILES: Final[Mapping[str, Callable[[Asked], Any]]] = {
    "api_access_profiles.list": list_profiles,
    "api_access_profiles.create": create_profile,
    "api_access_profiles.update": update_profile,
    "api_access_profiles.enable": _switch_profile(True),
    "api_access_profiles.disable": _switch_profile(False),
    "api_access_profiles.refresh_secret": refresh_profile,
}
_KEYS: Final[Mapping[str, Callable[[Asked], Any]]] = {
    "api_keys.list": list_keys,
    "api_keys.create": create_key,
    "api_keys.update": update_key,
    "api_keys.enable": _switch_key(True),
    "api_keys.disable": _switch_key(False),
    "api_keys.refresh_secret": refresh_key,
    "api_keys.delete": delete_key,
}
_GUIDE: Final[Mapping[str, Callable[[Asked], Any]]] = {
    "managed_users.api_access_profiles.create_nested": create_profile,
    "api_access_profiles.update_without_id": refuse_update_without_id,
}

HANDLERS: Final[Mapping[str, Handler]] = {**both(_PROFILES), **both(_KEYS), **_GUIDE}
