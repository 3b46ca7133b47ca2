"""API keys: what lets a client of the second version in."""

from __future__ import annotations

from typing import Any, Final

from bulkops.sandbox.api_platform import MASK, Pass
from bulkops.sandbox.handlers._access import access_facts, find_client
from bulkops.sandbox.handlers._api_credentials import Passes
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest, refuse_blank


@answers("[managed_users.]api_keys.list", row="ApiKey")
def list_keys(request: ApiRequest) -> list[dict[str, Any]]:
    """Masked (vendor facts, section 13)."""
    client = find_client(request, request.path_id("api_client_id"), is_legacy=False)
    return [_row(key) for key in request.workspace.api.keys_of(client.id)]


@answers("[managed_users.]api_keys.create", row="ApiKey")
def create_key(request: ApiRequest) -> dict[str, Any]:
    client = find_client(request, request.path_id("api_client_id"), is_legacy=False)
    return _KEYS.add(request, client, auth_type=client.auth_type)


@answers("[managed_users.]api_keys.update", row="ApiKey")
def update_key(request: ApiRequest) -> dict[str, Any]:
    """Only what the body names changes."""
    key = _KEYS.find(request)
    given = {"name": key.name, "active": key.active} | dict(request.given)
    refuse_blank(given, "name")
    _KEYS.change(request, key, name=given["name"], active=given["active"], facts=key.facts | access_facts(given))
    return _row(key)


@answers("[managed_users.]api_keys.enable", row="ApiKey")
def enable_key(request: ApiRequest) -> dict[str, Any]:
    return _row(_KEYS.switch(request, active=True))


@answers("[managed_users.]api_keys.disable", row="ApiKey")
def disable_key(request: ApiRequest) -> dict[str, Any]:
    return _row(_KEYS.switch(request, active=False))


@answers("[managed_users.]api_keys.delete")
def delete_key(request: ApiRequest) -> None:
    key = _KEYS.find(request)
    _KEYS.touch(request, key, "deleted")
    del request.workspace.api.keys[key.id]


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


answers("[managed_users.]api_keys.refresh_secret", row="ApiKey")(_KEYS.refresh)
