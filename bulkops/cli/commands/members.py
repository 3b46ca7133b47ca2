"""New runs about who may work in accounts: members of their own, and the partner's people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.options import starts

if TYPE_CHECKING:
    from bulkops.operations import Operation

_EMAIL = click.option("--email", cls=Flag, metavar="TEXT", help="E-mail.")
_VIA = click.option(
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
    help="Your own id of the person: by it a member is recognized, without it by the name.",
)
@_EMAIL
@click.option("--oauth-id", cls=Flag, metavar="TEXT", help="What the older call wants to know, with --via member.")
@_VIA
@starts
def add_member(**parameters: Any) -> Operation:
    """Add a person to each account.

    An account that has the member in that role is left alone.
    """
    from bulkops.operations import AddMember

    return AddMember(**parameters)


@click.command("remove-member", cls=Verb, examples=["remove-member --external-id U-55 --accounts all"])
@click.option("--external-id", cls=Flag, metavar="TEXT", help="Your own id of the person; {column} is filled in.")
@_EMAIL
@click.option("--name", "member_name", cls=Flag, metavar="TEXT", help="Name.")
@_VIA
@starts
def remove_member(**parameters: Any) -> Operation:
    """Remove a person from each account.

    The member must fit everything that is given. An account without such a member is left alone.
    """
    from bulkops.operations import RemoveMember

    return RemoveMember(**parameters)


@click.command(
    "grant-manager",
    cls=Verb,
    examples=[
        "grant-manager --manager lee@partner.example --accounts customers.csv",
        "grant-manager --manager {csm} --role Support --accounts customers.csv",
    ],
)
@click.option(
    "--manager",
    cls=Flag,
    required=True,
    metavar="WHO",
    help="E-mail or id of a collaborator of the partner's workspace; {column} is filled in.",
)
@click.option(
    "--role",
    cls=Flag,
    metavar="NAME|ID",
    help="Role of somebody who is no customer manager yet; the same in all workspaces, and never changed.",
)
@click.option(
    "--all-workspaces",
    cls=Flag,
    is_flag=True,
    help="Grant EVERY workspace of the partner, also those to come, whatever the selection.",
)
@starts
def grant_manager(**parameters: Any) -> Operation:
    """Let one of the partner's people work in each account.

    The accounts are added to the workspaces that the customer manager has. A manager who has the workspace, or every
    workspace, is left alone.
    """
    from bulkops.operations import GrantManager

    return GrantManager(**parameters)
