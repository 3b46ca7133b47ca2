"""Fields of an operation: parameters as JSON data, their checks, and the columns that they name."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import attrs
import msgspec

from bulkops.errors import ConfigError
from bulkops.masking import MASK, looks_secret
from bulkops.operations._function_digest import digest_of, name_of
from bulkops.operations._templates import check_sources, check_words, columns_of, is_secret_reference
from bulkops.parameters import Parameter, parameters_of
from bulkops.plain_json import require_finite
from bulkops.secret import Secret


def own_parameters(operation: object, *, without: Collection[str] = ()) -> dict[str, Any]:
    """Each field by the name that the constructor takes, without those that do not count for equality.

    A field with a secret's name or a `Secret` is masked, unless it is a path or {env:NAME}: the journal holds no
    secrets, and rotating one does not change the operation. A function counts by its code. `without`: names of fields
    to leave out. Raises: ConfigError for a value that is not JSON data.
    """
    files = {one.name for one in parameters_of(type(operation)) if one.is_file}
    return {
        name: _json_data(operation, name, value, may_be_secret=name not in files and not is_secret_reference(value))
        for name, value in _fields(operation)
        if name not in without
    }


def absolute(path: str | Path) -> str:
    """An absolute path, because a resume may start in another directory."""
    return str(Path(path).resolve())


def absolute_or_none(path: str | Path | None) -> str | None:
    return None if path is None else absolute(path)


def check_value(declared: Parameter, value: object) -> None:
    """Raises: ConfigError for a value outside the choices, or an invalid template."""
    declared.check_choice(value)
    if declared.is_template and isinstance(value, Mapping):
        for template in value.values():
            check_sources(template)
    elif declared.is_template and value is not None:
        check_words(declared.key, str(value))


def check_values(operation: object) -> None:
    """Raises: ConfigError as `check_value` and `_check_beside`, for the first parameter that cannot be."""
    for one in parameters_of(type(operation)):
        check_value(one, getattr(operation, one.name))
    for one in parameters_of(type(operation)):
        _check_beside(one, operation)


def _check_beside(one: Parameter, operation: object) -> None:
    """Raises: ConfigError for a parameter that another one excludes, or demands."""
    is_given = getattr(operation, one.name) is not None
    if one.only_with is not None and is_given:
        name, value = one.only_with
        if getattr(operation, name) != value:
            raise ConfigError(f'{one.key} goes only with {name} "{value}"', remedy=f"leave out {one.key}")
    if one.needed_with is not None and not is_given:
        name, value = one.needed_with
        if getattr(operation, name) == value:
            raise ConfigError(f'{name} "{value}" needs {one.key}', remedy=f"give {one.key}, or another {name}")


def check_given(operation: object, *names: str, most: int | None = None) -> None:
    """Raises: ConfigError unless at least one of these parameters is given, and not more than `most`."""
    keys = [one.key for one in parameters_of(type(operation)) if one.name in names]
    given = [value for value in (getattr(operation, name) for name in names) if value is not None and value != ()]
    if not 0 < len(given) <= (most or len(names)):
        words = f"{', '.join(keys[:-1])} or {keys[-1]}"
        raise ConfigError(
            f"{' and '.join(keys)} exclude each other" if given else f"no {words} given", remedy=f"give {words}"
        )


def templates(operation: object) -> dict[str, Any]:
    """The texts and mappings of texts in which columns are filled in, by key; without those that were not given."""
    found = {one.key: getattr(operation, one.name) for one in parameters_of(type(operation)) if one.is_template}
    return {key: template for key, template in found.items() if template is not None}


def columns(operation: object) -> set[str]:
    """The columns of the account file that the parameters name."""
    return set().union(*columns_by_key(operation).values())


def columns_by_key(operation: object) -> dict[str, set[str]]:
    """The columns of the account file that each parameter names: "folder", or "params.title" of a mapping."""
    found: dict[str, set[str]] = {}
    for key, template in templates(operation).items():
        if isinstance(template, Mapping):
            found |= {f"{key}.{name}": columns_of(text) for name, text in template.items()}
        else:
            found[key] = columns_of(template)
    return found


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


def _json_data(operation: object, name: str, value: object, *, may_be_secret: bool) -> Any:
    if may_be_secret and looks_secret(name) and isinstance(value, str | bytes):
        return MASK
    try:
        data = msgspec.to_builtins(value, enc_hook=_encoded, order="deterministic")
        require_finite(data)
    except (TypeError, ValueError) as error:
        kind = type(operation).__name__
        raise ConfigError(
            f"parameter {name!r} of operation {kind} is not JSON data: {error}",
            remedy=f"write the method `parameters` into the class {kind}, and leave secrets out",
        ) from error
    return data


def _encoded(value: object) -> Any:
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, PurePath):
        return str(value)
    if callable(value):
        return {"function": name_of(value), "sha256": digest_of(value)}
    raise TypeError(f"{type(value).__name__} cannot be journaled")
