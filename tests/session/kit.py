"""What a server of the test's own answers from now on, and what it was asked last."""

from __future__ import annotations

import json
from typing import Any


def answering(server: Any, value: object, status: int = 200) -> None:
    """`value`: text as it is, anything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value)

    server.handler = lambda _, out: out.body(status, text.encode(), Content_Type="application/json")


def asked(server: Any) -> tuple[str, str, Any]:
    """Method, target and JSON body."""
    seen = server.seen[-1]
    return seen.method, seen.target, json.loads(seen.body) if seen.body else None
