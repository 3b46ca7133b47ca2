"""Digests of code: a function or a class, with the names that it uses."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import PurePath
from types import CodeType, FunctionType
from typing import Any

from bulkops.masking import looks_secret


def name_of(fn: object) -> str:
    """Display name; of a partial, the function's own name."""
    return str(getattr(_unbound(fn), "__name__", type(fn).__name__))


def digest_of(fn: object) -> str:
    """Hex digest of what the function says: with another text or other values it is another operation.

    It covers the source; the defaults and what a partial binds; and of what the function takes from around it:
    functions and classes of its own module, texts, paths and tuples. Other values may be a script's state, and differ
    from call to call. Those with a secret's name may be rotated.
    """
    return _hashed(_said(fn, set()))


def code_of(kind: type, *, without: Collection[str]) -> str | None:
    """Hex digest of what a user's class and its bases say: their methods and class variables.

    None for a class of bulkops. `without`: names of members that do not count.
    """
    seen: set[int] = set()
    theirs = [base for base in kind.__mro__ if not is_ours(base)]
    return _hashed(part for base in theirs for part in _members_said(base, without, seen)) if theirs else None


def _members_said(kind: type, without: Collection[str], seen: set[int]) -> Iterator[str]:
    for name, member in sorted(vars(kind).items()):
        if name in without:
            continue
        function = _function_in(member)
        if function is not None:
            yield from _said(function, seen)
        elif not name.startswith("__"):
            yield from _fixed("class", {name: member})


def _function_in(member: object) -> FunctionType | None:
    """The function of a method, property, class method or cached property, unless it is generated."""
    inner = getattr(member, "__func__", None) or getattr(member, "fget", None) or getattr(member, "func", member)
    is_written = isinstance(inner, FunctionType) and not inner.__code__.co_filename.startswith("<attrs generated")
    return inner if is_written else None


def is_ours(kind: type) -> bool:
    """Whether the class is of bulkops, or of Python itself."""
    package = kind.__module__.partition(".")[0]
    return package == "bulkops" or package in sys.stdlib_module_names


def _hashed(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
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
    if inspect.isclass(fn):
        yield from _members_said(fn, (), seen)
    if not isinstance(fn, FunctionType):
        return
    yield from _fixed("defaults", {**dict(enumerate(fn.__defaults__ or ())), **(fn.__kwdefaults__ or {})})
    for name, value in sorted(_around(fn).items()):
        if inspect.isfunction(value) or inspect.isclass(value):
            if value.__module__ == fn.__module__:
                yield from _said(value, seen)
        elif isinstance(value, str | bytes | PurePath | tuple) and _is_plain(value) and not looks_secret(name):
            yield f"{name}={value!r}"


def _fixed(kind: str, values: Mapping[Any, object]) -> Iterator[str]:
    for name, value in values.items():
        if _is_plain(value) and not looks_secret(str(name)):
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
        if name == "__class__":  # of a method that calls super(): the class is said by its members
            continue
        with suppress(ValueError):  # not bound yet
            found[name] = cell.cell_contents
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _source(fn: object) -> str:
    code = getattr(fn, "__code__", None)
    # Since Python 3.13 the source of "<string>" is the text after `python -c`, also for a function that exec() made.
    if code is None or code.co_filename != "<string>":
        with contextlib.suppress(OSError, TypeError):
            return inspect.getsource(fn)  # type: ignore[arg-type]  # any callable; without source it raises TypeError
    known = [(each.co_code, each.co_names, *filter(_is_plain, each.co_consts)) for each in _codes(code)] if code else []
    return repr((getattr(fn, "__qualname__", repr(type(fn))), known))
