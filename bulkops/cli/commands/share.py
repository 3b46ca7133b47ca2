"""`bulkops share-connector`: a custom connector of the partner, for all customers: look, confirm, share, check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkops.cli.click_ext import Verb, note_begun, option
from bulkops.cli.options import client_file_option, yes_option
from bulkops.cli.terminal import one_line, put

if TYPE_CHECKING:
    from bulkops.cli.confirm import Consent
    from bulkops.settings import Settings


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
@option(
    "--version",
    type=click.IntRange(1),
    metavar="N",
    help="Version to share.  [default: the newest released one]",
)
@option("--stop", is_flag=True, help="Stop sharing it with the customers.")
@option("--dry-run", is_flag=True, help="Only show what would change.")
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

    from bulkops.cli.confirm import Consent
    from bulkops.settings import Settings, Tuning

    settings = Settings.from_env(tuning=Tuning.beside(client_file))
    consent = Consent(yes=yes or dry_run, quiet=True, before="look with --dry-run")
    consent.require_askable()
    asyncio.run(_share(connector, version, settings, consent, stop=stop, dry_run=dry_run))
    return 0


async def _share(
    connector: str, version: int | None, settings: Settings, consent: Consent, *, stop: bool, dry_run: bool
) -> None:
    """Share it, or say that it is shared so already. `connector`: an id, name or title; `version` None: the newest."""
    from bulkops.cli.confirm import Question
    from bulkops.cli.outage import Outage
    from bulkops.client import Workato, session_of
    from bulkops.journal import Location
    from bulkops.operations.partner_connectors import find_connector, released_version, share_connector
    from bulkops.runs import hold_credential

    async with (
        Workato.from_settings(settings, observe=Outage().observe) as workato,
        hold_credential(
            session_of(workato), "of bulkops share-connector", if_running="share", journal=Location.ambient()
        ),
    ):
        found = await find_connector(workato, connector)
        wanted = None if stop else version or released_version(found)
        name, before = one_line(found.name), found.oem_shared_version
        if wanted == before:
            put(f"{name}: {_words(before)} already\n")
            return
        what = f"{name}: {_words(before)}; then {_words(wanted)}"
        if dry_run:
            put(f"{what}\n")
            return
        await consent.ask(Question(lines=[f"at {settings.url}: {what}"], yes_does="Change this for all customers"))
        note_begun()
        await share_connector(workato, found, version=wanted)
    put(f"{name}: {_words(wanted)} (before: {_words(before)})\n")


def _words(version: int | None) -> str:
    return "not shared with customers" if version is None else f"version {version} is shared with all customers"
