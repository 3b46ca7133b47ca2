"""Any call of the catalogue by its id, and any other request: checked, counted, and resent as its class allows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

from bulkops.catalogue import ACCOUNT, CALLS, Call
from bulkops.close_match import did_you_mean
from bulkops.errors import ConfigError, StatusError
from bulkops.resources._arguments import Arguments, place, type_of
from bulkops.resources._pages import first_page, identity, walk
from bulkops.resources._plain import page, payload, whole
from bulkops.resources._raw import Raw, raw_request
from bulkops.resources._types import from_text
from bulkops.session import ApiSession, Reply, RequestContext

__all__ = ["call", "check_call", "find_call", "from_text", "from_texts", "raw_request", "request", "rows", "type_of"]


def find_call(call_id: str) -> Call:
    """The row of the catalogue. Raises: ConfigError with the nearest one."""
    found = CALLS.get(call_id)
    if found is not None:
        return found
    remedy = f"{did_you_mean(call_id, CALLS, cutoff=0.5)} `bulkops calls WORD` finds calls by words".lstrip()
    raise ConfigError(f"call {call_id!r} does not exist", remedy=remedy)


def check_call(wanted: Call, given: Mapping[str, Any], *, account: str | None, body: object = None) -> Arguments:
    """The request to send. Raises: ConfigError naming what is unknown, missing, misplaced or of the wrong type."""
    if wanted.names_account and account is None:
        raise ConfigError(
            f"{wanted.id} acts on one customer, but no account is given",
            remedy="give the account: its number, or E and its external id",
        )
    if not wanted.names_account and account is not None:
        raise ConfigError(
            f"{wanted.id} acts on the partner's own workspace and takes no account", remedy="leave out the account"
        )
    return place(wanted, given, body=body)


def from_texts(wanted: Call, texts: Mapping[str, str]) -> dict[str, Any]:
    """Texts of flags as values of the declared types. A text that does not fit its type stays text."""
    return {name: from_text(type_of(wanted, name), text) for name, text in texts.items()}


async def call(
    session: ApiSession, scope: RequestContext, wanted: Call, given: Mapping[str, Any], *, body: object = None
) -> Any:
    """The answer as plain JSON data without its envelope.

    Raises: ConfigError before anything is sent; the ApiError tree.
    """
    arguments = check_call(wanted, given, account=scope.account, body=body)
    return payload(await _send(session, scope, wanted, arguments, first_page(wanted, arguments.query)))


def rows(session: ApiSession, scope: RequestContext, wanted: Call, given: Mapping[str, Any]) -> AsyncIterator[Any]:
    """The rows of a list, page by page, none twice. One request a page, from the page that `given` names on.

    Raises: ConfigError when the call is not a read, or as `call`; while iterated: DecodeError for a list that repeats
    itself or does not end, and the ApiError tree.
    """
    arguments = check_call(wanted, given, account=scope.account)
    if not wanted.is_read:
        raise ConfigError(f"{wanted.id} is not a list", remedy="leave out all_pages (--all-pages)")
    ask = partial(_send, session, scope, wanted, arguments)
    return walk(wanted, first_page(wanted, arguments.query), ask=ask, read=page, key=identity)


async def request(session: ApiSession, scope: RequestContext, raw: Raw) -> Any:
    """The answer to a request that need not be in the catalogue, as it came. Raises: the ApiError tree."""
    return whole(await session.send(raw.call, scope=scope, query=raw.query, json=raw.json, data=raw.data))


async def _send(
    session: ApiSession, scope: RequestContext, wanted: Call, arguments: Arguments, query: Mapping[str, Any]
) -> Reply:
    path = dict(arguments.path)
    if scope.account is not None:
        path[ACCOUNT] = scope.account
    try:
        return await session.send(wanted, scope=scope, path=path, query=query, json=arguments.json, data=arguments.data)
    except StatusError as error:
        error.remedy = _remedy(wanted, error)
        raise


def _remedy(wanted: Call, error: StatusError) -> str | None:
    if wanted.is_deprecated and error.status in {404, 410}:  # what a call answers that was switched off
        return f"the vendor has announced the end of {wanted.id}: use {wanted.replacement}"
    if wanted.envelope == "bytes" and 300 <= error.status < 400:
        return "packages.get has the download_url, to be fetched without the token"
    return error.remedy
