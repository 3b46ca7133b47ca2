"""What a reply looks like: where its rows stand, and the types of their members. No value of a customer is kept."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import msgspec

from bulkops.sandbox.openapi import Schema

PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "list": ("result",),
    "data_list": ("data",),
    "items": ("items",),
    "result_items": ("result", "items"),
    "assets": ("result", "assets"),
    "tags": ("data", "tags"),
}
"""Where the rows of a list stand, by the catalogue's word for its envelope; "array": nothing is around them."""

_WRAPPERS: Final[Mapping[str, str]] = {"result": "result", "data": "data"}
"""What stands around one object."""

_OF_FORMS: Final[Mapping[str, str]] = {
    "data_page": "data_list",
    "data_total": "data_list",
    "data_count": "data_list",
    "items_page": "items",
    "result_counted": "result_items",
}
"""Forms of the sandbox that differ from the catalogue's only in the numbers beside the rows."""

_NAME: Final = re.compile(r"[A-Za-z_][\w.-]{0,79}", re.ASCII)
"""Names of members that are kept; any other may be data, or harm who reads the file."""

_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (bool, "boolean"),  # before int, of which it is one
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)
KINDS: Final = ("null", *(kind for _, kind in _KINDS))
"""Types of JSON Schema, as `vendor.toml` names them."""


@attrs.frozen(kw_only=True)
class ReplyShape:
    """`envelope`: in the catalogue's words, "unknown" for another; `rows`: how many there are, 1 for a single object.

    `members`: for each, how many rows have it with each type. Empty for rows that are no objects.
    """

    envelope: str
    rows: int
    members: Mapping[str, Mapping[str, int]]


def is_name(name: str) -> bool:
    """Whether a member's name may be kept and shown."""
    return _NAME.fullmatch(name) is not None


def envelope_of(form: str) -> str:
    """The catalogue's word for a form of the sandbox."""
    return _OF_FORMS.get(form, form)


def kind_of(value: object) -> str:
    """The JSON Schema type of a decoded value."""
    return next((kind for type_, kind in _KINDS if isinstance(value, type_)), "null")


def parsed(body: bytes) -> Any:
    """The data of a JSON body; None for another body."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def shape_of_list(tree: Any) -> ReplyShape:
    """The shape of a list's reply."""
    envelope, rows = rows_in(tree)
    return ReplyShape(envelope=envelope, rows=len(rows), members=_members(rows))


def shape_of_object(tree: Any) -> ReplyShape:
    """The shape of a single object's reply."""
    envelope, row = object_in(tree)
    return ReplyShape(envelope=envelope, rows=1, members=_members([row]))


def rows_in(tree: Any) -> tuple[str, Sequence[Any]]:
    """The envelope of a list, and its rows."""
    if isinstance(tree, list):
        return "array", tree
    for envelope, place in sorted(PLACES.items(), key=lambda item: -len(item[1])):
        found = tree
        for name in place:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, list):
            return envelope, found
    return "unknown", ()


def object_in(tree: Any) -> tuple[str, Any]:
    """The envelope of one object, and the object."""
    if not isinstance(tree, dict):
        return "unknown", None
    for name, envelope in _WRAPPERS.items():
        if isinstance(tree.get(name), dict) and "id" not in tree:
            return envelope, tree[name]
    return "object", tree


def _members(rows: Sequence[Any]) -> dict[str, dict[str, int]]:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if isinstance(row, dict):
            for name, value in row.items():
                if is_name(name):
                    found[name][kind_of(value)] += 1
    return {name: dict(kinds) for name, kinds in sorted(found.items())}


def kinds_in(schema: Schema) -> frozenset[str]:
    """The types that a member may have by its schema; all of them if it says nothing."""
    if "anyOf" in schema:
        return frozenset().union(*(kinds_in(each) for each in schema["anyOf"]))
    if "$ref" in schema:
        return frozenset({"object"})
    kind = schema.get("type")
    if kind is None:
        return frozenset(KINDS)
    return frozenset({kind, "integer"}) if kind == "number" else frozenset({kind})
