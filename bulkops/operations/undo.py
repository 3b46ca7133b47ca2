"""undo: revert what a run changed, account by account."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from bulkops.operations._base import Operation, Plan
from bulkops.steps import Context


@attrs.frozen
class UndoRun(Operation):
    """Undo run `run_id` of operation `of`: each account's finished steps, as the journal has them."""

    name: ClassVar[str] = "undo"
    of: Operation
    run_id: str = attrs.field(kw_only=True)

    @property
    def title(self) -> str:
        return f"undo run {self.run_id}: {self.of.title}"

    def parameters(self) -> Mapping[str, Any]:
        return {"run": self.run_id, "operation": {"name": self.of.name, "parameters": dict(self.of.parameters())}}

    async def plan(self, ctx: Context) -> Plan | None:
        done = await ctx.done_in(self.run_id)
        kinds = Counter(re.sub(r"[ \d]+$", "", name) for name in done)
        changes = tuple(f"undo {kind!r}" + (f" {n} times" if n > 1 else "") for kind, n in sorted(kinds.items()))
        return Plan(changes) if changes else None

    async def apply(self, ctx: Context) -> None:
        done = await ctx.done_in(self.run_id)
        if done:
            await self.of.undo(ctx, done)
