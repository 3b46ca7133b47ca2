"""Halting: rules (failure limit, breaker), gates and stop signal of a run, and admission of accounts (C7)."""

from bulkops.runs.halting.admission import Admission, most_admitted
from bulkops.runs.halting.counted_admission import CountedAdmission
from bulkops.runs.halting.deadline import Deadline
from bulkops.runs.halting.failure_limit_and_breaker import Breaker, FailureLimit, HaltRules
from bulkops.runs.halting.gates import Check, Gate, GateVerdict, WaveResult, passed_gates, waiting_gate
from bulkops.runs.halting.halt import Halt, Turn
from bulkops.runs.halting.stop_signal import StopSignal

__all__ = [
    "Admission",
    "Breaker",
    "Check",
    "CountedAdmission",
    "Deadline",
    "FailureLimit",
    "Gate",
    "GateVerdict",
    "Halt",
    "HaltRules",
    "StopSignal",
    "Turn",
    "WaveResult",
    "most_admitted",
    "passed_gates",
    "waiting_gate",
]
