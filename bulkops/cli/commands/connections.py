"""New runs that create connections and give them their credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.click_types import FileName
from bulkops.cli.options import starts

if TYPE_CHECKING:
    from bulkops.operations import Operation


@click.command(
    "authorize-connections",
    cls=Verb,
    examples=["authorize-connections --from connections.toml --accounts customers.csv"],
)
@click.option(
    "--from",
    "from_file",
    cls=Flag,
    required=True,
    metavar="FILE.toml",
    type=FileName(),
    help="Credentials by connection name: values, { env }, { file } or { column }.",
)
@click.option(
    "--folder", cls=Flag, metavar="NAME", help="Only connections in this folder under Home and its sub-folders."
)
@starts
def authorize_connections(from_file: str, folder: str | None) -> Operation:
    """Give connections their credentials.

    Credentials go to the vendor and nowhere else. A connection that is authorized is left alone.
    """
    from bulkops.operations import AuthorizeConnections

    return AuthorizeConnections(from_file, folder=folder)


@click.command(
    "create-connection",
    cls=Verb,
    examples=[
        "create-connection --name CRM --provider salesforce --folder CRM --accounts all",
        "create-connection --name CRM --from connections.toml --accounts customers.csv",
    ],
)
@click.option("--name", "connection_name", cls=Flag, required=True, metavar="TEXT", help="Name; {column} is filled in.")
@click.option(
    "--provider",
    cls=Flag,
    metavar="NAME",
    help="The connector, such as salesforce.  [default: as the credentials file says]",
)
@click.option("--folder", cls=Flag, metavar="PATH", help="Folder below Home, which must be there.  [default: Home]")
@click.option(
    "--external-id",
    cls=Flag,
    metavar="TEXT",
    help="Your own id of the connection: by it a connection is recognized, without it by name and provider.",
)
@click.option(
    "--from",
    "from_file",
    cls=Flag,
    metavar="FILE.toml",
    type=FileName(),
    help="Credentials by connection name, as for authorize-connections; without them the connection is a shell.",
)
@starts
def create_connection(**parameters: Any) -> Operation:
    """Create a connection in each account, as a shell or authorized.

    A connection that is there is left alone, and authorized if it is not and credentials are given. Credentials go to
    the vendor and nowhere else.
    """
    from bulkops.operations import CreateConnection

    return CreateConnection(**parameters)
