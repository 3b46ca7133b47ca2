"""New runs that start recipes and stop them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.options import starts

if TYPE_CHECKING:
    from bulkops.operations import Operation

_FOLDER = click.option(
    "--folder", cls=Flag, required=True, metavar="NAME", help="Folder under Home, sub-folders included."
)


@click.command("start-recipes", cls=Verb, examples=["start-recipes --folder CRM --accounts customers.csv"])
@_FOLDER
@starts
def start_recipes(folder: str) -> Operation:
    """Start the recipes in a folder of each account.

    Called recipes start before their callers; recipes that run are left alone.
    """
    from bulkops.operations import StartRecipes

    return StartRecipes(folder=folder)


@click.command("stop-recipes", cls=Verb, examples=["stop-recipes --folder CRM --accounts customers.csv"])
@_FOLDER
@starts
def stop_recipes(folder: str) -> Operation:
    """Stop the recipes in a folder of each account.

    Callers stop before the recipes that they call; recipes that stand still are left alone.
    """
    from bulkops.operations import StopRecipes

    return StopRecipes(folder=folder)
