"""New runs about the customers themselves: those to come, those that leave, and the plans that they are on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.options import starts

if TYPE_CHECKING:
    from bulkops.operations import Operation

NAME = click.option(
    "--name",
    "customer_name",
    cls=Flag,
    default="{name}",
    show_default=True,
    metavar="TEXT",
    help="Name of a new customer; {column} is filled in from the account file.",
)
NOTIFICATION_EMAIL = click.option(
    "--notification-email",
    cls=Flag,
    default="{notification_email}",
    show_default=True,
    metavar="TEXT",
    help="Where the vendor's notifications to a new customer go.",
)
PLAN = click.option(
    "--plan",
    "plan_id",
    cls=Flag,
    metavar="ID",
    help="Plan of a new customer.  [default: the column plan_id, else the partner's default plan]",
)


@click.command("create-customer", cls=Verb, examples=["create-customer --accounts new-customers.csv"])
@NAME
@NOTIFICATION_EMAIL
@PLAN
@starts
def create_customer(**parameters: Any) -> Operation:
    """Create the customers of a file, under the ids in its column external_id.

    A customer that exists is left alone. This cannot be undone.
    """
    from bulkops.operations import CreateCustomer

    return CreateCustomer(**parameters)


@click.command(
    "delete-customer",
    cls=Verb,
    examples=[
        "delete-customer --accounts leaving.csv",
        "delete-customer --accounts leaving.csv --delete-everything-in-them --yes",
    ],
)
@click.option(
    "--delete-everything-in-them",
    cls=Flag,
    is_flag=True,
    help="That it is meant: needed beside --yes, in place of the second answer.",
)
@starts
def delete_customer(delete_everything_in_them: bool) -> Operation:
    """Delete customers, with everything in them. THIS CANNOT BE UNDONE.

    Asks twice, and never takes `--accounts all`. A customer that is gone is left alone.
    """
    from bulkops.operations import DeleteCustomer

    return DeleteCustomer(delete_everything_in_them=delete_everything_in_them)


def _new_plan(**default: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--plan",
        "plan_id",
        cls=Flag,
        metavar="ID",
        help="The plan, or a column of the account file that names it: {plan}.",
        **default,
    )


def _via(older: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--via",
        cls=Flag,
        type=click.Choice(["update", "call"]),
        default="update",
        show_default=True,
        help=f"Update the customer, or use the older call, which the vendor has deprecated{older}.",
    )


@click.command(
    "upgrade-plan",
    cls=Verb,
    examples=[
        "upgrade-plan --plan oem_enterprise --accounts customers.csv",
        "upgrade-plan --plan {plan} --accounts customers.csv",
    ],
)
@_new_plan(required=True)
@_via(older="")
@starts
def upgrade_plan(plan_id: str, via: str) -> Operation:
    """Move each account to a plan.

    An account on that plan is left alone.
    """
    from bulkops.operations import UpgradePlan

    return UpgradePlan(plan_id=plan_id, via=via)


@click.command("downgrade-plan", cls=Verb, examples=["downgrade-plan --accounts leaving.csv"])
@_new_plan(default="free", show_default=True)
@_via(older="; it knows no plan but free")
@starts
def downgrade_plan(plan_id: str, via: str) -> Operation:
    """Move each account to a smaller plan.

    An account on that plan is left alone.
    """
    from bulkops.operations import DowngradePlan

    return DowngradePlan(plan_id=plan_id, via=via)
