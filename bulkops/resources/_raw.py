"""A request by method and path, for calls that the catalogue does not have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Literal
from urllib.parse import unquote

import attrs

from bulkops.catalogue import CALLS, Call, RetryClass, assumed
from bulkops.errors import ConfigError

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PATH: Final = re.compile(r"/api(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+/?")
_ACCOUNT: Final = re.compile(r"/managed_users/([^/]+)")


@attrs.frozen(kw_only=True)
class Raw:
    """`account`: in the path, for quotas that count accounts separately; None: no account."""

    call: Call
    account: str | None
    query: Mapping[str, Any]
    json: object
    data: bytes | None


def raw_request(
    method: str, path: str, *, query: Mapping[str, Any] | None = None, json: object = None, data: bytes | None = None
) -> Raw:
    """A request as a call of its own.

    It counts against the quota of the known call at this address, else against an assumed one. Only a GET may be
    repeated, because the effect of other requests is unknown.
    Raises: ConfigError for a method, path or body that cannot be.
    """
    method = method.upper()
    if method not in _METHODS:
        raise ConfigError(f"{method!r} is not a method of the API", remedy=f"use one of {', '.join(_METHODS)}")
    if _PATH.fullmatch(path) is None or any(not part.strip(".") for part in path.strip("/").split("/")):
        raise ConfigError(
            f"{path!r} is not a path of the API",
            remedy="give the path after the host, percent-encoded, such as /api/users/me; pass the query as query=...",
        )
    if json is not None and data is not None:
        raise ConfigError("a request cannot have both json and data", remedy="pass one of them")
    known = _known(method, path.rstrip("/"))
    account = _ACCOUNT.search(path) if known is None or known.names_account else None
    scope: Literal["customer", "partner"] = "partner" if account is None else "customer"
    call = Call(
        id=f"{method} {path}",
        method=method,
        path=path,  # it holds no brace: nothing in it is a placeholder
        scope=scope,
        quota=known.quota if known is not None else assumed(scope),
        retry=RetryClass.IDEMPOTENT if method == "GET" else RetryClass.RECONCILE_FIRST,
        envelope="verdict",
        pages="none",
        body="json" if json is not None else "octets" if data is not None else "none",
        speaks_of=known.speaks_of if known is not None else "quota",
    )
    return Raw(call=call, account=unquote(account[1]) if account else None, query=query or {}, json=json, data=data)


def _known(method: str, path: str) -> Call | None:
    """The call at this address; a fixed word wins over a parameter (`managed_users/usage` is not a customer)."""
    found = [call for pattern, call in _patterns() if call.method == method and pattern.fullmatch(path)]
    return min(found, key=lambda call: call.path.count("{"), default=None)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Call], ...]:
    return tuple((re.compile(re.sub(r"\{\w+\}", "[^/]+", call.path)), call) for call in CALLS.values())
