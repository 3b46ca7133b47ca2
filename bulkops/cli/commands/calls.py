"""`bulkops calls` and `call`: find a call of the vendor's API, and send it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs
import click

from bulkops.cli.click_ext import Flag, Verb, option
from bulkops.cli.click_types import Assignment, CallName, FileName, once
from bulkops.cli.declared import operation_named
from bulkops.cli.flags import Output, PolicyFlags
from bulkops.cli.options import client_file_option, operation_options, run_options
from bulkops.selection import Selection

_PARAMETERS: Final[dict[str, Any]] = {
    "cls": Flag,
    "multiple": True,
    "type": Assignment(),
    "metavar": "NAME=VALUE",
}


@click.command("calls", cls=Verb, examples=["calls", "calls tags", "calls managed_users.folders.create"])
@click.argument("words", metavar="[WORD]...", nargs=-1, help="Search words, or a call's id.")
def calls(words: tuple[str, ...]) -> int:
    """Find an API call.

    Without words it lists all calls. An id, or words that match one call, show its parameters, its quota, whether it
    may be repeated, and how well it is known. Sends nothing.
    """
    from bulkops.cli.call_help import describe, find, table
    from bulkops.cli.terminal import put

    found = find(words)
    put(describe(found[0]) if len(found) == 1 else table(found))
    return 0


@click.command(
    "call",
    cls=Verb,
    examples=[
        "call managed_users.tags.list --account EORG-7 --all-pages --jsonl",
        "call managed_users.folders.create --account EORG-7 -p name=CRM --yes",
        "call managed_users.update --account 4100231 --body plan.json --yes",
    ],
)
@click.argument("call_id", metavar="ID", type=CallName(), help="Call id, as `bulkops calls` lists it.")
@option("--account", metavar="A", help="Customer: a number, or E and your own id.")
@click.option("-p", "--param", "params", help="Parameter of the call; repeatable.", **_PARAMETERS)
@option(
    "--body",
    type=FileName(),
    metavar="FILE|-",
    help="File with the members of the JSON body, or the file that the call takes; - for stdin.",
)
@option("--all-pages", is_flag=True, help="All pages of a list.")
@option("--jsonl", is_flag=True, help="One JSON line per row.")
@option("--yes", is_flag=True, help="Do not ask for confirmation of a changing call.")
@client_file_option
def call(
    call_id: str,
    account: str | None,
    params: tuple[tuple[str, str], ...],
    body: str | None,
    all_pages: bool,
    jsonl: bool,
    yes: bool,
    client_file: str | None,
) -> int:
    """Make one API call.

    The response goes to stdout as JSON, without the vendor's envelope. Parameters are checked before anything is sent.
    """
    import asyncio

    from bulkops.cli.call import Wanted, make

    wanted = Wanted(call_id=call_id, account=account, params=once(params), body=body, all_pages=all_pages, jsonl=jsonl)
    return asyncio.run(make(wanted, yes=yes, client_file=client_file))


@click.command("each", cls=Verb, examples=operation_named("each").examples, help=operation_named("each").help)
@operation_options("each", types={"call": CallName()})
@run_options
def each(*, parameters: Mapping[str, Any], selection: Selection, policy: PolicyFlags, output: Output) -> int:
    from bulkops.cli.start_run import start
    from bulkops.operations import Each
    from bulkops.resources import generic

    if generic.find_call(parameters["call"]).is_read:
        output = attrs.evolve(output, yes=True)  # reads need no confirmation
        if "output" not in parameters and output.json:
            raise click.UsageError("Responses and report cannot share stdout: add -o FILE for the responses.")
        parameters = {"output": "-", **parameters}
    return start(Each(**parameters), selection=selection, flags=policy, output=output)
