"""Distinguishes a missing customer from a missing item of a customer: both are a 404 to the first call."""

from __future__ import annotations

from bulkops.client import scope_of
from bulkops.errors import ApiError, NotFound, TaskFailed
from bulkops.exception_groups import worst_of
from bulkops.steps import Context

FAILURE_CLASS = "no-such-customer"


async def require_customer(ctx: Context, error: BaseException) -> None:
    """Look whether the customer exists, when the account's first answer was a 404. Sends one request.

    Raises: TaskFailed, from `error`, when the vendor does not know the customer.
    """
    account = ctx.account
    if not isinstance(worst_of(error), NotFound) or scope_of(account).progress:
        return
    try:
        await account.customer.get()
    except NotFound:
        raise TaskFailed(
            f"customer {account.id} does not exist",
            failure_class=FAILURE_CLASS,
            cause="the customer does not exist",
            remedy="correct the id in the account file, or the data center (WORKATO_HOST)",
        ) from error
    except ApiError:
        return  # undecided: the operation's own error stands
