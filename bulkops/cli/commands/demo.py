"""`bulkops demo`: sandbox, rollout and report on one machine."""

from __future__ import annotations

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.commands.sandbox import TIME_SCALE
from bulkops.cli.journal_location import DEFAULT_JOURNAL
from bulkops.cli.options import quiet_option


@click.command("demo", cls=Verb, examples=["demo", "demo --rounds 4", "demo --customers 50 --keep"])
@option("--customers", type=click.IntRange(1), default=300, metavar="N", help="Number of customers.")
@option(
    "--rounds",
    type=click.IntRange(1, 4),
    default=1,
    metavar="1-4",
    help="Number of rounds: a new package, the same again, its next version, that again.",
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
def demo(
    customers: int,
    rounds: int,
    time_scale: float,
    seed: int,
    package: str | None,
    journal: str | None,
    keep: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Roll out a package to 300 invented customers.

    Starts a sandbox on this machine, imports a package into a folder of each account, authorizes its connections,
    starts its recipes, and reports. Needs no token and contacts no other host.
    """
    import asyncio

    from bulkops.cli.demo import Rehearsal, journal_directory

    with journal_directory(journal, keep=keep) as directory:
        rehearsal = Rehearsal(
            customers=customers,
            time_scale=time_scale,
            seed=seed,
            package=package,
            journal=directory,
            as_json=as_json,
            quiet=quiet,
        )
        return asyncio.run(rehearsal.play(rounds))
