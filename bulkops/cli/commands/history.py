"""`bulkops history`: one account across the runs of a journal. Sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.listing import read_journal, table, utc_words
from bulkops.cli.options import journal_option
from bulkops.cli.terminal import one_line, put
from bulkops.errors import InputError

if TYPE_CHECKING:
    from bulkops.journal import AccountRow, Location, RunRecord

_REASON = 120
"""Characters of a reason in the table; JSON has all of it."""


@click.command("history", cls=Verb, examples=["history 4100231", "history EORG-7 --json"])
@click.argument("account", metavar="ACCOUNT", help="Account id as in the runs: a number, or E and the external id.")
@option("--json", "as_json", is_flag=True, help="One JSON array, newest run first.")
@journal_option
def history(account: str, as_json: bool, journal: Location) -> int:
    """Show one account across all runs of a journal.

    Newest run first. An account that runs named by id and by external id has two histories.
    """
    found = read_journal(journal, lambda opened: opened.history(account.strip())) if journal.exists() else []
    if not found:
        raise InputError(
            f"no run of {journal} has account {account}",
            remedy="use the id from the runs, or E and the external id: see `bulkops report --ids`",
        )
    put(_as_json(found) if as_json else _as_table(found), json=as_json)
    return 0


def _as_table(found: Sequence[tuple[RunRecord, AccountRow]]) -> str:
    rows = [
        (
            record.run_id,
            utc_words(row.started_at or record.created_at),
            row.outcome.words,
            one_line(record.title),
            one_line(row.reason or "")[:_REASON],
        )
        for record, row in found
    ]
    return table([("RUN", "AT", "OUTCOME", "WHAT", "REASON"), *rows])


def _as_json(found: Sequence[tuple[RunRecord, AccountRow]]) -> str:
    from bulkops.report.json_csv import account_object, array, utc

    objects = (
        {
            "run": record.run_id,
            "created_at": utc(record.created_at),
            "title": record.title,
            "host": record.host,
            "workspace": record.workspace,
            **account_object(row),
        }
        for record, row in found
    )
    return f"{array(objects)}\n"
