"""Access settings of API clients, profiles and keys, checked alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.api_platform import AUTH_TYPES, ApiClient
from bulkops.sandbox.request import NOT_FOUND, ApiRequest, RefusedError, ids_member, invalid, text_member

_TEXTS: Final = ("jwt_method", "oidc_issuer", "oidc_jwks_uri", "access_profile_claim")
_LISTS: Final = ("required_claims", "allowed_issuers", "ip_allow_list", "ip_deny_list")


def find_client(request: ApiRequest, client_id: int | None, *, is_legacy: bool) -> ApiClient:
    """Raises: RefusedError 404: a client of the other version is not there either."""
    found = request.workspace.api.clients.get(client_id or 0)
    if found is None or found.is_legacy is not is_legacy:
        raise RefusedError(404, NOT_FOUND)
    return found


def auth_type_of(members: Mapping[str, Any]) -> str:
    """Raises: RefusedError 400 for one that is missing, unknown, or lacks what it needs."""
    auth_type = text_member(members, "auth_type", required=True)
    if auth_type not in AUTH_TYPES:
        raise invalid("auth_type", f"is not one of {', '.join(AUTH_TYPES)}")
    if auth_type == "jwt":
        if text_member(members, "jwt_method", required=True) not in {"hmac", "rsa"}:
            raise invalid("jwt_method", "is not one of hmac, rsa")
        text_member(members, "jwt_secret", required=True, longest=10_000)
    if auth_type == "oidc" and not (text_member(members, "oidc_issuer") or text_member(members, "oidc_jwks_uri")):
        raise invalid("oidc_issuer", "can't be blank unless oidc_jwks_uri is given")
    return str(auth_type)


def collections_of(request: ApiRequest, members: Mapping[str, Any]) -> tuple[int, ...]:
    """Ids of collections that are there, at least one. Raises: RefusedError 400."""
    ids = ids_member(members, "api_collection_ids")
    if not ids:
        raise invalid("api_collection_ids", "must name at least one API collection")
    missing = [id_ for id_ in ids if id_ not in request.workspace.api.collections]
    if missing:
        raise invalid("api_collection_ids", f"names an API collection that is not there: {missing[0]}")
    return tuple(dict.fromkeys(ids))


def access_facts(members: Mapping[str, Any]) -> dict[str, Any]:
    """What is given of the rest, but for the secret of a JWT. Raises: RefusedError 400."""
    facts: dict[str, Any] = {name: text_member(members, name, longest=2_000) for name in _TEXTS if name in members}
    for name in _LISTS:
        given = members.get(name)
        if name not in members:
            continue
        if given is not None and (not isinstance(given, list) or not all(isinstance(each, str) for each in given)):
            raise invalid(name, "is not a list of texts")
        facts[name] = given
    return facts
