"""New runs for the API platform: who may call the endpoints of an account, and which of them answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.click_types import FileName
from bulkops.cli.options import starts

if TYPE_CHECKING:
    from bulkops.operations import Operation

VERSION = click.option(
    "--api-platform",
    cls=Flag,
    type=click.Choice(["v2", "v1"]),
    default="v2",
    show_default=True,
    help="API clients with keys, or clients with access profiles, whose end the vendor has announced.",
)
SECRETS = click.option(
    "--secrets-to",
    cls=Flag,
    required=True,
    metavar="FILE",
    type=FileName(),
    help="File for the secrets of new keys, one JSON line each, readable by you alone. The vendor shows each once.",
)
CLIENT = click.option(
    "--client",
    cls=Flag,
    default="Default client",
    show_default=True,
    metavar="NAME",
    help="Name of the API client; {column} is filled in from the account file.",
)
KEY = click.option(
    "--key",
    cls=Flag,
    default="Default",
    show_default=True,
    metavar="NAME",
    help="Name of its API key or access profile.",
)


def _which(command: Callable[..., Any]) -> Callable[..., Any]:
    """A folder, or collections by name."""
    folder = click.option(
        "--folder", cls=Flag, metavar="NAME", help="Folder under Home whose API collections are meant."
    )
    collections = click.option(
        "--collection", "collections", cls=Flag, multiple=True, metavar="NAME", help="In place of a folder; repeatable."
    )
    return folder(collections(command))


def _check_which(folder: str | None, collections: tuple[str, ...]) -> None:
    if (folder is None) == (not collections):
        raise click.UsageError("Which API collections? Give --folder NAME, or --collection NAME, and not both.")


@click.command(
    "enable-api-platform",
    cls=Verb,
    examples=[
        "enable-api-platform --folder API --secrets-to keys.jsonl --accounts customers.csv",
        "enable-api-platform --collection Orders --client {company} --secrets-to keys.jsonl --accounts customers.csv",
    ],
)
@_which
@SECRETS
@VERSION
@CLIENT
@KEY
@starts
def enable_api_platform(folder: str | None, collections: tuple[str, ...], **parameters: Any) -> Operation:
    """Make an API client with a key for the API collections of each account.

    An account whose client opens them and has such a key is left alone: the secret of that key is not shown again.
    """
    _check_which(folder, collections)
    from bulkops.operations import EnableApiPlatform

    return EnableApiPlatform(folder=folder, collections=collections, **parameters)


@click.command("enable-endpoints", cls=Verb, examples=["enable-endpoints --folder API --accounts customers.csv"])
@_which
@starts
def enable_endpoints(folder: str | None, collections: tuple[str, ...]) -> Operation:
    """Enable the API endpoints of each account, whose recipes must run.

    Endpoints that are enabled are left alone.
    """
    _check_which(folder, collections)
    from bulkops.operations import EnableEndpoints

    return EnableEndpoints(folder=folder, collections=collections)


@click.command(
    "disable-endpoints",
    cls=Verb,
    examples=[
        "disable-endpoints --folder API --accounts leaving.csv",
        "disable-endpoints --collection Orders --accounts all",
    ],
)
@_which
@starts
def disable_endpoints(folder: str | None, collections: tuple[str, ...]) -> Operation:
    """Disable the API endpoints of each account: nobody can call them any more.

    Clients and keys stay. Endpoints that are disabled are left alone.
    """
    _check_which(folder, collections)
    from bulkops.operations import DisableEndpoints

    return DisableEndpoints(folder=folder, collections=collections)
