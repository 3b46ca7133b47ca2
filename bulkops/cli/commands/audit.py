"""`bulkops audit access`: who may do what in which account; `bulkops audit compare`: what changed since."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from bulkops.cli.click_ext import Noun, Verb, option
from bulkops.cli.options import accounts_options, client_file_option, if_running_option, quiet_option
from bulkops.cli.options.types import FileName
from bulkops.cli.terminal import counted, examples, one_line, put, say
from bulkops.exit_codes import EXIT_FAILED

if TYPE_CHECKING:
    from bulkops.audit import AccountAccess, Audit, Change
    from bulkops.client import Workato
    from bulkops.journal import InventoryRow
    from bulkops.selection import Selection

_FORMATS: Final = ("text", "csv", "jsonl", "html")
_CONCURRENCY: Final = 50
_TELL_EVERY_S: Final = 5.0


@click.group("audit", cls=Noun, examples=["audit access --accounts all -o access.html"])
def audit() -> None:
    """Read who has access to which account, and compare two audits."""


@audit.command("access", cls=Verb, examples=["audit access --accounts all -o access.html"])
@option("-o", "--output", "path", type=FileName(), metavar="FILE", help="File to write; its ending is the format.")
@option("--format", "form", type=click.Choice(_FORMATS), help="Format, where the file's ending does not say it.")
@option("--members-only", is_flag=True, help="Read no groups and no projects: one request for each account.")
@accounts_options
@client_file_option
@if_running_option
@quiet_option
def access(**wanted: Any) -> int:
    """Read who has which role, group and grant in which account.

    Sends reads only: for each account one for its members, and with groups and projects one or two more for each of
    those; two for the partner's own people. Invitations that were not accepted cannot be read.

    The formats are text, csv, jsonl (for `bulkops audit compare`) and html. Exit code 1 when an account could not be
    read; the others are in the file.
    """
    import asyncio

    return asyncio.run(_read_access(_Wanted(**wanted)))


@attrs.frozen(kw_only=True)
class _Wanted:
    """Arguments of the command line."""

    path: str | None
    form: str | None
    members_only: bool
    selection: Selection
    client_file: str | None
    if_running: Any
    quiet: bool


async def _read_access(wanted: _Wanted) -> int:
    """Read and write the audit; the exit code. The file is written only when everything was tried."""
    from bulkops.audit import render_audit
    from bulkops.cli.outage import Outage
    from bulkops.cli.output_file import check_writable, format_for, write
    from bulkops.cli.selection import accounts_of
    from bulkops.client import Workato, session_of
    from bulkops.journal import Location
    from bulkops.runs import hold_credential, workspace_of
    from bulkops.settings import Settings, Tuning

    form: Any = format_for(wanted.path, wanted.form, of="audit", known=_FORMATS)
    accounts = accounts_of(wanted.selection, asks=False)
    if wanted.path is not None:
        check_writable(Path(wanted.path))
    settings = Settings.from_env(tuning=Tuning.beside(wanted.client_file))
    async with Workato.from_settings(settings, observe=Outage().observe) as workato:
        readonly = workato.with_options(read_only=True)
        workspace = await workspace_of(workato)
        async with hold_credential(
            session_of(workato),
            "of bulkops audit",
            workspace=workspace,
            if_running=wanted.if_running or "fail",
            journal=Location.ambient(),
        ):
            audit = await _audit(readonly, accounts, wanted)
    text = render_audit(audit, form)
    if wanted.path is None:
        put(text)
    else:
        write(Path(wanted.path), text)
        say(f"{counted(audit.accounts, 'account')}, {audit.people_counted}: {wanted.path}")
    for account, why in list(audit.failed.items())[:10]:
        say(f"not read: {account}: {why}")
    return EXIT_FAILED if audit.failed else 0


async def _audit(workato: Workato, accounts: str, wanted: _Wanted) -> Audit:
    import time
    from datetime import UTC, datetime

    from bulkops.audit import Audit, access_of_account, access_of_partner
    from bulkops.cli.selection import selected
    from bulkops.errors import ApiError, Unauthorized
    from bulkops.executor import fan_out

    inventory = await selected(workato, accounts=accounts, selection=wanted.selection)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    partner = await access_of_partner(workato)
    rows, failed, unread = list(partner.rows), {}, {}

    async def one(row: InventoryRow) -> AccountAccess:
        account = workato.account(row.account)
        return await access_of_account(account, workspace=row.name or "", members_only=wanted.members_only)

    told, done = time.monotonic(), 0
    async for outcome in fan_out(one, inventory.rows, concurrency=_CONCURRENCY):
        account, done = outcome.item.account, done + 1
        if isinstance(outcome.error, ApiError) and not isinstance(outcome.error, Unauthorized):
            failed[account] = outcome.error.message
        else:
            found = outcome.unwrap()  # a refused token ends it, and so does a mistake of ours
            rows += found.rows
            if found.unread:
                unread[account] = found.unread
        if not wanted.quiet and time.monotonic() - told > _TELL_EVERY_S:
            told = time.monotonic()
            say(f"{done}/{len(inventory)} accounts read")
    return Audit(
        host=workato.settings.url,
        at=at,
        accounts=len(inventory),
        rows=tuple(sorted(rows)),
        failed=failed,
        unread=unread,
        members_only=wanted.members_only,
    )


@audit.command("compare", cls=Verb, examples=["audit compare before.jsonl now.jsonl"])
@click.argument("before", metavar="BEFORE.jsonl", type=FileName(), help="The earlier audit.")
@click.argument("now", metavar="NOW.jsonl", type=FileName(), help="The later audit.")
def compare(before: str, now: str) -> int:
    """Show what changed between two audits.

    Shows access that was added or removed, and changed roles, where both audits could read it. Sends nothing. Exit
    codes as in diff: 0 no change in what both could read, 1 changes, or accounts that only one audit could read, 2 the
    files could not be compared.
    """
    from bulkops.audit import changes, read_audit, read_by_none, read_by_one

    old, new = read_audit(before), read_audit(now)
    lines = [_line(change) for change in changes(old, new)]
    lines += [_aligned("unknown", f"{one}: only one of the audits could read it") for one in read_by_one(old, new)]
    if old.members_only is not new.members_only:
        say("groups and projects are not compared: one of the audits has only members")
    if unread := read_by_none(old, new):
        count = counted(len(unread), "account")
        say(f"neither audit could read {count} in full, which may have changed: {examples(unread)}")
    put("".join(f"{line}\n" for line in lines) or "no change\n")
    return 1 if lines else 0


def _line(change: Change) -> str:
    row = change.now
    role = row.role if change.kind != "changed" else f"{change.before} -> {row.role}"
    what = ", ".join(filter(None, (row.way, row.through, role, row.environment)))
    return _aligned(change.kind, f"{row.account}: {row.person}: {what}")


def _aligned(kind: str, words: str) -> str:
    return f"{kind:<8} {one_line(words)}"
