"""`GET /_sandbox/openapi.json`: all calls as an OpenAPI document, made of the catalogue's data and of reply schemas."""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import Any

from bulkops.catalogue import CALLS, Call
from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.handlers import ANSWERS
from bulkops.sandbox.openapi._operations import SPELLED, operation
from bulkops.sandbox.openapi._parse_shapes import Schema, read_shapes
from bulkops.sandbox.openapi._shapes import SHAPES

__all__ = ["Schema", "document", "row_schema"]

_SECURITY: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "userToken": {"type": "apiKey", "in": "header", "name": "X-USER-TOKEN"},
    "userEmail": {"type": "apiKey", "in": "header", "name": "X-USER-EMAIL"},
    "queryToken": {"type": "apiKey", "in": "query", "name": "user_token"},
    "queryEmail": {"type": "apiKey", "in": "query", "name": "user_email"},
}


def document(assumptions: Assumptions) -> dict[str, Any]:
    """OpenAPI 3.1. The schemas follow the assumptions: what is said here is what this sandbox answers."""
    shapes = read_shapes(SHAPES)
    if assumptions.success_spelling != "success":
        shapes[SPELLED] = _respelled(shapes["Success"], assumptions.success_spelling)
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for call in CALLS.values():
        paths[call.path][call.method.lower()] = operation(call, assumptions)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "What the sandbox of bulkops answers",
            "version": str(getattr(sys.modules.get("bulkops"), "__version__", "0")),
            "description": "The calls of the vendor's API that bulkops knows. Not the vendor's own document.",
        },
        "security": [
            {"bearer": []},
            {"userToken": [], "userEmail": []},
            {"queryToken": [], "queryEmail": []},
        ],
        "paths": dict(paths),
        "components": {"securitySchemes": _SECURITY, "schemas": shapes},
    }


def row_schema(call: Call) -> Schema:
    """The schema of one row of a call's reply, or of its one object; empty where only the type is known."""
    return read_shapes(SHAPES).get(ANSWERS[call.id].row, {})


def _respelled(success: dict[str, Any], name: str) -> dict[str, Any]:
    (schema,) = success["properties"].values()
    return success | {"required": [name], "properties": {name: schema}}
