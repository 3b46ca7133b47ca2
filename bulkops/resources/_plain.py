"""Responses as plain JSON data, without the envelope that the catalogue declares."""

from __future__ import annotations

from typing import Any, Final, cast

from bulkops.session import Reply, decode_error, decode_object

_LISTS: Final = frozenset({"array", "list", "data_list", "items", "result_items", "assets", "tags"})
_WRAPPERS: Final = ("result", "data", "items", "assets", "tags")
_COUNTS: Final = frozenset({"count", "page", "per_page", "total", "success", "Success"})
"""What may stand beside the payload of an envelope."""


def whole(reply: Reply) -> Any:
    """The response unchanged: JSON data, None for an empty body, bytes if the catalogue expects a file. Raises:
    StatusError for `success: false` (unless that is a result); DecodeError or OutcomeUnknown for a body that is not
    JSON.
    """
    if reply.call.envelope == "bytes":
        return reply.body
    if not reply.body.strip() and (reply.status == 204 or not reply.call.is_read):
        return None
    return decode_object(reply, cast("type[Any]", Any))


def payload(reply: Reply) -> Any:
    """The response without its envelope: a list, an object, or None. A response without the expected envelope is
    returned unchanged, because some calls have no documented response. Raises: as `whole`.
    """
    tree = whole(reply)
    if reply.call.envelope in _LISTS:
        return _list_in(tree)
    return tree if reply.call.envelope in {"verdict", "bytes"} else _object_in(tree, reply.call.envelope)


def page(reply: Reply) -> list[Any]:
    """The list in the response, wherever it is. Raises: DecodeError when it has no list, else as `whole`."""
    found = _list_in(whole(reply))
    if not isinstance(found, list):
        raise decode_error(reply, "no list in it")
    return found


def _list_in(tree: Any) -> Any:
    while isinstance(tree, dict):
        name = next((name for name in _WRAPPERS if isinstance(tree.get(name), list | dict)), None)
        if name is None:
            break
        tree = tree[name]
    return tree


def _object_in(tree: Any, envelope: str) -> Any:
    """The contents of a lone `result` or `data`; an object of the API may have such a member beside others."""
    if not isinstance(tree, dict):
        return tree
    lone = tree.keys() - _COUNTS
    if lone == {envelope}:
        return tree[envelope]
    name = next(iter(lone), "")
    return tree[name] if len(lone) == 1 and name in {"result", "data"} and isinstance(tree[name], dict) else tree
