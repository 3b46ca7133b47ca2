"""Any call of the vendor's API: found by words, made once, made for each account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs
import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.click_types import Assignment, CallName, FileName, once
from bulkops.cli.declared import operations
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
@click.argument("words", metavar="[WORD]...", nargs=-1, help="Words to find, or one call's id.")
def calls(words: tuple[str, ...]) -> int:
    """Find a call of the vendor's API.

    Without a word: all of them. An id, or words that leave one call: what it takes, its quota, whether it may be
    repeated. Sends nothing.
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
@click.argument("call_id", metavar="ID", type=CallName(), help="The call, as `bulkops calls` lists it.")
@click.option("--account", cls=Flag, metavar="A", help="The customer: a number, or E and your own id.")
@click.option("-p", "--param", "params", help="A parameter; may come more than once.", **_PARAMETERS)
@click.option(
    "--body",
    cls=Flag,
    type=FileName(),
    metavar="FILE|-",
    help="A file with the members of the JSON body, or the file that the call takes; - for stdin.",
)
@click.option("--all-pages", cls=Flag, is_flag=True, help="Go on to the end of a list.")
@click.option("--jsonl", cls=Flag, is_flag=True, help="One line a row, as they come.")
@click.option("--yes", cls=Flag, is_flag=True, help="Do not ask before a call that may change something.")
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
    """Make one call of the vendor's API.

    The answer goes to stdout as JSON, without the envelope that the vendor puts around it. Parameters are checked
    before anything is sent.
    """
    import asyncio

    from bulkops.cli.call import Wanted, make

    wanted = Wanted(call_id=call_id, account=account, params=once(params), body=body, all_pages=all_pages, jsonl=jsonl)
    return asyncio.run(make(wanted, yes=yes, client_file=client_file))


@click.command("each", cls=Verb, examples=operations()["each"].examples, help=operations()["each"].help)
@operation_options("each", types={"call": CallName()})
@run_options
def each(*, parameters: Mapping[str, Any], selection: Selection, policy: PolicyFlags, output: Output) -> int:
    from bulkops.cli.start_run import start
    from bulkops.operations import Each
    from bulkops.resources import generic

    if generic.find_call(parameters["call"]).is_read:
        output = attrs.evolve(output, yes=True)  # nobody need be asked whether to look
        if "output" not in parameters and output.json:
            raise click.UsageError("The answers and the report cannot share stdout: add -o FILE for the answers.")
        parameters = {"output": "-", **parameters}
    return start(Each(**parameters), selection=selection, flags=policy, output=output)
