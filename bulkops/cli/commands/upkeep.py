"""New runs that keep accounts up: plans, members, recipes that are to stand still, customers to come."""

from __future__ import annotations

import click

from bulkops.cli.options import Output, PolicyFlags, Selection, output_options, policy_options, selection_options
from bulkops.cli.verbs import Flag, Verb


@click.command("stop-recipes", cls=Verb, examples=["stop-recipes --folder CRM --accounts customers.csv"])
@click.option("--folder", cls=Flag, required=True, metavar="NAME", help="Folder under Home, sub-folders included.")
@selection_options
@policy_options
@output_options
def stop_recipes(folder: str, *, selection: Selection, policy: PolicyFlags, output: Output) -> int:
    """Stop the recipes in a folder of each account.

    Callers stop before the recipes that they call; recipes that stand still are left alone.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import StopRecipes

    return start(StopRecipes(folder=folder), selection=selection, flags=policy, output=output)


@click.command(
    "upgrade-plan",
    cls=Verb,
    examples=[
        "upgrade-plan --plan oem_enterprise --accounts customers.csv",
        "upgrade-plan --plan {plan} --accounts customers.csv",
    ],
)
@click.option(
    "--plan",
    "plan_id",
    cls=Flag,
    required=True,
    metavar="ID",
    help="The plan, or a column of the account file that names it: {plan}.",
)
@click.option(
    "--via",
    cls=Flag,
    type=click.Choice(["update", "call"]),
    default="update",
    show_default=True,
    help="Update the customer, or use the older call, which the vendor has deprecated.",
)
@selection_options
@policy_options
@output_options
def upgrade_plan(plan_id: str, via: str, *, selection: Selection, policy: PolicyFlags, output: Output) -> int:
    """Move each account to a plan.

    An account on that plan is left alone.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import UpgradePlan

    return start(UpgradePlan(plan_id=plan_id, via=via), selection=selection, flags=policy, output=output)


@click.command("downgrade-plan", cls=Verb, examples=["downgrade-plan --accounts leaving.csv"])
@click.option(
    "--plan",
    "plan_id",
    cls=Flag,
    default="free",
    show_default=True,
    metavar="ID",
    help="The plan, or a column of the account file that names it: {plan}.",
)
@click.option(
    "--via",
    cls=Flag,
    type=click.Choice(["update", "call"]),
    default="update",
    show_default=True,
    help="Update the customer, or use the older call, which the vendor has deprecated; it knows no plan but free.",
)
@selection_options
@policy_options
@output_options
def downgrade_plan(plan_id: str, via: str, *, selection: Selection, policy: PolicyFlags, output: Output) -> int:
    """Move each account to a smaller plan.

    An account on that plan is left alone.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import DowngradePlan

    return start(DowngradePlan(plan_id=plan_id, via=via), selection=selection, flags=policy, output=output)


_VIA_MEMBERS = click.option(
    "--via",
    cls=Flag,
    type=click.Choice(["members", "member"]),
    default="members",
    show_default=True,
    help="The calls of today, or the older pair, which the vendor has deprecated.",
)


@click.command(
    "add-member",
    cls=Verb,
    examples=[
        "add-member --name Ana --external-id U-55 --role Operator --accounts all",
        "add-member --name {contact} --external-id {contact_id} --role Admin --accounts customers.csv",
    ],
)
@click.option("--name", "member_name", cls=Flag, required=True, metavar="TEXT", help="Name; {column} is filled in.")
@click.option("--role", cls=Flag, required=True, metavar="NAME", help="Role in DEV: Admin, Analyst, Operator or yours.")
@click.option(
    "--external-id",
    cls=Flag,
    metavar="TEXT",
    help="Your own id of the person: by it a member is recognised, without it by the name.",
)
@click.option("--email", cls=Flag, metavar="TEXT", help="E-mail.")
@click.option("--oauth-id", cls=Flag, metavar="TEXT", help="What the older call wants to know, with --via member.")
@_VIA_MEMBERS
@selection_options
@policy_options
@output_options
def add_member(
    member_name: str,
    role: str,
    external_id: str | None,
    email: str | None,
    oauth_id: str | None,
    via: str,
    *,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    """Add a person to each account.

    An account that has the member in that role is left alone.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import AddMember

    operation = AddMember(
        member_name=member_name, role=role, external_id=external_id, email=email, oauth_id=oauth_id, via=via
    )
    return start(operation, selection=selection, flags=policy, output=output)


@click.command("remove-member", cls=Verb, examples=["remove-member --external-id U-55 --accounts all"])
@click.option("--external-id", cls=Flag, metavar="TEXT", help="Your own id of the person; {column} is filled in.")
@click.option("--email", cls=Flag, metavar="TEXT", help="E-mail.")
@click.option("--name", "member_name", cls=Flag, metavar="TEXT", help="Name.")
@_VIA_MEMBERS
@selection_options
@policy_options
@output_options
def remove_member(
    external_id: str | None,
    email: str | None,
    member_name: str | None,
    via: str,
    *,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    """Remove a person from each account.

    The member must fit everything that is given. An account without such a member is left alone.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import RemoveMember

    operation = RemoveMember(external_id=external_id, email=email, member_name=member_name, via=via)
    return start(operation, selection=selection, flags=policy, output=output)


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
@selection_options
@policy_options
@output_options
def create_customer(
    customer_name: str,
    notification_email: str,
    plan_id: str | None,
    *,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    """Create the customers of a file, under the ids in its column external_id.

    A customer that exists is left alone. This cannot be undone.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import CreateCustomer

    operation = CreateCustomer(customer_name=customer_name, notification_email=notification_email, plan_id=plan_id)
    return start(operation, selection=selection, flags=policy, output=output)
