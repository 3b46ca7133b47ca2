"""The record of runs in SQLite: intents, results and outcomes."""

from bulkops.clock import Clock, Instant
from bulkops.journal.journal import Journal
from bulkops.journal.records import (
    REMARKS,
    AccountResult,
    AccountRow,
    AccountTiming,
    EventRow,
    InventoryRow,
    RunRecord,
    RunState,
    StepRow,
    StepState,
    StepTiming,
    tenant,
)
from bulkops.journal.run_ids import new_run_id
from bulkops.journal.schema import compact

__all__ = [
    "REMARKS",
    "AccountResult",
    "AccountRow",
    "AccountTiming",
    "Clock",
    "EventRow",
    "Instant",
    "InventoryRow",
    "Journal",
    "RunRecord",
    "RunState",
    "StepRow",
    "StepState",
    "StepTiming",
    "compact",
    "new_run_id",
    "tenant",
]
