"""API keys: what lets a client of the second version in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.api_platform import MASK, Pass
from bulkops.sandbox.handlers._access import access_facts, find_client
from bulkops.sandbox.handlers._api_credentials import Passes, active_in
from bulkops.sandbox.handlers._base import Handler, both
from bulkops.sandbox.request import ApiRequest, Counted, text_member


def list_keys(request: ApiRequest) -> Counted:
    """Masked (vendor facts, section 13)."""
    client = find_client(request, request.path_id("api_client_id"), is_legacy=False)
    return request.counted([_row(key) for key in request.workspace.api.keys_of(client.id)])


def create_key(request: ApiRequest) -> dict[str, Any]:
    client = find_client(request, request.path_id("api_client_id"), is_legacy=False)
    return _KEYS.add(request, client, auth_type=client.auth_type)


def update_key(request: ApiRequest) -> dict[str, Any]:
    """Only what the body names changes."""
    key, members = _KEYS.find(request), request.members()
    name = text_member(members, "name", required="name" in members) or key.name
    active, facts = active_in(members, usual=key.active), key.facts | access_facts(members)
    _KEYS.change(request, key, name=name, active=active, facts=facts)
    return _row(key)


def enable_key(request: ApiRequest) -> dict[str, Any]:
    return _row(_KEYS.switch(request, active=True))


def disable_key(request: ApiRequest) -> dict[str, Any]:
    return _row(_KEYS.switch(request, active=False))


def delete_key(request: ApiRequest) -> dict[str, Any]:
    key = _KEYS.find(request)
    _KEYS.touch(request, key, "deleted")
    del request.workspace.api.keys[key.id]
    return {"success": True}


def _row(key: Pass) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "auth_type": key.auth_type,
        "ip_allow_list": key.facts.get("ip_allow_list") or [],
        "ip_deny_list": key.facts.get("ip_deny_list") or [],
        "active": key.active,
        "active_since": key.active_since,  # the vendor's document has no null here
        "auth_token": "" if key.secret is None else MASK,
    }


_KEYS: Final = Passes(
    noun="api_key",
    effect="api_key",
    secret="auth_token",  # noqa: S106 - the name of a member
    shelf=lambda request: request.workspace.api.keys,
    row=_row,
)

HANDLERS: Final[Mapping[str, Handler]] = both(
    {
        "api_keys.list": list_keys,
        "api_keys.create": create_key,
        "api_keys.update": update_key,
        "api_keys.enable": enable_key,
        "api_keys.disable": disable_key,
        "api_keys.refresh_secret": _KEYS.refresh,
        "api_keys.delete": delete_key,
    }
)
