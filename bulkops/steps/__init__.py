"""One account under one operation: the author's `Context`, and the engine's record of its steps (C5)."""

from bulkops.steps.context import Context, log_of, memory_of, tuning_of
from bulkops.steps.effect import Effect, Intent, Probe
from bulkops.steps.log import StepLog, StoppedBetween
from bulkops.steps.memory import AccountMemory
from bulkops.steps.rehearsal import Rehearsal, phrases

__all__ = [
    "AccountMemory",
    "Context",
    "Effect",
    "Intent",
    "Probe",
    "Rehearsal",
    "StepLog",
    "StoppedBetween",
    "log_of",
    "memory_of",
    "phrases",
    "tuning_of",
]
