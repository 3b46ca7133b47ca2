"""A new run of everything that API endpoints take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.click_types import FileName
from bulkops.cli.commands.api_platform import CLIENT, KEY, SECRETS, VERSION
from bulkops.cli.commands.customers import NAME, NOTIFICATION_EMAIL, PLAN
from bulkops.cli.commands.packages import FOLDER, HOME_ASSETS, MANIFEST, PACKAGE, RESTART
from bulkops.cli.options import starts

if TYPE_CHECKING:
    from bulkops.operations import Operation


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
    help="Credentials by connection name, as of authorize-connections.  [default: they are authorized already]",
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
@starts
def rollout(package: str | None, manifest: int | None, **parameters: Any) -> Operation:
    """Bring API endpoints to each account, from the customer to the enabled endpoint.

    Creates the customer where a column external_id names one that is not there; imports the package; authorizes the
    connections; makes an API client with a key; starts the recipes, called ones first; enables the endpoints. What is
    so already is left alone.
    """
    if (package is None) == (manifest is None):
        raise click.UsageError("What is to be rolled out? Give PKG.zip, or --manifest ID, and not both.")
    from bulkops.operations import Rollout

    return Rollout(package, manifest=manifest, **parameters)
