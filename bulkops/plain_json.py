"""JSON text of plain data, in which NaN and infinity are errors: msgspec writes them as null."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import msgspec


def encode(
    value: object,
    *,
    enc_hook: Callable[[Any], Any] | None = None,
    order: Literal["deterministic"] | None = None,
) -> bytes:
    """UTF-8 text. `enc_hook`: as msgspec takes it. Raises: TypeError or ValueError for what JSON cannot express."""
    text = msgspec.json.encode(value, enc_hook=enc_hook, order=order)
    if b"null" in text:
        require_finite(msgspec.to_builtins(value, enc_hook=enc_hook))
    return text


def require_finite(value: object) -> None:
    """Raises: ValueError if there is a NaN or an infinity in lists and dictionaries."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"JSON has no {value}")
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    for part in parts:
        require_finite(part)
