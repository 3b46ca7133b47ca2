"""Load the report of a run from its journal."""

from __future__ import annotations

import time
from typing import Final

from bulkops.errors import JournalCorrupt
from bulkops.journal import Journal, RunRecord, RunState
from bulkops.journal.event_kinds import EXPLORED
from bulkops.report.model import Details, Report
from bulkops.report.quota_usage import read_explored

_DIED: Final = "the process that worked on it died"


async def load_report(journal: Journal, run_id: str | None = None, *, detailed: bool = False) -> Report:
    """The report of a run (its id or the start of it; None: the newest), also while the run is on.

    A run whose process died without a word is reported as interrupted: it can be resumed like one.
    `detailed`: read what HTML shows beyond the answers too: every step of every account.

    Raises: JournalError when there is no such run; JournalCorrupt when accounts are missing from the journal.
    """
    record = await journal.get_run(run_id)
    died = False
    if record.state is RunState.RUNNING and not await journal.is_locked(record.run_id):
        record = await journal.get_run(record.run_id)  # it may have ended between the two looks
        died = record.state is RunState.RUNNING
    why = "no worker is alive" if died and await is_handed_over(journal, record.run_id) else _DIED
    accounts = await journal.all_accounts(record.run_id)
    if len(accounts) != record.inventory_count:
        raise JournalCorrupt(
            f"the journal has {len(accounts)} accounts of run {record.run_id}, "
            f"but the run began with {record.inventory_count}",
            remedy="restore the journal directory from a backup",
        )
    return Report(
        run_id=record.run_id,
        state=RunState.INTERRUPTED if died else record.state,
        reason=why if died else record.reason,
        title=record.title,
        host=record.host,
        workspace=record.workspace,
        created_at=record.created_at,
        ended_at=await journal.last_seen_at(record.run_id) if died else record.ended_at,
        between_s=await journal.between_s(record.run_id),
        as_of=time.time(),
        journal=journal.location.argument,
        accounts=accounts,
        explored=read_explored(await journal.events(record.run_id, kind=EXPLORED)),
        details=await _details(journal, record) if detailed else None,
    )


async def is_handed_over(journal: Journal, run_id: str) -> bool:
    """Whether workers have still to end the run, also while none is alive."""
    return journal.has_shared_runs and await journal.shared_runs.is_handed_over(run_id)


async def _details(journal: Journal, record: RunRecord) -> Details:
    return Details(
        record=record, events=await journal.events(record.run_id), steps=await journal.step_marks(record.run_id)
    )
