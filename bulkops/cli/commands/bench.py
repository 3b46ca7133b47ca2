"""`bulkops bench`: measures how a fleet run uses the quotas."""

from __future__ import annotations

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.click_types import FileName
from bulkops.cli.commands.sandbox import TIME_SCALE
from bulkops.cli.flags import PolicyFlags
from bulkops.cli.options import policy_options, quiet_option, yes_option

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
@option("--compare", type=FileName(), metavar="FILE", help="File with an earlier result; exit code 1 on a regression.")
@option(
    "--regression",
    type=click.FloatRange(1.0),
    default=_DEFAULT_RATIO,
    metavar="RATIO",
    help="Factor from which a worse figure is a regression.",
)
@yes_option
@option("--json", "as_json", section="Output", is_flag=True, help="Write the result to stdout, as JSON.")
@quiet_option
@policy_options
def bench(
    host: str,
    accounts: int,
    operation: str | None,
    time_scale: float,
    seed: int,
    compare: str | None,
    regression: float,
    yes: bool,
    as_json: bool,
    quiet: bool,
    *,
    policy: PolicyFlags,
) -> int:
    """Measure how a fleet run uses its quotas.

    Shows requests per second against each limit, waits, latencies, refusals, and this process's CPU time per request.
    On your own host it only reads, unless you name an operation, and asks first.
    """
    import asyncio

    from bulkops.cli.bench.run import Bench

    made = Bench(
        host=host,
        accounts=accounts,
        operation=operation,
        time_scale=time_scale,
        seed=seed,
        flags=policy,
        as_json=as_json,
        yes=yes,
        quiet=quiet,
        compared=compare,
        ratio=regression,
    )
    return asyncio.run(made.play())
