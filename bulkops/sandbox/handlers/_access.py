"""Access settings of API clients, profiles and keys, checked alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.api_platform import AUTH_TYPES, ApiClient
from bulkops.sandbox.request import ApiRequest, invalid, refuse_blank, there

_FACTS: Final = frozenset(
    {
        *("jwt_method", "oidc_issuer", "oidc_jwks_uri", "access_profile_claim"),
        *("required_claims", "allowed_issuers", "ip_allow_list", "ip_deny_list"),
    }
)


def find_client(request: ApiRequest, client_id: int | None, *, is_legacy: bool) -> ApiClient:
    """Raises: RefusedError 404: a client of the other version is not there either."""
    found = request.workspace.api.clients.get(client_id or 0)
    return there(found if found is not None and found.is_legacy is is_legacy else None)


def auth_type_of(given: Mapping[str, Any]) -> str:
    """Raises: RefusedError 400 for one that is unknown, or lacks what it needs."""
    refuse_blank(given, "auth_type")
    auth_type = str(given["auth_type"])
    if auth_type not in AUTH_TYPES:
        raise invalid("auth_type", f"is not one of {', '.join(AUTH_TYPES)}")
    if auth_type == "jwt":
        refuse_blank(given, "jwt_method", "jwt_secret")
        if given["jwt_method"] not in {"hmac", "rsa"}:
            raise invalid("jwt_method", "is not one of hmac, rsa")
    if auth_type == "oidc" and not (given.get("oidc_issuer") or given.get("oidc_jwks_uri")):
        raise invalid("oidc_issuer", "can't be blank unless oidc_jwks_uri is given")
    return auth_type


def collections_of(request: ApiRequest) -> tuple[int, ...]:
    """Ids of collections that are there, at least one. Raises: RefusedError 400."""
    ids = request.given["api_collection_ids"]
    if not ids:
        raise invalid("api_collection_ids", "must name at least one API collection")
    missing = [id_ for id_ in ids if id_ not in request.workspace.api.collections]
    if missing:
        raise invalid("api_collection_ids", f"names an API collection that is not there: {missing[0]}")
    return tuple(dict.fromkeys(ids))


def access_facts(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given of the rest, but for the secret of a JWT."""
    return {name: value for name, value in given.items() if name in _FACTS}
