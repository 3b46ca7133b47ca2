"""Parse the tables of shapes into JSON Schema.

A shape is its name, then its members; lines that begin with a space go on. A member is `name:type`, `name?:type` where
it may be left out; `...Shape` stands for the members of another one, `!` says that there are no others. A type is one
of those below, a shape, `'a_word'` (an underscore stands for a space) or `true`; `type[]` is a list of them,
`one|another` either.
"""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]

_PLAIN: Final[dict[str, Schema]] = {
    "int": {"type": "integer"},
    "num": {"type": "number"},
    "str": {"type": "string"},
    "bool": {"type": "boolean"},
    "null": {"type": "null"},
    "object": {"type": "object"},
    "bytes": {"type": "string", "format": "binary"},
    # milliseconds always, and Z or an offset (vendor facts, section 4)
    "time": {
        "type": "string",
        "format": "date-time",
        "pattern": r"^\d{4}(-\d\d){2}T\d\d(:\d\d){2}\.\d{3}(Z|[+-]\d\d:\d\d)$",
    },
    "true": {"type": "boolean", "const": True},
    "any": {},
    "PackageStatus": {"type": "string", "enum": ["completed", "failed", "processing", "in_progress"]},
}


def read_shapes(text: str) -> dict[str, Schema]:
    """Schemas by name, in the order of the text."""
    shapes: dict[str, Schema] = {}
    for block in text.strip().replace("\n ", " ").splitlines():
        if block:
            name, *members = block.split()
            shapes[name] = _shape(members, shapes)
    return shapes


def read_type(text: str) -> Schema:
    """The schema of one type; of a shape, a reference to it."""
    either = [_single(part) for part in text.split("|")]
    if len(either) == 1:
        return either[0]
    words = [schema["const"] for schema in either if isinstance(schema.get("const"), str)]
    others = [schema for schema in either if not isinstance(schema.get("const"), str)]
    return {"anyOf": ([{"type": "string", "enum": words}] if words else []) + others}


def _single(text: str) -> Schema:
    if text.endswith("[]"):
        return {"type": "array", "items": _single(text[:-2])}
    if text.startswith("'"):
        return {"type": "string", "const": text[1:-1].replace("_", " ")}
    return dict(_PLAIN[text]) if text in _PLAIN else {"$ref": f"#/components/schemas/{text}"}


def _shape(members: list[str], known: dict[str, Schema]) -> Schema:
    properties: dict[str, Schema] = {}
    required: list[str] = []
    closed = {"additionalProperties": False} if "!" in members else {}
    for member in members:
        if member == "!":
            continue
        if member.startswith("..."):
            properties |= known[member[3:]]["properties"]
            required += known[member[3:]]["required"]
            continue
        name, _, type_ = member.partition(":")
        optional = name.endswith("?")
        name = name.removesuffix("?")
        properties[name] = read_type(type_)
        required = [each for each in required if each != name] + ([] if optional else [name])
    return {"type": "object", "required": required, "properties": properties, **closed}
