"""API keys: what lets a client of the second version in."""

from __future__ import annotations

from typing import Final

from bulkops.sandbox.api_platform import KEY
from bulkops.sandbox.handlers._api_access import MASK, Passes, active_since
from bulkops.sandbox.handlers._crud import Row
from bulkops.sandbox.handlers._nouns import serve_as
from bulkops.sandbox.handlers.api_clients import CLIENTS
from bulkops.sandbox.request import ApiRequest

_SHOWN: Final = ("id", "name", "auth_type", "ip_allow_list", "ip_deny_list", "active", "active_since")


def _shape(request: ApiRequest, given: Row, row: Row | None) -> Row:
    auth_type = (row or CLIENTS.row_of(request))["auth_type"]
    return active_since(request, given | {"auth_type": auth_type}, row)


def _shown(_: ApiRequest, row: Row) -> Row:
    """Masked (vendor facts, section 13)."""
    return {name: row[name] for name in _SHOWN} | {"auth_token": "" if row["secret"] is None else MASK}


KEYS: Final = serve_as(
    Passes,
    "api_keys",
    "ApiKey",
    noun=KEY,
    inside=CLIENTS,
    required=("name",),
    usual={"active": True, "ip_allow_list": [], "ip_deny_list": []},
    secret="auth_token",  # noqa: S106 - the name of a member
    shape=_shape,
    shown=_shown,
)
KEYS.serve("[managed_users.]api_keys", "enable", "disable", "refresh_secret", row="ApiKey")
