"""undo: revert what a run changed, account by account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from bulkops.operations._base import Chain, Operation, Plan
from bulkops.operations._undo_from_journal import Lost
from bulkops.steps import Context, memory_of, phrases


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

    async def plan(self, ctx: Context) -> Plan | None:
        done = await memory_of(ctx).done_in(self.run_id)
        changes = tuple(f"undo {phrase}" for phrase in phrases(sorted(done)))
        return Plan(changes) if changes else None

    async def apply(self, ctx: Context) -> None:
        done = await memory_of(ctx).done_in(self.run_id)
        if done:
            await self.of.undo(ctx, done)
