"""Address, body and credentials of one call, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import SplitResult, quote, urlencode

import attrs

from bulkops import plain_json
from bulkops.catalogue import Call
from bulkops.errors import InputError
from bulkops.masking import masked
from bulkops.models.text import one_line
from bulkops.secret import Secret
from bulkops.settings import Auth

PathValues: TypeAlias = Mapping[str, str | int]
QueryValue: TypeAlias = str | int | float | bool | None
QueryValues: TypeAlias = Mapping[str, QueryValue | Sequence[QueryValue]]

_KEPT: Final = "%/:@!$&'()*+,;=~"
"""Characters of a path that mean what they are, beside letters and digits (RFC 3986, section 3.3)."""


@attrs.define(kw_only=True)  # not frozen: a frozen class pays twice for its constructor
class Request:
    """`path` and `query` are percent-encoded. The path may be shown; the query may not (legacy-query)."""

    call: Call
    path: str
    query: str = attrs.field(repr=False)
    body: bytes | None = attrs.field(repr=False)
    content_type: str | None


def build(
    call: Call, *, auth: Auth, path: PathValues, query: QueryValues, json: object = None, data: bytes | None = None
) -> Request:
    """The request for `call`. Members of `query` that are None are left out; a list comes once for each of its values.

    Raises: InputError for a path value that is missing or cannot stand in an address, or a body that is not JSON.
    """
    pairs = [(name, _query_text(each)) for name, value in query.items() for each in _each(value) if each is not None]
    pairs += credentials_in_query(auth)
    body, content_type = data, "application/octet-stream" if data is not None else None
    if json is not None:
        try:
            body, content_type = plain_json.encode(json), "application/json"
        except (TypeError, ValueError, RecursionError):
            # the text of the exception may hold a credential that was to be sent
            raise InputError(f"{call.id}: the body cannot be written as JSON", remedy="use plain data") from None
    return Request(
        call=call,
        path=_path(call, path),
        query=urlencode(pairs) if pairs else "",
        body=body,
        content_type=content_type,
    )


def _path(call: Call, values: PathValues) -> str:
    try:
        return call.path.format_map({name: path_segment(name, value) for name, value in values.items()})
    except KeyError as missing:
        raise InputError(f"{call.id} needs {missing.args[0]}", remedy="pass it") from None


def path_segment(name: str, value: str | int) -> str:
    """One path segment, percent-encoded whole: "Ea/b 1" -> "Ea%2Fb%201". Raises: InputError."""
    if isinstance(value, int):
        if value < 0 or isinstance(value, bool):
            raise InputError(f"{name} is not an id: {value!r}", remedy="ids are whole numbers from 0")
        return str(value)
    if value.isdigit() and value.isascii():
        return value
    # proxies and servers remove dot segments from a path
    if not value or not value.strip(". "):
        raise InputError(f"{name} is not an id: {value!r}", remedy="give the id")
    try:
        return _quoted(value)
    except UnicodeEncodeError:
        raise InputError(f"{name} is not valid text: {value!a}", remedy="correct the id") from None


def encoded(address: SplitResult) -> tuple[str, str]:
    """Path and query of a foreign address, with everything percent-encoded that a request line cannot hold. What is
    encoded already stays as it is.
    """
    path = quote(address.path or "/", safe=_KEPT, errors="replace")
    return path, quote(address.query, safe=f"{_KEPT}?", errors="replace")


@lru_cache(maxsize=4096)
def _quoted(value: str) -> str:
    """Cached: every request of an account has the same segment."""
    return quote(value, safe="")


def account_segment(account: str | int) -> str:
    """The account as the API takes it: a number, or "E" and the partner's own id, not yet encoded.

    Raises: InputError for anything else; the API would misread a plain external id.
    """
    text = str(account).strip() if not isinstance(account, bool) else repr(account)
    numeric = text.isascii() and text.isdigit()
    if not numeric and not (text.startswith("E") and len(text) > 1):
        raise InputError(
            f"{one_line(text) or 'an empty text'!r} is not an account id",
            remedy="use the number, or E and the external id: EORG-7 for ORG-7",
        )
    path_segment("the account id", text)
    return text


def _each(value: QueryValue | Sequence[QueryValue]) -> Sequence[QueryValue]:
    return value if isinstance(value, list | tuple) else (value,)


def _query_text(value: QueryValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def credentials_in_headers(auth: Auth) -> dict[str, str]:
    """Headers of every request. Only this and `credentials_in_query` reveal the token."""
    token = auth.token.reveal()
    match auth.scheme:
        case "bearer":
            return {"Authorization": f"Bearer {token}"}
        case "legacy-headers":
            return {"X-USER-TOKEN": token, "X-USER-EMAIL": auth.email or ""}
        case _:
            return {}


def credentials_in_query(auth: Auth) -> list[tuple[str, str]]:
    if auth.scheme != "legacy-query":
        return []
    return [("user_token", auth.token.reveal()), ("user_email", auth.email or "")]


class Redactor:
    """Makes a server's words safe to show: one line, without the token should the server repeat it."""

    def __init__(self, secret: Secret) -> None:
        self._token = secret.reveal()

    def __call__(self, text: str) -> str:
        return one_line(masked(one_line(text, longest=len(text) + 1), [self._token]))
