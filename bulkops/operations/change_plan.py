"""`upgrade-plan` and `downgrade-plan`: set the plan of each account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, Final

import attrs
import msgspec

from bulkops.errors import ConfigError, TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Customer
from bulkops.operations._plan_effects import plan_notes
from bulkops.operations._templates import fill
from bulkops.operations.ensure import Ensure, EnsureOne
from bulkops.parameters import parameter
from bulkops.steps import Context

_CUSTOMER: Final = "customer"
_PLAN: Final = parameter(
    "Plan id, or a column of the account file: {plan}.", flag="--plan", metavar="ID", template=True
)


@attrs.frozen(kw_only=True)
class SetPlan(EnsureOne):
    """Move each account to a plan.

    An account on that plan is left alone.

    Sends one look and one change; the change's answer says the plan.
    """

    affects = stands_on = frozenset({"plan"})
    verb: ClassVar[str]
    plan_id: str = attrs.field(metadata=_PLAN)
    via: str = attrs.field(
        default="update",
        metadata=parameter(
            "Update the customer, or use the older, deprecated call, which downgrades to the plan free alone.",
            choices=("update", "call"),
        ),
    )

    @property
    def title(self) -> str:
        return f"{self.verb} to plan {self.plan_id!r}"

    async def ensured(self, ctx: Context) -> _EnsurePlan:
        send = self.by_older_call if self.via == "call" else _update
        return _EnsurePlan(step=self.name, plan_id=fill(self.plan_id, ctx), send=send)

    async def by_older_call(self, ctx: Context, wanted: str) -> str | None:
        """Change the plan; what the answer says it is."""
        raise NotImplementedError

    async def restored(self, ctx: Context, done: StepRow) -> _EnsurePlan:
        """The earlier plan, unless the plan has changed since."""
        before, ours = (done.data or {}).get("before"), done.result["plan"]
        if before is None:
            raise TaskFailed(
                f"the plan of the account before {ours!r} is unknown",
                failure_class="cannot-undo",
                cause="the earlier plan is unknown",
                remedy="set it by hand",
            )
        return _EnsurePlan(step=f"undo {self.name}", plan_id=before, ours=ours)


async def _update(ctx: Context, wanted: str) -> str | None:
    return (await ctx.account.customer.update(plan_id=wanted)).plan_id


@attrs.frozen(kw_only=True)
class _EnsurePlan(Ensure[Customer]):
    """The customer is on a plan. `send`: changes it; `ours`: the plan that it must be on before, None: on any."""

    repeatable = True
    missing = Customer(id=1)
    plan_id: str
    send: Callable[[Context, str], Awaitable[str | None]] = _update
    ours: str | None = None

    async def find(self, ctx: Context) -> Customer | None:
        return msgspec.structs.replace(await ctx.account.customer.get(), **plan_notes(ctx, _CUSTOMER))

    def foresee(self, ctx: Context, found: Customer | None) -> None:
        plan_notes(ctx, _CUSTOMER)["plan_id"] = self.plan_id

    def mismatch(self, found: Customer | None) -> Sequence[str]:
        now = found.plan_id if found is not None else None
        if now == self.plan_id:
            return ()
        if self.ours not in {None, now}:
            raise TaskFailed(
                f"the account is now on plan {now!r}, not on {self.ours!r} from the run",
                failure_class="plan-changed-since",
                cause="the plan was changed again since the run",
                remedy="leave the plan, or set it by hand",
            )
        return (f"change plan {now or '(none)'} to {self.plan_id}",)

    async def update(self, ctx: Context, found: Customer) -> Any:
        """ "Accepted" is not "done"; an answer that does not say the plan is taken at its word."""
        said = await self.send(ctx, self.plan_id)
        if said not in {None, self.plan_id}:
            raise TaskFailed(
                f"the vendor accepted the change to plan {self.plan_id!r}, but reports plan {said!r}",
                failure_class="plan-not-changed",
                cause="the vendor accepted the change of plan, but did not make it",
                remedy="check that the plan exists in your contract",
            )
        return self.planned()

    def facts(self, found: Customer | None) -> Any:
        return {"before": found.plan_id if found is not None else None}

    def planned(self) -> Any:
        return {"plan": self.plan_id}


@attrs.frozen
class UpgradePlan(SetPlan):
    """Move each account to a plan.

    An account on that plan is left alone.

    By update or by the vendor's older upgrade call. Sends one look and one change.
    """

    name = "upgrade-plan"
    examples = (
        "upgrade-plan --plan oem_enterprise --accounts customers.csv",
        "upgrade-plan --plan {plan} --accounts customers.csv",
    )
    verb = "upgrade"

    async def by_older_call(self, ctx: Context, wanted: str) -> str | None:
        return (await ctx.account.customer.upgrade(plan_id=wanted)).plan_id


FREE: Final = "free"
"""Where the vendor's older call always ends."""


@attrs.frozen(kw_only=True)
class DowngradePlan(SetPlan):
    """Move each account to a smaller plan.

    An account on that plan is left alone.

    By update, or to the free plan by the vendor's older downgrade call. Sends one look and one change.
    """

    name = "downgrade-plan"
    examples = ("downgrade-plan --accounts leaving.csv",)
    verb = "downgrade"
    plan_id: str = attrs.field(default=FREE, metadata=_PLAN)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.via == "call" and self.plan_id != FREE:
            raise ConfigError(
                f"the vendor's downgrade call takes only plan {FREE!r}, not {self.plan_id!r}",
                remedy='leave the plan out, or use via "update"',
            )

    async def by_older_call(self, ctx: Context, wanted: str) -> str | None:
        return (await ctx.account.customer.downgrade()).plan_id
