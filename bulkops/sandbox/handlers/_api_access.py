"""What lets the clients of the API platform in, checked alike: auth types, collections, secrets."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

import attrs

from bulkops.sandbox.handlers._crud import Crud, Row
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, refuse_blank

MASK: Final = "****"
_AUTH_TYPES: Final = ("token", "jwt", "oauth2", "oidc")
_NO_SECRET: Final = frozenset({"jwt", "oidc"})
"""The caller brings a token of an identity provider; the vendor has no secret to show."""


def access(request: ApiRequest, given: Row, row: Row | None) -> Row:
    """`given` with an auth type that has what it needs, and collections that are there; both for a new row, else those
    that are given. The secret of a JWT is not kept. Raises: RefusedError 400.
    """
    if row is None or "auth_type" in given:
        _check_auth(given)
    if row is None or "api_collection_ids" in given:
        given = given | {"api_collection_ids": _collections(request)}
    return {name: value for name, value in given.items() if name != "jwt_secret"}


def _check_auth(given: Mapping[str, Any]) -> None:
    refuse_blank(given, "auth_type")
    auth_type = given["auth_type"]
    if auth_type not in _AUTH_TYPES:
        raise invalid("auth_type", f"is not one of {', '.join(_AUTH_TYPES)}")
    if auth_type == "jwt":
        refuse_blank(given, "jwt_method", "jwt_secret")
        if given["jwt_method"] not in {"hmac", "rsa"}:
            raise invalid("jwt_method", "is not one of hmac, rsa")
    if auth_type == "oidc" and not (given.get("oidc_issuer") or given.get("oidc_jwks_uri")):
        raise invalid("oidc_issuer", "can't be blank unless oidc_jwks_uri is given")


def _collections(request: ApiRequest) -> list[int]:
    ids = request.given["api_collection_ids"]
    if not ids:
        raise invalid("api_collection_ids", "must name at least one API collection")
    missing = [id_ for id_ in ids if id_ not in request.workspace.api.collections]
    if missing:
        raise invalid("api_collection_ids", f"names an API collection that is not there: {missing[0]}")
    return list(dict.fromkeys(ids))


def new_secret(auth_type: str) -> Row:
    """Members of a row with a new secret; the one before lets nobody in any more."""
    return {
        "secret": None if auth_type in _NO_SECRET else secrets.token_hex(20),
        "oauth_client_id": f"cid-{secrets.token_hex(8)}" if auth_type == "oauth2" else None,
    }


@attrs.frozen(kw_only=True)
class Passes(Crud):
    """Access profiles, or API keys. `secret`: the member that shows the secret, once."""

    secret: str

    def add(self, request: ApiRequest, members: Mapping[str, Any]) -> Row:
        now = request.state.clock.stamp()
        return Crud.add(self, request, {**members, **new_secret(members["auth_type"]), "active_since": now})

    def create(self, request: ApiRequest) -> Row:
        return self._with_secret(request, Crud.create(self, request))

    def refresh_secret(self, request: ApiRequest) -> Row:
        """Raises: RefusedError 400: a JWT has nothing to renew (vendor facts, section 13)."""
        row = self.row_of(request)
        if row["auth_type"] == "jwt":
            raise RefusedError(400, "Refreshing the secret is not available for jwt")
        row |= new_secret(row["auth_type"])
        self.touch(request, row, "refreshed")
        return self._with_secret(request, self.shown(request, row))

    def enable(self, request: ApiRequest) -> Row:
        return self._switch(request, active=True)

    def disable(self, request: ApiRequest) -> Row:
        return self._switch(request, active=False)

    def _switch(self, request: ApiRequest, *, active: bool) -> Row:
        """Let it in, or keep it out; a value that is set already has no effect."""
        row = self.row_of(request)
        if row["active"] is not active:
            row["active"] = active
            self.touch(request, row, "enabled" if active else "disabled")
            row["active_since"] = row["updated_at"] if active else row["active_since"]
        return self.shown(request, row)

    def _with_secret(self, request: ApiRequest, shown: Row) -> Row:
        """The secret as a reply shows it: by itself, or as a client's id and secret."""
        row = self.shelf(request)[str(shown["id"])]
        if row["secret"] is None:
            return shown
        if row["oauth_client_id"] is None:
            return shown | {self.secret: row["secret"]}
        return shown | {"oauth_client_id": row["oauth_client_id"], "oauth_client_secret": row["secret"]}


def active_since(request: ApiRequest, given: Row, row: Row | None) -> Row:
    """`given`, with the moment at which it lets in again."""
    if row is not None and given.get("active") and not row["active"]:
        return given | {"active_since": request.state.clock.stamp()}
    return given
