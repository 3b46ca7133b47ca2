"""Default operation of `bulkops bench`: reads three lists of each account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from bulkops.operations import Operation
from bulkops.operations.foreseen import Foreseen
from bulkops.steps import Context

CALLS: Final = ("managed_users.folders.list", "managed_users.recipes.list", "managed_users.connections.list")
"""Reads against three quotas, one of them narrow."""


class Reads(Operation):
    """The first page of each list."""

    name: ClassVar[str] = "bench-reads"

    @property
    def title(self) -> str:
        return "read folders, recipes and connections"

    async def apply(self, ctx: Context) -> None:
        for call in CALLS:
            await ctx.account.call(call)

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return dict.fromkeys(CALLS, 1.0)
