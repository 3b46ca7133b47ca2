"""A job: operations with their parameters, accounts and policy, in one TOML file or as FILE.py:NAME."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from bulkops.errors import ConfigError, InputError
from bulkops.operations import Chain, Operation, as_operation, load_from_file, named

SELECTION_KEYS: Final[Mapping[str, tuple[type, ...]]] = {
    "accounts": (str,),
    "exclude": (str,),
    "limit": (int,),
}
POLICY_KEYS: Final[Mapping[str, tuple[type, ...]]] = {
    "concurrency": (int,),
    "max_failures": (int, str),
    "breaker": (int, str),
    "waves": (str,),
    "soak": (str, int, float),
    "approve": (bool,),
    "client_file": (str,),
    "max_rate": (int, float, str),
}
_PATHS: Final = frozenset({"accounts", "exclude", "client_file"})


@attrs.frozen(kw_only=True)
class Job:
    """What to run. `selection` and `policy` hold what the file sets, named as the flags; flags win over both.

    `source`: FILE.py:NAME with an absolute path when it came from Python, for `resume`.
    """

    operation: Operation
    selection: Mapping[str, Any] = attrs.field(factory=dict)
    policy: Mapping[str, Any] = attrs.field(factory=dict)
    source: str | None = None


def load_job(reference: str) -> Job:
    """Read JOB.toml or load FILE.py:NAME. Paths in a job file are relative to it.

    Raises: InputError or ConfigError naming file and key.
    """
    file, colon, name = reference.rpartition(":")
    if colon and file.endswith(".py"):
        source = f"{Path(file).resolve()}:{name}"
        return Job(operation=as_operation(load_from_file(source)), source=source)
    if reference.endswith(".py"):
        raise ConfigError(f"{reference} is a Python file: which function?", remedy="write FILE.py:NAME")
    path = Path(reference)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the job file {path}: {error.strerror}", remedy="check the path") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text", remedy="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not valid TOML: {error}", remedy="correct it") from error
    return _job(data, path)


def _job(data: Mapping[str, Any], path: Path) -> Job:
    _check_keys(data, {"selection", "policy", "operation"}, path.name)
    rows = data.get("operation")
    if not isinstance(rows, list) or not rows:
        raise ConfigError(f"{path.name}: no operation", remedy='write [[operation]] with use = "import-package"')
    made = [_operation(row, f"{path.name}: operation {n}", path.parent) for n, row in enumerate(rows, start=1)]
    return Job(
        operation=made[0] if len(made) == 1 else Chain(tuple(made)),
        selection=_section(data, "selection", SELECTION_KEYS, path),
        policy=_section(data, "policy", POLICY_KEYS, path),
    )


def _section(data: Mapping[str, Any], name: str, keys: Mapping[str, tuple[type, ...]], path: Path) -> dict[str, Any]:
    section = data.get(name, {})
    where = f"{path.name}: [{name}]"
    if not isinstance(section, dict):
        raise ConfigError(f"{where} must be a table", remedy=f"write [{name}]")
    _check_keys(section, keys, where)
    for key, value in section.items():
        if not isinstance(value, keys[key]) or (isinstance(value, bool) and bool not in keys[key]):
            wanted = " or ".join(kind.__name__ for kind in keys[key])
            raise ConfigError(f"{where} {key} = {value!r} is not of the right kind", remedy=f"give {wanted}")
    return {
        key: str(path.parent / value) if key in _PATHS and value not in {"all", "-"} else value
        for key, value in section.items()
    }


def _operation(row: object, where: str, base: Path) -> Operation:
    if not isinstance(row, dict) or not isinstance(row.get("use"), str):
        raise ConfigError(f"{where} does not say what to do", remedy='write use = "import-package"')
    cls = named(row["use"])
    declared: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)  # type: ignore[arg-type]  # all in the registry are
    fields = {field.metadata.get("key", field.name): field for field in declared if field.init}
    given = {key: value for key, value in row.items() if key != "use"}
    _check_keys(given, fields, f"{where} ({cls.name})")
    values: dict[str, Any] = {}
    for key, field in fields.items():
        if key in given:
            values[str(field.alias)] = _value(given[key], field, f"{where} ({cls.name}): {key}", base)
        elif field.default is attrs.NOTHING:
            raise ConfigError(f"{where} ({cls.name}): {key} is missing", remedy=f"write {key} = ...")
    return cls(**values)


def _value(value: object, field: attrs.Attribute[Any], where: str, base: Path) -> object:
    kind = field.metadata.get("type", str)
    if not isinstance(value, kind):
        raise ConfigError(f"{where} = {value!r} is not of the right kind", remedy=f"give {kind.__name__}")
    return str(base / str(value)) if field.metadata.get("is_path") else value


def _check_keys(data: Mapping[str, Any], known: Collection[str], where: str) -> None:
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
            raise ConfigError(f"{where}: unknown key {key!r}", remedy=remedy)
