"""delete-customer: delete accounts, and everything in them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import attrs

from bulkops.errors import NotFound, TaskFailed
from bulkops.models import Customer
from bulkops.operations._base import Danger, Operation
from bulkops.parameters import parameter
from bulkops.steps import Context, Intent, log_of, memory_of

_STEP: Final = "delete-customer"
_FLAG: Final = "delete_everything_in_them"


@attrs.frozen(kw_only=True)
class DeleteCustomer(Operation):
    """Delete customers and everything in them. CANNOT BE UNDONE.

    Asks twice, and refuses `--accounts all`. A customer that is already gone is left alone.

    Deletes its recipes, connections, people, and its environments. A customer that no run knows fails, because with a
    typing error in the file the intended customer would stay, and seem to be gone. Sends two looks and one request: the
    second look makes sure that it is gone. A customer that was given the same external id meanwhile is another one, and
    is left alone.
    """

    name = "delete-customer"
    only_requests = True
    examples = (
        "delete-customer --accounts leaving.csv",
        "delete-customer --accounts leaving.csv --delete-everything-in-them --yes",
    )
    delete_everything_in_them: bool = attrs.field(
        default=False,
        metadata=parameter(  # a plan need not say it, and is of the same operation
            "Confirm the deletion; needed with --yes, which skips the second question.", identity=False
        ),
    )

    @property
    def title(self) -> str:
        return "delete customers and everything in them"

    @property
    def danger(self) -> Danger:
        return Danger(
            words="each of these customers will be deleted, with all its recipes, connections, people and "
            "environments; nothing brings them back",
            flag=_FLAG,
            is_meant=self.delete_everything_in_them,
        )

    async def apply(self, ctx: Context) -> None:
        if ctx.is_done(_STEP):
            return
        found: Customer | None = await log_of(ctx).look(ctx.account.customer.find, missing=Customer(id=1))
        facts = log_of(ctx).intent_data(_STEP) if found is None else _facts(found)
        if facts is None:
            await _require_known(ctx)
            return
        is_settled = not ctx.began(_STEP)

        async def send() -> Any:
            if found is None and is_settled:  # deleted by this run, which saw it there afterwards: it took a while
                return {"deleted": facts["id"]}
            if found is None:
                raise TaskFailed(
                    "the deleted customer exists again",
                    failure_class="customer-changed",
                    remedy="check the customer",
                )
            with suppress(NotFound):  # a deletion whose reply was lost and that was sent again
                await ctx.account.customer.delete(id=found.id)
            return {"deleted": found.id}

        async def probe(intent: Intent) -> Any:
            return None if await _is_there(ctx, intent.data["id"]) else {"deleted": intent.data["id"]}

        environments = " and its environments" if found is not None and found.environment_ids() else ""
        await ctx.step(
            _STEP,
            send,
            probe=probe,
            repeatable=True,
            data=facts,
            check="whether the customer is gone",
            planned={"deleted": facts["id"]},
            says=[f"delete the customer{environments} with everything in it"],
        )
        ctx.detail["customer"] = facts

    async def verify(self, ctx: Context) -> None:
        done = ctx.result(_STEP)
        if done is not None and await _is_there(ctx, done["deleted"]):
            ctx.reset_step(_STEP)
            raise TaskFailed(
                "the vendor accepted the deletion, but the customer still exists",
                failure_class="customer-not-deleted",
                remedy="`bulkops retry` deletes again",
            )


async def _require_known(ctx: Context) -> None:
    """Raises: TaskFailed for a customer that is not there and of which this journal knows nothing."""
    if await memory_of(ctx).was_worked_on():
        return
    words = "and no run of this journal has ever worked on one"
    raise TaskFailed(
        f"customer {ctx.account.id} does not exist, {words}",
        failure_class="customer-not-found",
        cause=f"the customer does not exist, {words}",
        remedy="correct the id, or the data center (WORKATO_HOST); if it was deleted elsewhere, leave it out",
    )


async def _is_there(ctx: Context, id_: int | None) -> bool:
    """Whether this very customer exists: its external id may belong to another one by now."""
    found = await ctx.account.customer.find()
    return found is not None and found.id == id_


def _facts(customer: Customer) -> dict[str, Any]:
    return {"id": customer.id, "external_id": customer.external_id, "name": customer.name}
