"""A new run of everything that API endpoints take."""

from __future__ import annotations

import click

from bulkops.cli.commands.api_platform import CLIENT, KEY, SECRETS, VERSION
from bulkops.cli.commands.operate import FOLDER, HOME_ASSETS, MANIFEST, PACKAGE, RESTART
from bulkops.cli.commands.upkeep import NAME, NOTIFICATION_EMAIL, PLAN
from bulkops.cli.options import Output, PolicyFlags, Selection, output_options, policy_options, selection_options
from bulkops.cli.values import FileName
from bulkops.cli.verbs import Flag, Verb


@click.command(
    "rollout",
    cls=Verb,
    examples=[
        "rollout crm-api.zip --folder API --connections connections.toml --secrets-to keys.jsonl --accounts new.csv",
        "rollout --manifest 13 --folder API --secrets-to keys.jsonl --accounts all",
    ],
)
@PACKAGE
@MANIFEST
@FOLDER
@click.option(
    "--connections",
    cls=Flag,
    metavar="FILE.toml",
    type=FileName(),
    help="Credentials by connection name, as of authorise-connections.  [default: they are authorised already]",
)
@SECRETS
@VERSION
@CLIENT
@KEY
@NAME
@NOTIFICATION_EMAIL
@PLAN
@RESTART
@HOME_ASSETS
@selection_options
@policy_options
@output_options
def rollout(
    package: str | None,
    manifest: int | None,
    folder: str,
    connections: str | None,
    secrets_to: str,
    api_platform: str,
    client: str,
    key: str,
    customer_name: str,
    notification_email: str,
    plan_id: str | None,
    restart_recipes: bool,
    home_assets_folder: str | None,
    *,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    """Bring API endpoints to each account, from the customer to the enabled endpoint.

    Creates the customer where a column external_id names one that is not there; imports the package; authorises the
    connections; makes an API client with a key; starts the recipes, called ones first; enables the endpoints. What is
    so already is left alone.
    """
    if (package is None) == (manifest is None):
        raise click.UsageError("What is to be rolled out? Give PKG.zip, or --manifest ID, and not both.")
    from bulkops.cli.carry_out import start
    from bulkops.operations import Rollout

    operation = Rollout(
        package,
        manifest=manifest,
        folder=folder,
        connections=connections,
        secrets_to=secrets_to,
        api_platform=api_platform,
        client=client,
        key=key,
        customer_name=customer_name,
        notification_email=notification_email,
        plan_id=plan_id,
        restart_recipes=restart_recipes,
        home_assets_folder=home_assets_folder,
    )
    return start(operation, selection=selection, flags=policy, output=output)
