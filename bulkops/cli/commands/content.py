"""New runs that put folders and properties into accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.click_types import Assignment, once
from bulkops.cli.options import starts

if TYPE_CHECKING:
    from bulkops.operations import Operation


@click.command(
    "create-folder",
    cls=Verb,
    examples=[
        "create-folder --folder CRM/Orders --accounts all",
        "create-folder --folder {region}/Orders --accounts customers.csv",
    ],
)
@click.option(
    "--folder",
    cls=Flag,
    required=True,
    metavar="PATH",
    help="Names between slashes, from Home on; {column} is filled in from the account file.",
)
@starts
def create_folder(folder: str) -> Operation:
    """Create a folder in each account, and those it is in.

    A folder that is there is left alone.
    """
    from bulkops.operations import CreateFolder

    return CreateFolder(folder)


@click.command(
    "set-properties",
    cls=Verb,
    examples=[
        "set-properties -p crm.object=Account -p crm.tier={tier} --accounts customers.csv",
        "set-properties -p shop.api_token={env:SHOP_TOKEN} --project Shop --accounts all",
    ],
)
@click.option(
    "-p",
    "--property",
    "properties",
    cls=Flag,
    multiple=True,
    required=True,
    type=Assignment(),
    metavar="NAME=VALUE",
    help="A property and its value, in which {column}, {env:NAME} and {file:PATH} are filled in.",
)
@click.option("--project", cls=Flag, metavar="NAME", help="Of which project.  [default: of the environment]")
@starts
def set_properties(properties: tuple[tuple[str, str], ...], project: str | None) -> Operation:
    """Set properties of each account; those that are not named stay as they are.

    An account whose properties have these values is left alone. Undoing puts the values of before back; the API cannot
    delete a property that was new.
    """
    from bulkops.operations import SetProperties

    return SetProperties(once(properties), project=project)
