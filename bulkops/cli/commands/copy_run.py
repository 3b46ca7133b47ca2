"""`bulkops runs copy`: a run from one journal into another. Sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.click_types import RunName
from bulkops.cli.journal_location import JournalLocation
from bulkops.cli.options import journal_option
from bulkops.cli.terminal import say

if TYPE_CHECKING:
    from bulkops.journal import Location


@click.command(
    "copy",
    cls=Verb,
    examples=["runs copy latest --to ./archive", "runs copy 20260102-k3f9 --to postgresql://db.example.com/fleet"],
)
@click.argument("name", metavar="RUN", type=RunName(), help="Run to copy.")
@option(
    "--to",
    "to",
    required=True,
    type=JournalLocation(),
    metavar="DIR|URL",
    help="Journal that gets the copy, created if missing.",
)
@journal_option
def copy(name: str, to: Location, journal: Location) -> int:
    """Copy a run into another journal, such as from a directory into a database.

    The copy can be reported, resumed, retried and undone there. It is written whole or not at all. Refused for a run
    in progress, and for a run that the other journal has.
    """
    import asyncio

    return asyncio.run(_copy(name, journal, to))


async def _copy(name: str, location: Location, to: Location) -> int:
    from bulkops.journal import Journal

    async with Journal.open(location, read_only=True) as journal, Journal.open(to) as other:
        record = await journal.get_run(name)
        copied = await journal.copy_of(record.run_id)
        for digest in await journal.files.of_run(record.run_id):
            content = await journal.files.get(digest)
            if content is not None:
                await other.files.put(digest, content)
        await other.add_copy(copied)
    accounts = f"{record.inventory_count} account{'' if record.inventory_count == 1 else 's'}"
    say(f"copied run {record.run_id} with {accounts}: bulkops report {record.run_id}{to.flag}")
    return 0
