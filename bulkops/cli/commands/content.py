"""New runs that put things into accounts: folders, connections, properties."""

from __future__ import annotations

import click

from bulkops.cli.options import Output, PolicyFlags, Selection, output_options, policy_options, selection_options
from bulkops.cli.values import Assignment, FileName, once
from bulkops.cli.verbs import Flag, Verb


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
@selection_options
@policy_options
@output_options
def create_folder(folder: str, *, selection: Selection, policy: PolicyFlags, output: Output) -> int:
    """Create a folder in each account, and those it is in.

    A folder that is there is left alone.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import CreateFolder

    return start(CreateFolder(folder), selection=selection, flags=policy, output=output)


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
    help="Your own id of the connection: by it a connection is recognised, without it by name and provider.",
)
@click.option(
    "--from",
    "from_file",
    cls=Flag,
    metavar="FILE.toml",
    type=FileName(),
    help="Credentials by connection name, as for authorise-connections; without them the connection is a shell.",
)
@selection_options
@policy_options
@output_options
def create_connection(
    connection_name: str,
    provider: str | None,
    folder: str | None,
    external_id: str | None,
    from_file: str | None,
    *,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    """Create a connection in each account, as a shell or authorised.

    A connection that is there is left alone, and authorised if it is not and credentials are given. Credentials go to
    the vendor and nowhere else.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import CreateConnection

    operation = CreateConnection(
        connection_name=connection_name,
        provider=provider,
        folder=folder,
        external_id=external_id,
        from_file=from_file,
    )
    return start(operation, selection=selection, flags=policy, output=output)


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
@selection_options
@policy_options
@output_options
def set_properties(
    properties: tuple[tuple[str, str], ...],
    project: str | None,
    *,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    """Set properties of each account; those that are not named stay as they are.

    An account whose properties have these values is left alone. Undoing puts the values of before back; the API cannot
    delete a property that was new.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import SetProperties

    return start(SetProperties(once(properties), project=project), selection=selection, flags=policy, output=output)
