"""`upgrade-plan` and `downgrade-plan`: set the plan of each account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import attrs

from bulkops.errors import ConfigError, TaskFailed
from bulkops.journal import StepRow
from bulkops.operations._base import Operation, Plan
from bulkops.operations._foreseen import Foreseen
from bulkops.operations._templates import check_words, columns_in, fill
from bulkops.steps import Context, Intent

VIAS: Final = ("update", "call")

_GET: Final = "managed_users.get"
_UPDATE: Final = "managed_users.update"
_STEP: Final = "set-plan"
_UNDO: Final = "undo set-plan"


@attrs.frozen
class SetPlan(Operation):
    """Move accounts to a plan.

    Already so: the customer has the plan. Sends one look and one change; the change's answer says the plan.

    `plan_id`: as the vendor calls it, or a column: "{plan}"; `via`: "update" sets the customer's plan_id, "call" uses
    the older call made for it, which the vendor has deprecated.
    """

    affects: ClassVar[frozenset[str]] = frozenset({"plan"})
    stands_on: ClassVar[frozenset[str]] = frozenset({"plan"})
    plan_id: str = attrs.field(kw_only=True)
    via: str = attrs.field(kw_only=True, default="update")

    def __attrs_post_init__(self) -> None:
        check_words(plan_id=self.plan_id)
        if self.via not in VIAS:
            raise ConfigError(f"via = {self.via!r} is no way to change a plan", remedy=f"use {' or '.join(VIAS)}")

    def columns(self) -> set[str]:
        return columns_in(plan_id=self.plan_id)

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return {_GET: 1, self._call_id(): 1}

    def look_cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return {_GET: 1}

    async def plan(self, ctx: Context) -> Plan | None:
        wanted = fill(self.plan_id, ctx)
        now = (await ctx.account.customer.get()).plan_id
        return None if now == wanted else Plan((f"change plan {now or '(none)'} to {wanted}",), {self._call_id(): 1})

    async def apply(self, ctx: Context) -> None:
        wanted = fill(self.plan_id, ctx)
        before = None
        if not ctx.began(_STEP) and not ctx.is_done(_STEP):
            before = (await ctx.account.customer.get()).plan_id
            if before == wanted:
                return

        async def send() -> Any:
            _require(wanted, await self._send(ctx, wanted))
            return {"plan": wanted}

        await _set(ctx, _STEP, send, wanted, data={"before": before})

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Back to the plan that the account had, unless somebody has moved it on since."""
        row = done.get(_STEP)
        if row is None:
            return
        before, ours = (row.data or {}).get("before"), row.result["plan"]
        if before is None:
            raise TaskFailed(
                f"nobody knows which plan the account had before {ours!r}",
                failure_class="cannot-undo",
                cause="the plan before is not known",
                remedy="set it by hand",
            )
        if not ctx.began(_UNDO) and not ctx.is_done(_UNDO):
            now = (await ctx.account.customer.get()).plan_id
            if now == before:
                return
            if now != ours:
                raise TaskFailed(
                    f"the account is on plan {now!r} now, not on {ours!r} that the run set",
                    failure_class="plan-changed-since",
                    cause="the plan was changed again since the run",
                    remedy="leave it, or set it by hand",
                )

        async def send() -> Any:
            _require(before, (await ctx.account.customer.update(plan_id=before)).plan_id)
            return {"plan": before}

        await _set(ctx, _UNDO, send, before, data={"before": ours})

    def _call_id(self) -> str:
        """The catalogue's id of the call that makes the change."""
        raise NotImplementedError

    async def _send(self, ctx: Context, wanted: str) -> str | None:
        """Change the plan; what the answer says it is."""
        raise NotImplementedError


async def _set(ctx: Context, step: str, send: Any, wanted: str, *, data: Any) -> None:
    async def probe(_: Intent) -> Any:
        return {"plan": wanted} if (await ctx.account.customer.get()).plan_id == wanted else None

    await ctx.step(step, send, probe=probe, repeatable=True, data=data)


def _require(wanted: str, said: str | None) -> None:
    """ "Accepted" is not "done"; an answer that does not say the plan is taken at its word."""
    if said not in {None, wanted}:
        raise TaskFailed(
            f"the vendor took the change to plan {wanted!r}, and says the plan is {said!r}",
            failure_class="plan-not-changed",
            cause="the vendor took the change of plan and did not make it",
            remedy="check that the plan exists in your contract",
        )


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
