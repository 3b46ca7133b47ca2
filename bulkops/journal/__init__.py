"""The record of runs: intents, results and outcomes. In SQLite or PostgreSQL."""

from bulkops.clock import Instant
from bulkops.journal.journal import Journal
from bulkops.journal.location import DEFAULT_DIRECTORY, AnyLocation, Location
from bulkops.journal.packed import Packed
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
    parts_of,
    tenant,
)
from bulkops.journal.run_ids import new_run_id

__all__ = [
    "DEFAULT_DIRECTORY",
    "REMARKS",
    "AccountResult",
    "AccountRow",
    "AccountTiming",
    "AnyLocation",
    "EventRow",
    "Instant",
    "InventoryRow",
    "Journal",
    "Location",
    "Packed",
    "RunRecord",
    "RunState",
    "StepRow",
    "StepState",
    "StepTiming",
    "new_run_id",
    "parts_of",
    "tenant",
]
