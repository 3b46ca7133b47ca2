"""The JSON schema of a job file, for editors: made from what the loader accepts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from bulkops.operations import OPERATIONS
from bulkops.parameters import Parameter, parameters_of
from bulkops.runs.policy import POLICY_PARAMETERS
from bulkops.selection import WHERE_KEYS, Selection

_TYPES: Final = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "dict": "object",
    "list": "array",
}


def schema() -> str:
    """JSON text, with an alternative for each operation."""
    selection = _properties(one for one in parameters_of(Selection) if one.key)
    selection["where"] |= _table({key: {"type": "string"} for key in WHERE_KEYS})
    operations = {"oneOf": [_operation(name) for name in sorted(OPERATIONS)]}
    data = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A job of bulkops",
        **_table(
            {
                "selection": _table(selection),
                "policy": _table(_properties(POLICY_PARAMETERS)),
                "operation": {"type": "array", "minItems": 1, "items": operations},
            }
        ),
        "required": ["operation"],
    }
    return json.dumps(data, indent=1) + "\n"


def _table(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _properties(declared: Iterable[Parameter]) -> dict[str, Any]:
    return {one.key: _property(one) for one in declared}


def _property(declared: Parameter) -> dict[str, Any]:
    facts: dict[str, Any] = {"type": _types(declared.kinds), "description": declared.help}
    if declared.choices:
        facts["enum"] = declared.choices
    if declared.default is not None:
        facts["default"] = declared.default
    return facts


def _types(kinds: Iterable[str]) -> str | list[str]:
    first, *others = (_TYPES[kind] for kind in kinds)
    return [first, *others] if others else first


def _operation(name: str) -> dict[str, Any]:
    declared = parameters_of(OPERATIONS[name])
    return {
        **_table({"use": {"const": name}, **_properties(declared)}),
        "description": (OPERATIONS[name].__doc__ or "").partition("\n")[0],
        "required": ["use", *(one.key for one in declared if one.is_required)],
    }
