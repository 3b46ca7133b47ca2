"""Replies that differ from what the documents show, call by call: other envelopes, members, and page sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.catalogue import CALLS
from bulkops.errors import ConfigError

ENVELOPES: Final = ("object", "result", "data", "array", "list", "data_list", "items", "result_items", "assets")
MISSING: Final = "missing"
KINDS: Final[Mapping[str, Any]] = {
    "null": None,
    "boolean": True,
    "integer": 1,
    "number": 1.5,
    "string": "text",
    "array": [],
    "object": {},
}
"""Types of JSON Schema, each with a value for a member that the sandbox has no value of."""


def check_deviations(table: str, data: object, *, source: str) -> None:
    """Raises: ConfigError naming the table, the call, and what may stand there."""
    if not isinstance(data, Mapping):
        raise ConfigError(f"{source}: {table} must be a table by call", remedy="correct the file")
    for call_id, value in data.items():
        where = f"{source}: {table}: {call_id}"
        if call_id not in CALLS:
            raise ConfigError(f"{source}: {table}: unknown call {call_id!r}", remedy="`bulkops calls` lists them")
        if table == "envelopes" and value not in ENVELOPES:
            raise ConfigError(f"{where} must be one of {', '.join(ENVELOPES)}, not {value!r}", remedy="correct it")
        if table == "page_sizes" and (type(value) is not int or value < 1):
            raise ConfigError(f"{where} must be a whole number above 0, not {value!r}", remedy="correct it")
        if table == "members":
            if not isinstance(value, Mapping):
                raise ConfigError(f"{where} must be a table by member", remedy="correct the file")
            for name, kind in value.items():
                if kind != MISSING and kind not in KINDS:
                    known = ", ".join((MISSING, *KINDS))
                    raise ConfigError(f"{where}: {name} must be one of {known}, not {kind!r}", remedy="correct it")
