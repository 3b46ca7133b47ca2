"""The JSON schema of a job file, for editors: made from what the loader accepts."""

from __future__ import annotations

import json
from typing import Any, Final

import attrs

from bulkops.operations import OPERATIONS
from bulkops.runs.jobs import POLICY_KEYS, SELECTION_KEYS, WHERE_KEYS

_TYPES: Final = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object", list: "array"}


def schema() -> str:
    """JSON text, with an alternative for each operation."""
    where = {"type": "object", "properties": {key: {"type": "string"} for key in WHERE_KEYS}}
    sections = {"selection": _section(SELECTION_KEYS), "policy": _section(POLICY_KEYS)}
    sections["selection"]["properties"]["where"] = {**where, "additionalProperties": False}
    operations = {"oneOf": [_operation(name) for name in sorted(OPERATIONS)]}
    data = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A job of bulkops",
        "type": "object",
        "properties": {
            **sections,
            "operation": {"type": "array", "minItems": 1, "items": operations},
        },
        "required": ["operation"],
        "additionalProperties": False,
    }
    return json.dumps(data, indent=1) + "\n"


def _section(keys: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {key: {"type": [_TYPES[kind] for kind in kinds]} for key, kinds in keys.items()},
        "additionalProperties": False,
    }


def _operation(name: str) -> dict[str, Any]:
    cls = OPERATIONS[name]
    declared: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)  # type: ignore[arg-type]  # all in the registry are
    fields = {field.metadata.get("key", field.name): field for field in declared if field.init}
    return {
        "type": "object",
        "description": (cls.__doc__ or "").partition("\n")[0],
        "properties": {
            "use": {"const": name},
            **{key: {"type": _TYPES[field.metadata.get("type", str)]} for key, field in fields.items()},
        },
        "required": ["use", *(key for key, field in fields.items() if field.default is attrs.NOTHING)],
        "additionalProperties": False,
    }
