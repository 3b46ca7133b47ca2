"""downgrade-plan: move accounts to a smaller plan, the free one unless another is named."""

from __future__ import annotations

from typing import ClassVar, Final

import attrs

from bulkops.errors import ConfigError
from bulkops.operations._set_plan import SetPlan
from bulkops.steps import Context

FREE: Final = "free"
"""Where the vendor's older call always ends."""


@attrs.frozen
class DowngradePlan(SetPlan):
    """Move accounts to a plan, by update, or to the free plan by the vendor's older downgrade call."""

    name: ClassVar[str] = "downgrade-plan"
    plan_id: str = attrs.field(kw_only=True, default=FREE)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.via == "call" and self.plan_id != FREE:
            raise ConfigError(
                f"the vendor's downgrade call knows no plan but {FREE!r}, not {self.plan_id!r}",
                remedy='leave the plan out, or use via "update"',
            )

    @property
    def title(self) -> str:
        return f"downgrade to plan {self.plan_id!r}"

    def _call_id(self) -> str:
        return "managed_users.downgrade" if self.via == "call" else "managed_users.update"

    async def _send(self, ctx: Context, wanted: str) -> str | None:
        if self.via == "call":
            return (await ctx.account.customer.downgrade()).plan_id
        return (await ctx.account.customer.update(plan_id=wanted)).plan_id
