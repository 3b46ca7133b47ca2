"""`bulkops audit access`: reads, progress, and the file."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from bulkops.audit import FORMATS, AccountAccess, Audit, access_of_account, access_of_partner, render_audit
from bulkops.cli.exit_codes import EXIT_FAILED
from bulkops.cli.outage import Outage
from bulkops.cli.output_file import check_writable, format_for, write
from bulkops.cli.terminal import put, say
from bulkops.client import Workato, session_of
from bulkops.errors import ApiError, Unauthorized
from bulkops.executor import fan_out
from bulkops.journal import Location
from bulkops.runs import ended_in, hold_credential, ledger_of, select, workspace_of
from bulkops.settings import Settings, Tuning

if TYPE_CHECKING:
    from bulkops.journal import InventoryRow
    from bulkops.selection import Selection

_CONCURRENCY: Final = 50
_TELL_EVERY_S: Final = 5.0


@attrs.frozen(kw_only=True)
class Wanted:
    """Arguments of the command line."""

    path: str | None
    form: str | None
    members_only: bool
    selection: Selection
    client_file: str | None
    if_running: Any
    quiet: bool


async def read_access(wanted: Wanted) -> int:
    """Read and write the audit; the exit code. The file is written only when everything was tried."""
    form: Any = wanted.form or format_for(wanted.path)
    if form not in FORMATS:
        raise click.UsageError(f"audit cannot write {form}: use {', '.join(FORMATS[:-1])} or {FORMATS[-1]}.")
    if wanted.selection.accounts is None:
        raise click.UsageError("No accounts given: add --accounts FILE, numbers, - for stdin, or all.")
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
            if_running=wanted.if_running,
            ledger=ledger_of(Location.ambient()),
            has_ended=ended_in(Location.ambient()),
        ):
            audit = await _audit(readonly, wanted)
    text = render_audit(audit, form)
    if wanted.path is None:
        put(text)
    else:
        write(Path(wanted.path), text)
        say(f"{audit.accounts} accounts, {len(audit.people)} people: {wanted.path}")
    for account, why in list(audit.failed.items())[:10]:
        say(f"not read: {account}: {why}")
    return EXIT_FAILED if audit.failed else 0


async def _audit(workato: Workato, wanted: Wanted) -> Audit:
    chosen = wanted.selection
    inventory = await select(workato, accounts=str(chosen.accounts), exclude=chosen.exclude, limit=chosen.limit)
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
    )
