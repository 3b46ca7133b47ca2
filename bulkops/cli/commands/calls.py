"""Any call of the vendor's API: found by words, made once, made for each account."""

from __future__ import annotations

from typing import Any, Final

import attrs
import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.click_types import Assignment, CallName, FileName, once
from bulkops.cli.flags import Output, PolicyFlags, Selection
from bulkops.cli.options import client_file_option, run_options

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


@click.command(
    "each",
    cls=Verb,
    examples=[
        "each managed_users.recipes.list --accounts customers.csv -p running=true -o running.jsonl",
        "each managed_users.tags.create --accounts customers.csv -p title={tier} --max-failures 2%",
    ],
)
@click.argument("call_id", metavar="ID", type=CallName(), help="The call, as `bulkops calls` lists it.")
@click.option(
    "-p",
    "--param",
    "params",
    help="A parameter; {column} is filled from the account file, {account}, {env:NAME} and {file:PATH} too.",
    **_PARAMETERS,
)
@click.option(
    "-o",
    "--output",
    "path",
    cls=Flag,
    type=FileName(),
    metavar="FILE",
    help="Append the answers there, one JSON line an account, only yours to read.  [default: stdout, for reads]",
)
@run_options
def each(
    call_id: str,
    params: tuple[tuple[str, str], ...],
    path: str | None,
    *,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    """Make one call of the vendor's API for each account.

    Reads write one JSON line an account, lists with all their pages; the report goes to stderr then. Anything else is
    written down before it is sent, and not sent twice unless repeating is harmless.
    """
    from bulkops.cli.start_run import start
    from bulkops.operations import Each
    from bulkops.resources import generic

    is_read = generic.find_call(call_id).is_read
    if is_read:
        output = attrs.evolve(output, yes=True)  # nobody need be asked whether to look
    if path is None and is_read:
        if output.json:
            raise click.UsageError("The answers and the report cannot share stdout: add -o FILE for the answers.")
        path = "-"
    return start(
        Each(call_id, params=once(params), output=path),
        selection=selection,
        flags=policy,
        output=output,
    )
