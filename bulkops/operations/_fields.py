"""The parameters of an operation that does not write them itself: its fields, as JSON data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import attrs
import msgspec

from bulkops.errors import ConfigError
from bulkops.operations._function_digest import digest_of, name_of
from bulkops.secret import MASK, Secret, looks_secret


def own_parameters(operation: object) -> dict[str, Any]:
    """Each field by the name that the constructor takes, without those that do not count for equality.

    A field with a secret's name or a `Secret` is masked: the journal holds no secrets, and rotating one does not change
    the operation. A function counts by its code. Raises: ConfigError for a value that is not JSON data.
    """
    return {name: _json_data(operation, name, value) for name, value in _fields(operation)}


def _fields(operation: object) -> Iterator[tuple[str, object]]:
    kind: Any = type(operation)
    if attrs.has(kind):
        for field in attrs.fields(kind):
            if field.init and field.eq:
                yield str(field.alias), getattr(operation, field.name)
    elif dataclasses.is_dataclass(operation):
        for each in dataclasses.fields(operation):
            if each.init and each.compare:
                yield each.name, getattr(operation, each.name)
    else:
        yield from ((name, value) for name, value in vars(operation).items() if not name.startswith("_"))


def _json_data(operation: object, name: str, value: object) -> Any:
    if looks_secret(name) and isinstance(value, str | bytes):
        return MASK
    try:
        return msgspec.to_builtins(value, enc_hook=_encoded, order="deterministic")
    except TypeError as error:
        kind = type(operation).__name__
        raise ConfigError(
            f"parameter {name!r} of operation {kind} is not JSON data: {error}",
            remedy=f"write the method `parameters` into the class {kind}, and leave secrets out",
        ) from error


def _encoded(value: object) -> Any:
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, PurePath):
        return str(value)
    if callable(value):
        return {"function": name_of(value), "sha256": digest_of(value)}
    raise TypeError(f"{type(value).__name__} cannot be journaled")
