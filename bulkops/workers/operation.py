"""The operation of a run, made again on a worker.

A program that can write to the database must not be able to run code on a worker, or to write its files. So a Python
file of an operation comes from a directory of the worker's own (`--code`), and must have the digest that the run began
with. An operation that writes files for the person who starts it does not run on workers, nor one that would send a
secret of the worker to a host that the database names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from bulkops.errors import ConfigError
from bulkops.operations import Operation
from bulkops.operations.restore import restore

_SOURCE: Final = "source"
_TOKEN: Final = "from_token"  # noqa: S105 - the name of a parameter
_WRITES: Final = frozenset({"output", "secrets_to", "into"})
"""Parameters that name what an operation writes on its own machine."""


def worker_operation(described: Mapping[str, Any], code: Path | None) -> Operation:
    """The operation, with its Python files from the directory `code`.

    Raises: ConfigError, InputError or JournalMismatch that says what this worker lacks.
    """
    why = local_only(described)
    if why is not None:
        raise ConfigError(why, remedy="run it without workers")
    made: Operation = restore(_with_own_code(described, code))
    return made


def local_only(described: Mapping[str, Any]) -> str | None:
    """Why an operation cannot run on workers; None if it can."""
    for data in _described(described):
        parameters = data["parameters"]
        for name in sorted(_WRITES & parameters.keys()):
            if parameters[name] is not None:
                return f"{data.get('name')} writes files on the machine that runs it ({name.replace('_', ' ')})"
        if parameters.get(_TOKEN) is not None:
            return f"{data.get('name')} uses the token of another workspace, which workers do not have ({_TOKEN})"
    return None


def _described(data: Any) -> Iterator[Mapping[str, Any]]:
    """The operation and those inside of it."""
    if isinstance(data, Mapping):
        if "parameters" in data and isinstance(data["parameters"], Mapping):
            yield data
        for value in data.values():
            yield from _described(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _described(value)


def _with_own_code(data: Any, code: Path | None) -> Any:
    """The same description; each FILE.py:NAME is the file of that name in `code`."""
    if isinstance(data, Mapping):
        is_operation = "parameters" in data
        return {
            key: _own(value, code) if key == _SOURCE and value and is_operation else _with_own_code(value, code)
            for key, value in data.items()
        }
    return [_with_own_code(value, code) for value in data] if isinstance(data, list | tuple) else data


def _own(source: object, code: Path | None) -> str:
    file, _, name = str(source).replace("\\", "/").rpartition(":")
    base = file.rpartition("/")[2]
    if code is None:
        raise ConfigError(
            f"its operation is in the Python file {base}", remedy="start the worker with --code DIR, which has the file"
        )
    path = code / base
    if base in {"", ".", ".."} or not base.endswith(".py") or not path.is_file():
        raise ConfigError(f"its Python file {base!r} is not in {code}", remedy="put the same file there")
    return f"{path}:{name}"
