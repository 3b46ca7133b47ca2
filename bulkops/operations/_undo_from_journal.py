"""Operations for undo only, restored from the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import StepRow
from bulkops.operations._base import Operation, Undoing
from bulkops.operations._undo_chain import CANNOT_UNDO
from bulkops.steps import Context


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
