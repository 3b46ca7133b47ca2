"""What makes a function the one that it is: its text, and what it says it with."""

from __future__ import annotations

import functools
import hashlib
import inspect
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import PurePath
from types import CodeType, FunctionType
from typing import Any, Final

_SECRET: Final = re.compile(r"token|password|passwd|secret|credential|key", re.IGNORECASE)


def name_of(fn: object) -> str:
    """What people call it; of a partial, the function's own name."""
    return str(getattr(_unbound(fn), "__name__", type(fn).__name__))


def digest_of(fn: object) -> str:
    """Of what the function says: resuming with another text or other values is another operation. Hex.

    Its source; its defaults and what a partial binds; and of what it takes from around it: functions and classes of
    its own module, texts, paths and tuples. Other values may be a script's state, and differ from call to call; those
    with a secret's name may be rotated.
    """
    digest = hashlib.sha256()
    for part in _said(fn, set()):
        digest.update(f"{len(part)}:{part}".encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _unbound(fn: object) -> object:
    while isinstance(fn, functools.partial):
        fn = fn.func
    return fn


def _said(fn: object, seen: set[int]) -> Iterator[str]:
    while isinstance(fn, functools.partial):
        yield from _fixed("partial", {**dict(enumerate(fn.args)), **fn.keywords})
        fn = fn.func
    fn = getattr(fn, "__func__", fn)
    if id(fn) in seen:
        return
    seen.add(id(fn))
    yield _source(fn)
    if not isinstance(fn, FunctionType):
        return
    yield from _fixed("defaults", {**dict(enumerate(fn.__defaults__ or ())), **(fn.__kwdefaults__ or {})})
    for name, value in sorted(_around(fn).items()):
        if inspect.isfunction(value) or inspect.isclass(value):
            if value.__module__ == fn.__module__:
                yield from _said(value, seen)
        elif isinstance(value, str | bytes | PurePath | tuple) and _is_plain(value) and not _SECRET.search(name):
            yield f"{name}={value!r}"


def _fixed(kind: str, values: Mapping[Any, object]) -> Iterator[str]:
    for name, value in values.items():
        if _is_plain(value) and not _SECRET.search(str(name)):
            yield f"{kind} {name}={value!r}"


def _is_plain(value: object) -> bool:
    if isinstance(value, tuple):
        return all(_is_plain(member) for member in value)
    return value is None or isinstance(value, str | bytes | int | float | PurePath)


def _around(fn: FunctionType) -> dict[str, object]:
    """Variables of the enclosing functions and of the module that the function names."""
    names = {name for code in _codes(fn.__code__) for name in code.co_names if not name.startswith("__")}
    found = {name: fn.__globals__[name] for name in names & fn.__globals__.keys()}
    for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
        with suppress(ValueError):  # not bound yet
            found[name] = cell.cell_contents
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _source(fn: object) -> str:
    try:
        return inspect.getsource(fn)  # type: ignore[arg-type]  # any callable; what has no source raises TypeError
    except (OSError, TypeError):
        code = getattr(fn, "__code__", None)
        known = (
            [(each.co_code, each.co_names, *filter(_is_plain, each.co_consts)) for each in _codes(code)] if code else []
        )
        return repr((getattr(fn, "__qualname__", repr(type(fn))), known))
