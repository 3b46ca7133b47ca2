"""`bulkops call`: parameters from texts, confirmation, request, response, exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from bulkops.cli.confirm import Consent
from bulkops.cli.exit_codes import EXIT_FAILED
from bulkops.cli.outage import Outage
from bulkops.cli.terminal import one_line, put, say
from bulkops.errors import InputError
from bulkops.settings import Settings, Tuning

if TYPE_CHECKING:
    from bulkops.catalogue import Call

STDIN: Final = "-"


@attrs.frozen(kw_only=True)
class Wanted:
    """Arguments of the command line; `params` as texts."""

    call_id: str
    account: str | None
    params: Mapping[str, str]
    body: str | None
    all_pages: bool
    jsonl: bool


@attrs.frozen(kw_only=True)
class OneCall:
    """The confirmation's contents for a call."""

    what: str
    whose: str
    count: int = 1
    yes_does: str = "Send this call"

    def lines(self) -> list[str]:
        return [f"{self.what} {one_line(self.whose)}"]


async def make(wanted: Wanted, *, yes: bool, client_file: str | None) -> int:
    """Make the call; the exit code. Everything is checked before anything is asked or sent."""
    from bulkops.client import Workato, session_of
    from bulkops.journal import Location
    from bulkops.resources import generic
    from bulkops.runs import hold_credential, ledger_of
    from bulkops.session import account_segment

    call = generic.find_call(wanted.call_id)
    _check_flags(wanted, call)
    params = generic.from_texts(call, wanted.params)
    body = None if wanted.body is None else _read_body(wanted.body, call)
    account = None if wanted.account is None else account_segment(wanted.account)
    generic.check_call(call, params, account=account, body=body)
    settings = Settings.from_env(tuning=Tuning.beside(client_file))
    if not call.is_read:
        whose = f"for {account} at {settings.url}" if account is not None else f"at {settings.url}"
        deprecated = f" (deprecated: use {call.replacement})" if call.is_deprecated else ""
        await Consent(yes=yes, quiet=True, before="check the call and its parameters").ask(
            OneCall(what=f"{call.id}{deprecated}", whose=whose)
        )
    async with (
        Workato.from_settings(settings, observe=Outage().observe) as workato,
        hold_credential(
            session_of(workato), "of bulkops call", if_running="share", ledger=ledger_of(Location.ambient())
        ),
    ):
        if wanted.all_pages and wanted.jsonl:
            async for row in workato.rows(call.id, account=account, **params):
                _put_line(row)
            return 0
        answer = await workato.call(call.id, account=account, body=body, all_pages=wanted.all_pages, **params)
    return _told(call, answer, as_lines=wanted.jsonl)


def _check_flags(wanted: Wanted, call: Call) -> None:
    if wanted.all_pages and wanted.body is not None:
        raise click.UsageError("A call with --all-pages takes no body: leave out --body or --all-pages.")
    if wanted.body == STDIN and not call.is_read and sys.stdin.isatty():
        say("reading the body from the terminal; press Ctrl-D to end it")


def _read_body(name: str, call: Call) -> object:
    data = _read(name)
    if call.body == "octets":
        return data
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the body is not valid JSON: {error}", remedy="correct the JSON") from error


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the body {name}: {error.strerror}", remedy="check the path") from error


def _told(call: Call, answer: Any, *, as_lines: bool) -> int:
    if isinstance(answer, bytes):
        sys.stdout.buffer.write(answer)
    elif as_lines:
        for row in answer if isinstance(answer, list) else [answer]:
            _put_line(row)
    elif answer is not None:
        put(json.dumps(answer, indent=2, ensure_ascii=False) + "\n", json=True)
    if call.envelope == "verdict" and isinstance(answer, dict) and answer.get("success") is False:
        say(f"{call.id} returned success: false")
        return EXIT_FAILED
    return 0


def _put_line(row: Any) -> None:
    put(json.dumps(row, ensure_ascii=False) + "\n", json=True)
