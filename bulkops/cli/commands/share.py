"""`bulkops share-connector`: a custom connector of the partner, for all customers."""

from __future__ import annotations

import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.options import client_file_option, yes_option


@click.command(
    "share-connector",
    cls=Verb,
    examples=[
        "share-connector acme_connector_4771_1626",
        "share-connector 562501 --version 2",
        "share-connector 562501 --stop",
    ],
)
@click.argument("connector", metavar="CONNECTOR", help="Id, name or title of the custom connector.")
@click.option(
    "--version",
    cls=Flag,
    type=click.IntRange(1),
    metavar="N",
    help="Version to share.  [default: the newest released one]",
)
@click.option("--stop", cls=Flag, is_flag=True, help="Stop sharing it with the customers.")
@click.option("--dry-run", cls=Flag, is_flag=True, help="Only show what would change.")
@yes_option
@client_file_option
def share_connector(
    connector: str, version: int | None, *, stop: bool, dry_run: bool, yes: bool, client_file: str | None
) -> int:
    """Share a custom connector with all customers.

    The connector belongs to the partner, and the API shares it with all customers at once. So this is one change in the
    workspace of the token, without accounts and without a run. A connector that is shared so is left alone.

    A package that uses the connector cannot be imported before. To go back, share the earlier version, or stop.
    """
    if stop and version is not None:
        raise click.UsageError("--stop shares no version: leave out --version or --stop.")
    import asyncio

    from bulkops.cli.share import Wanted, share

    wanted = Wanted(connector=connector, version=version, stop=stop, dry_run=dry_run)
    return asyncio.run(share(wanted, yes=yes, client_file=client_file))
