"""undo: revert what a run changed, account by account."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import StepRow
from bulkops.operations._base import CANNOT_UNDO, Chain, Operation, Plan
from bulkops.steps import Context


@attrs.frozen
class Lost(Operation):
    """Stands in a chain for a part whose files are gone. `data`: what `describe` said of it; `why`: what is wrong."""

    data: Mapping[str, Any]
    why: str = attrs.field(kw_only=True, eq=False)

    @property
    def name(self) -> str:  # type: ignore[override]  # here it is one of an instance
        return str(self.data["name"])

    @property
    def digest(self) -> str:
        return str(self.data["digest"])

    def parameters(self) -> Mapping[str, Any]:
        return dict(self.data["parameters"])

    def notes(self) -> tuple[str, ...]:
        return (f"what {self.name} did is left as it is: {self.why}",)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        raise TaskFailed(self.why, failure_class=CANNOT_UNDO, remedy="undo it by hand")


@attrs.frozen
class UndoRun(Operation):
    """Undo run `run_id` of operation `of`: each account's finished steps, as the journal has them."""

    name: ClassVar[str] = "undo"
    of: Operation
    run_id: str = attrs.field(kw_only=True)
    source: str | None = attrs.field(kw_only=True, default=None)
    """FILE.py:NAME that `of` was loaded from."""

    @property
    def title(self) -> str:
        return f"undo run {self.run_id}: {self.of.title}"

    def parameters(self) -> Mapping[str, Any]:
        of = {"name": self.of.name, "parameters": dict(self.of.parameters())}
        return {"run": self.run_id, "operation": of | ({"source": self.source} if self.source else {})}

    def notes(self) -> tuple[str, ...]:
        """Of an operation's own notes only those of what is lost: they are about undoing."""
        parts = self.of.operations if isinstance(self.of, Chain) else ()
        return tuple(note for part in parts if isinstance(part, Lost) for note in part.notes())

    async def plan(self, ctx: Context) -> Plan | None:
        done = await ctx.done_in(self.run_id)
        kinds = Counter(re.sub(r"[ \d]+$", "", name) for name in done)
        changes = tuple(f"undo {kind!r}" + (f" {n} times" if n > 1 else "") for kind, n in sorted(kinds.items()))
        return Plan(changes) if changes else None

    async def apply(self, ctx: Context) -> None:
        done = await ctx.done_in(self.run_id)
        if done:
            await self.of.undo(ctx, done)
