"""The record of a run in SQLite: what was intended, what was tried, what became of it."""

from bulkops.clock import Clock, Instant
from bulkops.journal.journal import Journal
from bulkops.journal.records import (
    REMARKS,
    AccountMark,
    AccountRow,
    Ending,
    EventRow,
    InventoryRow,
    RunRecord,
    RunState,
    StepMark,
    StepRow,
    StepState,
)
from bulkops.journal.run_ids import new_run_id
from bulkops.journal.schema import compact

__all__ = [
    "REMARKS",
    "AccountMark",
    "AccountRow",
    "Clock",
    "Ending",
    "EventRow",
    "Instant",
    "InventoryRow",
    "Journal",
    "RunRecord",
    "RunState",
    "StepMark",
    "StepRow",
    "StepState",
    "compact",
    "new_run_id",
]
