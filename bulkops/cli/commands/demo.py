"""`bulkops demo`: a rollout against a sandbox on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.commands.sandbox import TIME_SCALE
from bulkops.cli.demo_rollout import DemoRollout
from bulkops.cli.options import quiet_option
from bulkops.cli.options.types import DEFAULT_JOURNAL
from bulkops.cli.terminal import say
from bulkops.errors import ConfigError


@click.command("demo", cls=Verb, examples=["demo", "demo --rounds 4", "demo --workers 3", "demo --customers 50 --keep"])
@option("--customers", type=click.IntRange(1), default=300, metavar="N", help="Number of customers.")
@option(
    "--rounds",
    type=click.IntRange(1, 4),
    default=1,
    metavar="1-4",
    help="Number of rounds: a new package, the same again, its next version, that again.",
)
@option(
    "--workers",
    type=click.IntRange(2, 8),
    metavar="N",
    help="Number of workers, of which one is killed; with a database of their own.",
)
@TIME_SCALE
@option("--seed", type=int, default=7, help="Seed of the customers.")
@option("--package", metavar="PKG.zip", help="Your own package, instead of the example.")
@option(
    "--journal",
    section="Output",
    metavar="DIR",
    help=f"Journal directory.  [default: a temporary directory, not {DEFAULT_JOURNAL}]",
)
@option("--keep", section="Output", is_flag=True, help="Keep the temporary directory.")
@option("--json", "as_json", section="Output", is_flag=True, help="Write the reports to stdout, as JSON.")
@quiet_option
def demo(*, rounds: int, workers: int | None, journal: str | None, keep: bool, **settings: Any) -> int:
    """Roll out a package to 300 invented customers.

    Starts a sandbox on this machine, imports a package into a folder of each account, authorizes its connections,
    starts its recipes, and reports. Needs no token and contacts no other host.

    With --workers, several processes share the run, and a table shows who took over the accounts of the killed one.
    """
    import asyncio

    if workers is not None and (rounds > 1 or keep or journal is not None):
        raise click.UsageError(
            "--workers rolls out once, into a database that is removed: leave out --rounds, --journal and --keep."
        )
    with _journal_directory(journal, keep=keep) as directory:
        rollout = DemoRollout(journal=directory, **settings)
        if workers is None:
            return asyncio.run(rollout.play(rounds))
        from bulkops.cli.demo_workers import play
        from bulkops.postgres.embedded import own_server

        with own_server() as server:
            return asyncio.run(play(rollout, server.url, workers))


@contextmanager
def _journal_directory(journal: str | None, *, keep: bool) -> Iterator[str]:
    """The user's directory, or else a temporary one, removed afterwards unless it is to be kept."""
    if journal is not None:
        from bulkops.postgres import is_database_url

        if is_database_url(journal):
            raise ConfigError("the demo keeps its journal in a directory", remedy="give a directory: --journal DIR")
        yield journal
        return
    import shutil
    import tempfile

    directory = tempfile.mkdtemp(prefix="bulkops-demo-")
    try:
        yield directory
    finally:
        if keep:
            say(f"the journal is kept: bulkops report --journal {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
