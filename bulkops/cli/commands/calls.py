"""`bulkops calls` and `call`: find a call of the vendor's API, and send it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from bulkops.cli.click_ext import Verb, note_begun, option
from bulkops.cli.options import client_file_option
from bulkops.cli.options.types import Assignment, CallName, FileName, once
from bulkops.cli.terminal import one_line, put, put_bytes, say
from bulkops.errors import InputError
from bulkops.exit_codes import EXIT_FAILED

if TYPE_CHECKING:
    from bulkops.catalogue import Call

_STDIN = "-"


@click.command("calls", cls=Verb, examples=["calls", "calls tags", "calls managed_users.folders.create"])
@click.argument("words", metavar="[WORD]...", nargs=-1, help="Search words, or a call's id.")
def calls(words: tuple[str, ...]) -> int:
    """Find an API call.

    Without words it lists all calls. An id, or words that match one call, show its parameters, its quota, whether it
    may be repeated, and how well it is known. Sends nothing.
    """
    from bulkops.cli.call_help import describe, find, table

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
@option(
    "-p",
    "--param",
    "params",
    multiple=True,
    type=Assignment(),
    metavar="NAME=VALUE",
    help="Parameter of the call; repeatable.",
)
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
def call(params: tuple[tuple[str, str], ...], yes: bool, client_file: str | None, **wanted: Any) -> int:
    """Make one API call.

    The response goes to stdout as JSON, without the vendor's envelope. Parameters are checked before anything is sent.
    """
    import asyncio

    return asyncio.run(_make(_Wanted(params=once(params), **wanted), yes=yes, client_file=client_file))


@attrs.frozen(kw_only=True)
class _Wanted:
    """Arguments of the command line; `params` as texts."""

    call_id: str
    account: str | None
    params: Mapping[str, str]
    body: str | None
    all_pages: bool
    jsonl: bool


async def _make(wanted: _Wanted, *, yes: bool, client_file: str | None) -> int:
    """Make the call; the exit code. Everything is checked before anything is asked or sent."""
    from bulkops.cli.confirm import Consent, Question
    from bulkops.cli.outage import Outage
    from bulkops.client import Workato, session_of
    from bulkops.journal import Location
    from bulkops.resources import generic
    from bulkops.runs import hold_credential
    from bulkops.session import account_segment
    from bulkops.settings import Settings, Tuning

    call = generic.find_call(wanted.call_id)
    _check_flags(wanted, call)
    params = generic.from_texts(call, wanted.params)
    body = None if wanted.body is None else await _read_body(wanted.body, call)
    account = None if wanted.account is None else account_segment(wanted.account)
    generic.check_call(call, params, account=account, body=body)
    settings = Settings.from_env(tuning=Tuning.beside(client_file))
    if not call.is_read:
        whose = f"for {account} at {settings.url}" if account is not None else f"at {settings.url}"
        deprecated = f" (deprecated: use {call.replacement})" if call.is_deprecated else ""
        await Consent(yes=yes, quiet=True, before="check the call and its parameters").ask(
            Question(lines=[f"{call.id}{deprecated} {one_line(whose)}"], yes_does="Send this call")
        )
    async with (
        Workato.from_settings(settings, observe=Outage().observe) as workato,
        hold_credential(session_of(workato), "of bulkops call", if_running="share", journal=Location.ambient()),
    ):
        note_begun()
        if wanted.all_pages and wanted.jsonl:
            async for row in workato.rows(call.id, account=account, **params):
                if not _put_line(row):
                    break  # the reader has seen enough: ask for no more pages
            return 0
        answer = await workato.call(call.id, account=account, body=body, all_pages=wanted.all_pages, **params)
    return _told(call, answer, as_lines=wanted.jsonl)


def _check_flags(wanted: _Wanted, call: Call) -> None:
    if wanted.all_pages and wanted.body is not None:
        raise click.UsageError("A call with --all-pages takes no body: leave out --body or --all-pages.")
    if wanted.body == _STDIN and not call.is_read and sys.stdin.isatty():
        say("reading the body from the terminal; press Ctrl-D to end it")


async def _read_body(name: str, call: Call) -> object:
    from bulkops.cli.stdin import read_stdin

    data = await read_stdin() if name == _STDIN else _read_file(name)
    if call.body == "octets":
        return data
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the body is not valid JSON: {error}", remedy="correct the JSON") from error


def _read_file(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the body {name}: {error.strerror}", remedy="check the path") from error


def _told(call: Call, answer: Any, *, as_lines: bool) -> int:
    if isinstance(answer, bytes):
        put_bytes(answer)
    elif as_lines:
        for row in answer if isinstance(answer, list) else [answer]:
            _put_line(row)
    elif answer is not None:
        put(json.dumps(answer, indent=2, ensure_ascii=False) + "\n", json=True)
    if call.envelope == "verdict" and isinstance(answer, dict) and answer.get("success") is False:
        say(f"{call.id} returned success: false")
        return EXIT_FAILED
    return 0


def _put_line(row: Any) -> bool:
    return put(json.dumps(row, ensure_ascii=False) + "\n", json=True)
