"""upgrade-plan: move accounts to a paid plan."""

from __future__ import annotations

from typing import ClassVar

import attrs

from bulkops.operations._set_plan import SetPlan
from bulkops.steps import Context


@attrs.frozen
class UpgradePlan(SetPlan):
    """Move accounts to a plan, by update or by the vendor's older upgrade call."""

    name: ClassVar[str] = "upgrade-plan"

    @property
    def title(self) -> str:
        return f"upgrade to plan {self.plan_id!r}"

    def _call_id(self) -> str:
        return "managed_users.upgrade" if self.via == "call" else "managed_users.update"

    async def _send(self, ctx: Context, wanted: str) -> str | None:
        if self.via == "call":
            return (await ctx.account.customer.upgrade(plan_id=wanted)).plan_id
        return (await ctx.account.customer.update(plan_id=wanted)).plan_id
