"""Settings of a run, as names and values for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bulkops.journal import parts_of
from bulkops.report.safe_text import inline

LONGEST: Final = 2000
"""Characters shown of any one text."""


def operations(operation: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The parts of a chain, or the one operation: each with its parameters."""
    parts = parts_of(operation)
    if parts is not None:
        for place, part in enumerate(parts, start=1):
            for title, values in operations(part):
                yield f"{place}. {title}", values
        return
    parameters = operation.get("parameters") or {}
    values = list(flat(parameters)) if isinstance(parameters, Mapping) else []
    if operation.get("source"):
        values.append(("source", str(operation["source"])))
    if operation.get("digest"):
        values.append(("digest", str(operation["digest"])))
    yield str(operation.get("name", "operation")), values


def flat(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each member on its line, a nested one as JSON."""
    for name, value in values.items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield inline(str(name), LONGEST), inline(shown, LONGEST)
