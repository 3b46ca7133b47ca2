"""Operations in the journal: described when a run begins, restored when it is resumed or undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anyio

from bulkops.errors import ConfigError, InputError, JournalMismatch
from bulkops.journal import Journal, parts_of
from bulkops.operations import OPERATIONS, Chain, Operation
from bulkops.operations.functions import as_operation, load_from_file
from bulkops.operations.package import Package
from bulkops.operations.undo import Lost, UndoRun, remembered


def describe(op: Operation, *, source: str | None = None) -> dict[str, Any]:
    """JSON data for the journal, from which `restore` makes the operation again; `source`: its FILE.py:NAME."""
    return {"name": op.name, "parameters": dict(op.parameters()), "digest": op.digest, "source": source}


async def with_packages(data: Mapping[str, Any], journal: Journal, *, trust_paths: bool = True) -> dict[str, Any]:
    """What `describe` said, with the packages that `restore` needs taken from the journal. `trust_paths`: only those
    that are not where they were; a changed file is then refused. An undo needs none.

    Raises: JournalError; InputError for a package that cannot be read.
    """

    async def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [await filled(member) for member in value]
        if not isinstance(value, Mapping) or value.get("name") == UndoRun.name:
            return value
        path, digest = value.get("package"), value.get("sha256")
        if not isinstance(digest, str):
            return {key: await filled(member) for key, member in value.items()}
        if trust_paths and path is not None and await anyio.Path(path).exists():
            return value
        content = await journal.files.get(digest)
        if content is None:
            return value
        return {**value, "package": await anyio.to_thread.run_sync(_package, content, path)}

    found: dict[str, Any] = await filled(data)
    return found


def _package(content: bytes, path: str | None) -> Package:
    return Package.from_bytes(content, path=path or "package.zip", needs_recipes=False)


def restore(data: Mapping[str, Any], *, accept_changes: bool = False) -> Operation:
    """The operation that `describe` described. `accept_changes`: also when its Python file was changed since.

    Raises: JournalMismatch when its files say something else now; ConfigError or InputError when they are gone.
    """
    op = _build(data)
    if not (accept_changes and data.get("source")):  # another package is another operation, whatever is accepted
        check_same(op, data)
    return op


def restore_to_undo(data: Mapping[str, Any], *, accept_changes: bool = False) -> Operation:
    """The operation that `describe` described, as far as it can be undone: from the journal alone where that is enough,
    else from its files. A part of a chain that needs files which are gone or say something else now is left as it is,
    which its notes and the report tell. `accept_changes`: as of `restore`.

    Raises: as `restore`.
    """
    parts = None if data.get("source") else parts_of(data)
    if parts is not None:
        return Chain(tuple(_part_to_undo(part) for part in parts))
    known = None if data.get("source") else OPERATIONS.get(data["name"])
    with _of_this_version(data):
        found = None if known is None else remembered(known, data)
    if found is not None:
        return found
    return restore(data, accept_changes=accept_changes) if "digest" in data else _build(data)


def _part_to_undo(data: Mapping[str, Any]) -> Operation:
    try:
        return restore_to_undo(data)
    except (ConfigError, InputError, JournalMismatch) as error:
        return Lost(data, why=error.message)


def _build(data: Mapping[str, Any]) -> Operation:
    name, parameters = data["name"], data["parameters"]
    if data.get("source"):
        return as_operation(load_from_file(data["source"])).as_prepared(data)
    if name == Chain.name:
        return Chain(tuple(_build(part) for part in parameters["operations"]))
    if name == UndoRun.name:
        undone = parameters["operation"]
        return UndoRun(restore_to_undo(undone), run_id=parameters["run"], source=undone.get("source"))
    if name in OPERATIONS:
        with _of_this_version(data):
            return OPERATIONS[name].from_parameters(parameters)
    raise ConfigError(
        f"{parameters.get('function', name)!r} is a function of a script and cannot be found by name",
        remedy="resume it from that script (Fleet.resume(operation=...)), or run it as FILE.py:NAME",
    )


@contextmanager
def _of_this_version(data: Mapping[str, Any]) -> Iterator[None]:
    """Raises: JournalMismatch for parameters that the built-in operation does not have, or that are missing."""
    try:
        yield
    except (KeyError, TypeError) as error:
        raise JournalMismatch(
            f"the parameters of {data['name']} were recorded by another version of bulkops",
            remedy="finish or undo the run with that version, or start a new run",
        ) from error


def check_same(op: Operation, data: Mapping[str, Any]) -> None:
    """Raises: JournalMismatch when `op` is not what the run began with."""
    if op.digest != data["digest"]:
        accept = "accept the changes: --accept-changes" if data.get("source") else "start a new run"
        raise JournalMismatch(
            f"the operation is not the one the run began with ({op.title})",
            remedy=f"restore its files and parameters, or {accept}",
        )
