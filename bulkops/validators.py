"""Validators and converters of settings, for attrs. Each raises ValueError with words that name the field."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import attrs


def is_positive(_: object, field: attrs.Attribute[Any], value: Any) -> None:
    """Refuse numbers that are not positive, NaN included. Raises: ValueError."""
    if not isinstance(value, int | float) or not value > 0:
        raise ValueError(f"{field.name} must be a number above 0, not {value!r}")


def is_finite(_: object, field: attrs.Attribute[Any], value: Any) -> None:
    """Raises: ValueError."""
    if not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"{field.name} must be a finite number above 0, not {value!r}")


def is_finite_or_none(_: object, field: attrs.Attribute[Any], value: Any) -> None:
    if value is not None:
        is_finite(_, field, value)


def is_bool(_: object, field: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{field.name} is true or false, not {value!r}")  # noqa: TRY004 - as its neighbors


def tuple_of_list(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def is_bool_or_names(_: object, field: attrs.Attribute[Any], value: Any) -> None:
    names = value if isinstance(value, tuple) else ()
    if not isinstance(value, bool | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{field.name} must be true, false or a list of quotas, not {value!r}")


def is_share(_: object, field: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError(f"{field.name} must be above 0 and at most 1, not {value!r}")


def are_sizes(_: object, field: attrs.Attribute[Any], value: Any) -> None:
    is_table = isinstance(value, Mapping)
    if not is_table or not all(type(size) is int and size > 0 for size in value.values()):
        raise ValueError(f"{field.name} must be a table of whole numbers above 0, not {value!r}")
