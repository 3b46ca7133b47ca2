"""`bulkops audit access`: who may do what in which account; `bulkops audit compare`: what changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkops.cli.click_ext import Noun, Verb, option
from bulkops.cli.click_types import FileName
from bulkops.cli.options import accounts_options, client_file_option, if_running_option, quiet_option
from bulkops.cli.terminal import one_line, put

if TYPE_CHECKING:
    from bulkops.audit import Change
    from bulkops.selection import Selection

_FORMATS = ("text", "csv", "jsonl", "html")


@click.group("audit", cls=Noun, examples=["audit access --accounts all -o access.html"])
def audit() -> None:
    """Read who has access to which account, and compare two audits."""


@audit.command(
    "access",
    cls=Verb,
    examples=["audit access --accounts all -o access.html", "audit access --accounts all -o access.jsonl"],
)
@option("-o", "--output", "path", type=FileName(), metavar="FILE", help="File to write; its ending is the format.")
@option("--format", "form", type=click.Choice(_FORMATS), help="Format, where the file's ending does not say it.")
@option("--members-only", is_flag=True, help="Read no groups and no projects: one request for each account.")
@accounts_options
@client_file_option
@if_running_option
@quiet_option
def access(
    path: str | None,
    form: str | None,
    members_only: bool,
    selection: Selection,
    client_file: str | None,
    if_running: str | None,
    quiet: bool,
) -> int:
    """Read who has which role, group and grant in which account.

    Sends reads only: for each account one for its members, and with groups and projects one or two more for each of
    those; two for the partner's own people. Invitations that were not accepted cannot be read.

    The formats are text, csv, jsonl (for `bulkops audit compare`) and html. Exit code 1 when an account could not be
    read; the others are in the file.
    """
    import asyncio

    from bulkops.cli.audit import Wanted, read_access

    return asyncio.run(
        read_access(
            Wanted(
                path=path,
                form=form,
                members_only=members_only,
                selection=selection,
                client_file=client_file,
                if_running=if_running or "fail",
                quiet=quiet,
            )
        )
    )


@audit.command("compare", cls=Verb, examples=["audit compare before.jsonl now.jsonl"])
@click.argument("before", metavar="BEFORE.jsonl", type=FileName(), help="The earlier audit.")
@click.argument("now", metavar="NOW.jsonl", type=FileName(), help="The later audit.")
def compare(before: str, now: str) -> int:
    """Show what changed between two audits.

    Shows access that was added or removed, and changed roles. Sends nothing. Exit codes as in diff: 0 no change, 1
    changes, 2 the files could not be compared.
    """
    from bulkops.audit import changes, read_audit

    found = list(changes(read_audit(before).rows, read_audit(now).rows))
    put("".join(f"{_line(change)}\n" for change in found) or "no change\n")
    return 1 if found else 0


def _line(change: Change) -> str:
    row = change.now
    role = row.role if change.kind != "changed" else f"{change.before} -> {row.role}"
    what = ", ".join(filter(None, (row.way, row.through, role, row.environment)))
    return one_line(f"{change.kind:<8} {row.account}: {row.person}: {what}")
