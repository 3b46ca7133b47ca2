"""One account under one operation: the author's `Context`, and the engine's record of its steps (C5)."""

from bulkops.steps.context import Context, log_of, memory_of, tuning_of
from bulkops.steps.effect import Effect, Intent, Offline, Probe
from bulkops.steps.log import StepLog, StoppedBetween
from bulkops.steps.memory import AccountMemory
from bulkops.steps.rehearsal import Rehearsal, is_planned, phrases, planned_id

__all__ = [
    "AccountMemory",
    "Context",
    "Effect",
    "Intent",
    "Offline",
    "Probe",
    "Rehearsal",
    "StepLog",
    "StoppedBetween",
    "is_planned",
    "log_of",
    "memory_of",
    "phrases",
    "planned_id",
    "tuning_of",
]
