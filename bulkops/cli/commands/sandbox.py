"""The stand-in for the vendor, as a process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.click_types import PositiveNumber
from bulkops.cli.terminal import put

TIME_SCALE = click.option(
    "--time-scale",
    cls=Flag,
    type=PositiveNumber(),
    default=60.0,
    show_default=True,
    metavar="X",
    help="Of the sandbox: vendor seconds in one real second.",
)


@click.command(
    "sandbox",
    cls=Verb,
    examples=[
        "sandbox --customers 300 --client-file client.toml --env-file sandbox.env",
        "sandbox --json --window bucket --faults error=0.05,reset=0.02",
    ],
)
@click.option(
    "--port",
    cls=Flag,
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    metavar="PORT",
    help="0: a free one.",
)
@click.option(
    "--customers",
    cls=Flag,
    type=click.IntRange(0),
    default=300,
    show_default=True,
    metavar="N",
    help="How many accounts.",
)
@click.option(
    "--seed",
    cls=Flag,
    type=int,
    default=7,
    show_default=True,
    metavar="N",
    help="Same seed, same customers, import times and faults.",
)
@click.option("--token", cls=Flag, metavar="T", help="The token it takes; made up when not given.")
@click.option(
    "--quotas",
    cls=Flag,
    default="documented",
    show_default=True,
    metavar="documented|off|FILE",
    help="The vendor's published limits, none, or those of a TOML file.",
)
@click.option(
    "--window",
    cls=Flag,
    type=click.Choice(["sliding", "fixed", "bucket"]),
    default="sliding",
    show_default=True,
    help="How it counts requests.",
)
@TIME_SCALE
@click.option("--client-file", cls=Flag, metavar="FILE", help="Write the client's quotas and timeouts there, scaled.")
@click.option(
    "--env-file",
    cls=Flag,
    metavar="FILE",
    help="Write the lines that name this sandbox to a shell there, readable by you alone: `. FILE` in another shell.",
)
@click.option(
    "--retry-after/--no-retry-after",
    cls=Flag,
    default=True,
    show_default=True,
    help="Whether a 429 says when to return.",
)
@click.option(
    "--faults",
    cls=Flag,
    default="",
    metavar="error=P,reset=P,throttle=P,slow=P",
    help="Chances of trouble for each request, 0 to 1.",
)
@click.option(
    "--assumptions", cls=Flag, metavar="FILE", help="TOML: what it does where the vendor's documents are silent."
)
@click.option(
    "--deny",
    cls=Flag,
    multiple=True,
    metavar="CALL",
    help="The token has no right to this call; `managed_users.imports.*` means several. May come more than once.",
)
@click.option("--json", "as_json", cls=Flag, is_flag=True, help="First line of stdout: its url and token as JSON.")
def sandbox(
    quotas: str,
    faults: str,
    assumptions: str | None,
    deny: tuple[str, ...],
    client_file: str | None,
    env_file: str | None,
    as_json: bool,
    **settings: Any,
) -> int:
    """Stand in for the vendor on this machine.

    Real HTTP on a loopback port, real state, the vendor's quotas. Ends with Ctrl-C.
    """
    import asyncio

    from bulkops.sandbox import Assumptions, Faults, SandboxSettings, serve

    made = SandboxSettings(
        quotas=quotas if quotas in {"documented", "off"} else SandboxSettings.quotas_from_file(quotas),  # type: ignore[arg-type]  # one of two words
        faults=Faults.parse(faults),
        assumptions=Assumptions() if assumptions is None else Assumptions.from_file(assumptions),
        deny=deny,
        **settings,
    )
    asyncio.run(
        serve(
            made,
            client_file=Path(client_file) if client_file is not None else None,
            env_file=Path(env_file) if env_file is not None else None,
            as_json=as_json,
            out=lambda line: put(line + "\n"),
        )
    )
    return 0
