"""New runs about what is the partner's: which customers there are, and who may work in their workspaces."""

from __future__ import annotations

import click

from bulkops.cli.options import Output, PolicyFlags, Selection, output_options, policy_options, selection_options
from bulkops.cli.verbs import Flag, Verb


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
@selection_options
@policy_options
@output_options
def delete_customer(
    delete_everything_in_them: bool, *, selection: Selection, policy: PolicyFlags, output: Output
) -> int:
    """Delete customers, with everything in them. THIS CANNOT BE UNDONE.

    Asks twice, and never takes `--accounts all`. A customer that is gone is left alone.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import DeleteCustomer

    operation = DeleteCustomer(delete_everything_in_them=delete_everything_in_them)
    return start(operation, selection=selection, flags=policy, output=output)


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
@selection_options
@policy_options
@output_options
def grant_manager(
    manager: str,
    role: str | None,
    all_workspaces: bool,
    *,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    """Let one of the partner's people work in each account.

    The accounts are added to the workspaces that the customer manager has. A manager who has the workspace, or every
    workspace, is left alone.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import GrantManager

    operation = GrantManager(manager=manager, role=role, all_workspaces=all_workspaces)
    return start(operation, selection=selection, flags=policy, output=output)
