"""A job file as a page for people and as a JSON schema for editors: made from what the loader accepts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
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


_WORDS: Final = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "dict": "table",
    "list": "list of texts",
}


def page() -> Iterator[str]:
    """The lines of the page."""
    yield "# A job file"
    yield ""
    yield "Tables and keys of a TOML file for `bulkops run`; [an example](../configuration.md#a-job-file). Paths are"
    yield "relative to the file. [job.schema.json](job.schema.json) says the same to editors."
    yield "\n## [selection]\n"
    yield from _rows(one for one in parameters_of(Selection) if one.key)
    yield f"\n`where` takes {', '.join(f'`{key}`' for key in WHERE_KEYS)}."
    yield "\n## [policy]\n"
    yield from _rows(POLICY_PARAMETERS)
    yield "\n## [[operation]]\n"
    yield "One table for each operation, in the order in which they run; `use` names it."
    for name, cls in OPERATIONS.items():
        yield f"\n### {name}\n\n{(cls.__doc__ or '').partition(chr(10))[0]}\n"
        yield from _rows(parameters_of(cls))


def _rows(declared: Iterable[Parameter]) -> Iterator[str]:
    yield "| key | value | default | what it is |\n| --- | --- | --- | --- |"
    for one in declared:
        default = "required" if one.is_required else one.default_words or ""
        about = one.help.replace("|", "\\|")
        yield f"| `{one.key}` | {' or '.join(_values(one))} | {default} | {about} |"


def _values(declared: Parameter) -> list[str]:
    if declared.choices:
        return [f"`{choice}`" for choice in declared.choices]
    if declared.is_duration:
        return ["seconds", "text"]
    words = {**_WORDS, "str": "path"} if declared.is_file else _WORDS
    kinds = [kind for kind in declared.kinds if not (declared.may_be_off and kind == "str")]
    return [words[kind] for kind in kinds] + (["`off`"] if declared.may_be_off else [])


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
