"""Plain functions as operations, also named as FILE.py:NAME, for `bulkops run` and for resuming what it began."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import attrs

from bulkops.errors import ConfigError
from bulkops.operations._base import Operation
from bulkops.operations._function_digest import digest_of, name_of
from bulkops.steps import Context

_FORM: Final = "an operation is `async def name(ctx): ...`"


@attrs.frozen
class FunctionOperation(Operation):
    """A plain async function as an operation. Without durable steps it must be safe to run twice."""

    name: ClassVar[str] = "function"
    fn: Callable[[Context], Awaitable[object]]

    def __attrs_post_init__(self) -> None:
        if not inspect.iscoroutinefunction(self.fn):
            raise ConfigError(f"{_called(self.fn)} is not an async function", remedy=_FORM)
        try:
            inspect.signature(self.fn).bind(None)
        except TypeError as error:
            raise ConfigError(f"{_called(self.fn)} does not take one argument: {error}", remedy=_FORM) from error

    @property
    def title(self) -> str:
        return name_of(self.fn)

    def parameters(self) -> Mapping[str, Any]:
        return {"function": name_of(self.fn), "sha256": digest_of(self.fn)}

    async def apply(self, ctx: Context) -> None:
        await self.fn(ctx)


def operation(fn: Callable[[Context], Awaitable[object]]) -> FunctionOperation:
    """Decorator: make an async function of one account an operation.

    @bulkops.operation
    async def stop_everything(ctx):
        async for recipe in ctx.account.recipes.list(running=True):
            await ctx.step(f"stop {recipe.id}", partial(ctx.account.recipes.stop, recipe.id), repeatable=True)
    """
    return FunctionOperation(fn)


def as_operation(thing: object) -> Operation:
    """An operation from an Operation, its class (without parameters) or an async function. Raises: ConfigError."""
    if isinstance(thing, Operation):
        return _named(thing)
    if inspect.isclass(thing) and issubclass(thing, Operation):
        return _named(_made(thing))
    if inspect.iscoroutinefunction(thing) or inspect.isfunction(thing):
        return FunctionOperation(thing)
    raise ConfigError(
        f"{thing!r} is not an operation", remedy="give an Operation or an async function of one argument, ctx"
    )


def _made(kind: type[Operation]) -> Operation:
    """Raises: ConfigError when it needs parameters that nobody gave."""
    try:
        inspect.signature(kind).bind()
    except TypeError as error:
        raise ConfigError(
            f"the operation {kind.__name__} needs its parameters: {error}",
            remedy=f"name an instance in the file: it = {kind.__name__}(...)",
        ) from error
    return kind()


def _named(made: Operation) -> Operation:
    """Raises: ConfigError for a class without the word by which the journal knows it."""
    if not getattr(made, "name", ""):
        kind = type(made).__name__
        raise ConfigError(f"the operation {kind} has no name", remedy=f'write into the class {kind}: name = "..."')
    return made


def _called(fn: object) -> str:
    return getattr(fn, "__name__", None) or repr(fn)


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
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{file} cannot be loaded: {type(error).__name__}: {error}", remedy="correct it") from error
    found = getattr(module, name, None)
    if found is None:
        near = difflib.get_close_matches(name, [key for key in vars(module) if not key.startswith("_")], n=1)
        raise ConfigError(f"{file} has no {name!r}", remedy=f"did you mean {near[0]!r}?" if near else "check the name")
    return found
