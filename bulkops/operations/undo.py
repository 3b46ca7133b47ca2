"""undo: revert what a run changed, account by account; also from the journal alone, when files are gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import StepRow
from bulkops.operations._base import Chain, Operation, Undoing
from bulkops.operations._function_digest import is_ours
from bulkops.operations._plan import Plan
from bulkops.operations._undo_chain import CANNOT_UNDO
from bulkops.operations.foreseen import Foreseen
from bulkops.operations.functions import FunctionOperation
from bulkops.steps import Context, memory_of, phrases


@attrs.frozen
class _Recorded(Operation):
    """`data`: what `describe` said of it."""

    data: Mapping[str, Any]

    @property
    def name(self) -> str:  # type: ignore[override]  # here it is one of an instance
        return str(self.data["name"])

    @property
    def digest(self) -> str:
        return str(self.data["digest"])

    def parameters(self) -> Mapping[str, Any]:
        return dict(self.data["parameters"])


@attrs.frozen
class Remembered(_Recorded):
    """Replaces an operation whose undo needs only the journal: its files may be gone."""

    like: type[Operation] = attrs.field(kw_only=True)
    how: Undoing = attrs.field(kw_only=True, eq=False)

    @property
    def affects(self) -> frozenset[str] | None:  # type: ignore[override]  # here it is one of an instance
        return self.like.affects

    @property
    def stands_on(self) -> frozenset[str] | None:  # type: ignore[override]  # here it is one of an instance
        return self.like.stands_on

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        await self.how(ctx, done)


@attrs.frozen
class Lost(_Recorded):
    """Replaces a part of a chain whose files are missing but needed. `why`: the problem."""

    why: str = attrs.field(kw_only=True, eq=False)

    def notes(self) -> tuple[str, ...]:
        return (f"what {self.name} did is left as it is: {self.why}",)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        raise TaskFailed(self.why, failure_class=CANNOT_UNDO, remedy="undo it by hand")


def remembered(like: type[Operation], data: Mapping[str, Any]) -> Remembered | None:
    """What stands for the operation that `data` describes; None when undoing takes the operation itself."""
    how = like.undoing(data["parameters"])
    return None if how is None else Remembered({"digest": "", **data}, like=like, how=how)


@attrs.frozen
class UndoRun(Operation):
    """Undo run `run_id` of operation `of`: each account's finished steps, as the journal has them."""

    name: ClassVar[str] = "undo"
    of: Operation
    run_id: str = attrs.field(kw_only=True)
    source: str | None = attrs.field(kw_only=True, default=None)
    """FILE.py:NAME that `of` was loaded from."""
    what: str | None = attrs.field(kw_only=True, default=None, eq=False)
    """Title of the run; what stands for an operation does not know it."""

    @property
    def title(self) -> str:
        return f"undo run {self.run_id}: {self.what or self.of.title}"

    def parameters(self) -> Mapping[str, Any]:
        of = {"name": self.of.name, "parameters": dict(self.of.parameters())}
        return {"run": self.run_id, "operation": of | ({"source": self.source} if self.source else {})}

    def notes(self) -> tuple[str, ...]:
        """Of an operation's own notes only those of what is lost: they are about undoing."""
        parts = self.of.operations if isinstance(self.of, Chain) else ()
        return tuple(note for part in parts if isinstance(part, Lost) for note in part.notes())

    @property
    def only_requests(self) -> bool:  # type: ignore[override]  # here it is one of an instance
        """The undo of a user's operation may do more than send requests."""
        return all(map(_is_ours, self.of.parts()))

    async def plan(self, ctx: Context) -> Plan | None:
        """The undo, rehearsed as `apply` is; the names of the finished steps where an author has ruled that out."""
        if all(map(_is_rehearsed, self.of.parts())):
            return await super().plan(ctx)
        done = await memory_of(ctx).done_in(self.run_id)
        changes = tuple(f"undo {phrase}" for phrase in phrases(done))
        return Plan(changes) if changes else None

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        """None: only the journal says what each account has to undo."""
        return {}

    look_cost = cost

    async def apply(self, ctx: Context) -> None:
        done = await memory_of(ctx).done_in(self.run_id)
        if done:
            await self.of.undo(ctx, done)


def _is_ours(part: Operation) -> bool:
    return is_ours(type(part)) and not isinstance(part, FunctionOperation)


def _is_rehearsed(part: Operation) -> bool:
    if isinstance(part, FunctionOperation):
        return part.rehearses
    return _is_ours(part) or type(part).plan is Operation.plan
