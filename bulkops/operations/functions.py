"""Plain functions as operations, also named as FILE.py:NAME, for `bulkops run` and for resuming what it began."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Final, Literal, TypeAlias, overload

import attrs

from bulkops.close_match import did_you_mean
from bulkops.errors import ConfigError
from bulkops.journal import StepRow
from bulkops.operations._base import Operation
from bulkops.operations._function_digest import digest_of, name_of
from bulkops.operations._plan import Plan
from bulkops.operations.foreseen import Foreseen
from bulkops.steps import Context

_FORM: Final = "an operation is `async def name(ctx): ...`"
_UNDO_FORM: Final = "an undo is `async def undo(ctx, done): ...`"


OperationFunction: TypeAlias = Callable[[Context], Awaitable[object]]
UndoFunction: TypeAlias = Callable[[Context, Mapping[str, StepRow]], Awaitable[object]]


@attrs.frozen
class FunctionOperation(Operation):
    """A plain async function as an operation. Without durable steps it must be safe to run twice.

    Its digest covers `fn`. What surrounds it (`rehearses`, `called`, `needs`, `reverse`) may be corrected in mid-run.
    """

    name: ClassVar[str] = "function"
    fn: OperationFunction
    rehearses: bool = attrs.field(default=False, kw_only=True)
    called: str | None = attrs.field(default=None, kw_only=True)
    needs: frozenset[str] = attrs.field(default=frozenset(), kw_only=True)
    reverse: UndoFunction | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        _check(self.fn, None, words="one argument", form=_FORM)
        if self.reverse is not None:
            _check(self.reverse, None, None, words="two arguments", form=_UNDO_FORM)

    @property
    def title(self) -> str:
        return self.called or name_of(self.fn)

    def parameters(self) -> Mapping[str, Any]:
        return {"function": name_of(self.fn), "sha256": digest_of(self.fn)}

    def columns(self) -> set[str]:
        return set(self.needs)

    async def apply(self, ctx: Context) -> None:
        await self.fn(ctx)

    async def plan(self, ctx: Context) -> Plan | None:
        """A rehearsal, if the author allows one; otherwise the function is not called."""
        if self.rehearses:
            return await super().plan(ctx)
        return Plan((f"{self.title} (not rehearsed)",), self.cost(Foreseen()))

    def can_undo(self) -> bool:
        return self.reverse is not None

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        if self.reverse is None:
            return await super().undo(ctx, done)
        await self.reverse(ctx, done)
        return None


def _check(fn: object, *arguments: object, words: str, form: str) -> None:
    """Raises: ConfigError for anything but an async function of these arguments."""
    if not inspect.iscoroutinefunction(fn):
        raise ConfigError(f"{_called(fn)} is not an async function", remedy=form)
    try:
        inspect.signature(fn).bind(*arguments)
    except TypeError as error:
        raise ConfigError(f"{_called(fn)} does not take {words}: {error}", remedy=form) from error


@overload
def operation(fn: OperationFunction, /) -> FunctionOperation: ...


@overload
def operation(
    *,
    plan: Literal["rehearse", "unforeseen"] = "unforeseen",
    title: str | None = None,
    columns: Iterable[str] = (),
    undo: UndoFunction | None = None,
) -> Callable[[OperationFunction], FunctionOperation]: ...


def operation(
    fn: OperationFunction | None = None,
    /,
    *,
    plan: Literal["rehearse", "unforeseen"] = "unforeseen",
    title: str | None = None,
    columns: Iterable[str] = (),
    undo: UndoFunction | None = None,
) -> FunctionOperation | Callable[[OperationFunction], FunctionOperation]:
    """Decorator: make an async function of one account an operation.

        @bulkops.operation(plan="rehearse", columns=["plan"])
        async def stop_everything(ctx):
            async for recipe in ctx.account.recipes.list(running=True):
                await ctx.step(f"stop {recipe.id}", partial(ctx.account.recipes.stop, recipe.id), repeatable=True)

    Args:
        plan: "rehearse": `bulkops plan` calls the function; its reads are sent, its steps are recorded and not sent.
            "unforeseen": a plan does not call it and says that what it does is not foreseen.
        title: one line for the confirmation and the report, in place of the function's name.
        columns: columns of the account file that it reads from `ctx.params`; a run without one of them is refused.
        undo: `async def undo(ctx, done)`, which reverts what a run did to one account. `done` has the run's finished
            steps by name, each with its `result`.
    Raises: ConfigError.
    """
    if plan not in {"rehearse", "unforeseen"}:
        raise ConfigError(f'plan must be "rehearse" or "unforeseen", not {plan!r}', remedy="use one of the two")
    if isinstance(columns, str):
        raise ConfigError(f"columns must be a list of names, not {columns!r}", remedy=f"write columns=[{columns!r}]")

    def made(function: OperationFunction) -> FunctionOperation:
        return FunctionOperation(
            function, rehearses=plan == "rehearse", called=title, needs=frozenset(columns), reverse=undo
        )

    return made if fn is None else made(fn)


def as_operation(thing: object) -> Operation:
    """An operation from an Operation, its class (without parameters) or an async function. Raises: ConfigError."""
    if isinstance(thing, Operation):
        return _named(thing)
    if inspect.isclass(thing) and issubclass(thing, Operation):
        return _named(_made(thing))
    if inspect.iscoroutinefunction(thing) or inspect.isfunction(thing):
        return FunctionOperation(thing)
    raise ConfigError(
        f"{thing!r} is not an operation", remedy="use an Operation or an async function of one argument, ctx"
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


_PREFIX: Final = "bulkops_job_"
"""Of the module names of loaded files."""

_MODULES_BEFORE: Final[dict[str, frozenset[str]]] = {}
"""By directory of a loaded file: the modules that the process had before."""


def _look_beside(path: Path) -> None:
    """Let a file import the files beside it, as they are now. Installed packages come first: bulkops uses them too.

    A long-lived worker loads files again and again, so what earlier ones imported from beside them is forgotten.
    """
    for directory, before in _MODULES_BEFORE.items():
        beside = {
            name
            for name, module in list(sys.modules.items())  # other threads import too
            if "." not in name and name not in before and not name.startswith(_PREFIX) and _is_in(directory, module)
        }
        for name in [name for name in list(sys.modules) if name.partition(".")[0] in beside]:
            del sys.modules[name]
    _MODULES_BEFORE.setdefault(str(path.parent), frozenset(sys.modules))
    sys.path[:] = [*(entry for entry in sys.path if entry not in _MODULES_BEFORE), str(path.parent)]
    importlib.invalidate_caches()


def _is_in(directory: str, module: ModuleType) -> bool:
    """Whether the module's file, or the package's directory, is in the directory itself."""
    spec = getattr(module, "__spec__", None)
    places = () if spec is None else spec.submodule_search_locations or (spec.origin,)
    return any(os.path.dirname(place or "") == directory for place in places)


def load_from_file(reference: str) -> object:
    """The object NAME of the Python file FILE.py. Runs the file's top level, which may import the files beside it.

    Raises: ConfigError when the file or the name is not there or the file's top level fails.
    """
    file, _, name = reference.rpartition(":")
    if not file or not name:
        raise ConfigError(f"{reference!r} has no function name", remedy="write FILE.py:NAME")
    path = Path(file).resolve()
    spec = importlib.util.spec_from_file_location(f"{_PREFIX}{path.stem}", path)
    if spec is None or spec.loader is None or not os.path.isfile(path):  # takes any name
        raise ConfigError(f"Python file {file} does not exist", remedy="check the path in FILE.py:NAME")
    module = importlib.util.module_from_spec(spec)
    _look_beside(path)
    sys.modules[spec.name] = module  # dataclasses and attrs look their module up while it is being executed
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        lines = [row.lineno for row in traceback.extract_tb(error.__traceback__) if row.filename == str(path)]
        place = f", line {lines[-1]}" if lines else ""
        raise ConfigError(
            f"{file}{place}, cannot be loaded: {type(error).__name__}: {error}", remedy="correct the file"
        ) from error
    found = getattr(module, name, None)
    if found is None:
        near = did_you_mean(name, (key for key in vars(module) if not key.startswith("_")))
        raise ConfigError(f"{file} has no {name!r}", remedy=near or "check the name")
    return found
