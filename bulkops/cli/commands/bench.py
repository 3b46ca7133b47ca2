"""`bulkops bench`: measures how a fleet run uses the quotas."""

from __future__ import annotations

from typing import Any

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.commands.sandbox import TIME_SCALE
from bulkops.cli.options import policy_options, quiet_option, yes_option
from bulkops.cli.options.types import FileName

_DEFAULT_RATIO = 1.10


@click.command(
    "bench",
    cls=Verb,
    examples=[
        "bench",
        "bench --accounts 500 --json",
        "bench --accounts 500 --compare before.json",
        "bench --host eu --accounts 50",
    ],
)
@option(
    "--host",
    default="sandbox",
    metavar="URL|DC|sandbox",
    help="Target: a new sandbox, or a host; the token comes from the environment.",
)
@option(
    "--accounts",
    type=click.IntRange(1),
    default=200,
    metavar="N",
    help="Number of accounts, from the start of the list.",
)
@option(
    "--operation",
    type=FileName(),
    metavar="JOB.toml|FILE.py:NAME",
    help="Job file or operation.  [default: three reads, which change nothing]",
)
@TIME_SCALE
@option("--seed", type=int, default=7, help="Seed of the sandbox.")
@option(
    "--compare",
    "compared",
    type=FileName(),
    metavar="FILE",
    help="File with an earlier result; exit code 1 on a regression.",
)
@option(
    "--regression",
    "ratio",
    type=click.FloatRange(1.0),
    default=_DEFAULT_RATIO,
    metavar="RATIO",
    help="Factor from which a worse figure is a regression.",
)
@yes_option
@option("--json", "as_json", section="Output", is_flag=True, help="Write the result to stdout, as JSON.")
@quiet_option
@policy_options
def bench(**given: Any) -> int:
    """Measure how a fleet run uses its quotas.

    Shows requests per second against each limit, waits, latencies, refusals, and this process's CPU time per request.
    On your own host it only reads, unless you name an operation, and asks first.
    """
    import asyncio

    from bulkops.cli.bench.run import Bench

    return asyncio.run(Bench(**given).play())
