"""A function named as FILE.py:NAME, for `bulkops run` and for resuming what it began."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import sys
from pathlib import Path

from bulkops.errors import ConfigError


def load_from_file(reference: str) -> object:
    """The object NAME of the Python file FILE.py. Runs the file's top level.

    Raises: ConfigError when the file or the name is not there or the file's top level fails.
    """
    file, _, name = reference.rpartition(":")
    if not file or not name:
        raise ConfigError(f"{reference!r} names no function", remedy="write FILE.py:NAME")
    path = Path(file).resolve()
    spec = importlib.util.spec_from_file_location(f"bulkops_job_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigError(f"there is no Python file {file}", remedy="check the path in FILE.py:NAME")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and attrs look their module up while it is being executed
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigError(f"{file} cannot be loaded: {type(error).__name__}: {error}", remedy="correct it") from error
    found = getattr(module, name, None)
    if found is None:
        near = difflib.get_close_matches(name, [key for key in vars(module) if not key.startswith("_")], n=1)
        raise ConfigError(f"{file} has no {name!r}", remedy=f"did you mean {near[0]!r}?" if near else "check the name")
    return found


def source_of(fn: object) -> str:
    """What the function says, for its digest: resuming with another text is another operation."""
    try:
        return inspect.getsource(fn)  # type: ignore[arg-type]  # any callable; what has no source raises TypeError
    except (OSError, TypeError):
        return getattr(fn, "__qualname__", repr(type(fn)))
