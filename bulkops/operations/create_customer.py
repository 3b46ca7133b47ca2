"""create-customer: create the customers of a file, each with its external id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Customer
from bulkops.operations._base import Operation
from bulkops.operations._templates import fill
from bulkops.operations._undo_chain import CANNOT_UNDO
from bulkops.operations.ensure import Ensure
from bulkops.parameters import parameter
from bulkops.steps import Context, Rehearsal, log_of, planned_id

_STEP: Final = "create-customer"
_PLAN_COLUMN: Final = "plan_id"
NAME: Final = parameter(
    "Name of a new customer; {column} is filled in from the account file.", key="name", template=True
)
NOTIFICATION_EMAIL: Final = parameter("E-mail for the vendor's notifications to a new customer.", template=True)
PLAN: Final = parameter(
    "Plan of a new customer.",
    flag="--plan",
    metavar="ID",
    unset="the column plan_id, else the partner's default plan",
    template=True,
)


@attrs.frozen(kw_only=True)
class CreateCustomer(Operation):
    """Create the customers of a file.

    Their ids come from the file's column external_id. A customer that exists is left alone. This cannot be undone.

    A customer with that external id exists whatever its name or plan. Deleting one would delete what is in it. Sends
    one look and one request.

    `numbers_exist`: an account that is called by the vendor's number is taken to be there; as that may be all of them,
    no column has to be.
    """

    name = "create-customer"
    only_requests = True
    examples = ("create-customer --accounts new-customers.csv",)
    customer_name: str = attrs.field(default="{name}", metadata=NAME)
    notification_email: str = attrs.field(default="{notification_email}", metadata=NOTIFICATION_EMAIL)
    plan_id: str | None = attrs.field(default=None, metadata=PLAN)
    numbers_exist: bool = attrs.field(
        default=False, metadata=parameter("Treat accounts given by number as existing.", flag="")
    )

    @property
    def title(self) -> str:
        return "create customers" + (f" on plan {self.plan_id!r}" if self.plan_id is not None else "")

    def columns(self) -> set[str]:
        return set() if self.numbers_exist else super().columns()

    def can_undo(self) -> bool:
        """`undo` only reports the customers that stay."""
        return False

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """In a chain, whose other parts can be undone: what this one did is named."""
        raise TaskFailed(
            f"undo does not delete customer {done[_STEP].result['id']}",
            failure_class=CANNOT_UNDO,
            cause="undo does not delete the customer",
            remedy="`bulkops delete-customer` deletes it with everything in it",
        )

    async def apply(self, ctx: Context) -> None:
        if self._is_taken_to_be_there(ctx):
            return
        members = {} if self.numbers_exist else self._members(ctx)
        ensured = _EnsureCustomer(
            step=_STEP,
            check=f"whether there is a customer {ctx.account.id}",
            members=lambda: members or self._members(ctx),
        )
        made = await ensured.apply(ctx)
        if made is None:
            return
        ctx.detail["customer"] = made
        log = log_of(ctx)
        if isinstance(log, Rehearsal):
            log.begin_anew({"plan_id": made["plan_id"] or "(default)"})  # which one that is, the API tells afterwards

    def _is_taken_to_be_there(self, ctx: Context) -> bool:
        return self.numbers_exist and not ctx.account.id.startswith("E")

    def _members(self, ctx: Context) -> dict[str, str]:
        """What the customer is created with. Raises: TaskFailed when a column is empty, or the id is not an external
        id.
        """
        if not ctx.account.id.startswith("E"):
            raise TaskFailed(
                f"{ctx.account.id} is a number, and only the vendor assigns numbers",
                failure_class="external-id-missing",
                cause="the account is given by the vendor's number",
                remedy="put your own ids into a column external_id",
            )
        given = {
            "name": fill(self.customer_name, ctx),
            "notification_email": fill(self.notification_email, ctx),
        }
        plan_id = fill(self.plan_id, ctx) if self.plan_id is not None else ctx.params.get(_PLAN_COLUMN, "").strip()
        return given | ({"plan_id": plan_id} if plan_id else {})


@attrs.frozen(kw_only=True)
class _EnsureCustomer(Ensure[Customer]):
    """`members`: what the customer is created with. Raises: TaskFailed."""

    members: Callable[[], Mapping[str, str]]

    async def find(self, ctx: Context) -> Customer | None:
        return await ctx.account.customer.find()

    def mismatch(self, found: Customer | None) -> Sequence[str]:
        if found is not None:
            return ()
        plan_id = self.members().get("plan_id")
        return ("create the customer" + (f" on plan {plan_id!r}" if plan_id is not None else ""),)

    async def create(self, ctx: Context) -> Any:
        return self.result(await ctx.account.customer.create(**self.members()))

    def result(self, found: Customer) -> Any:
        return {"id": found.id, "plan_id": found.plan_id}

    def planned(self) -> Any:
        return {"id": planned_id(), "plan_id": self.members().get("plan_id")}
