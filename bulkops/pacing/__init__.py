"""Pacing: when a request may leave, and when a failed one may leave again. Independent of HTTP."""

from bulkops.pacing.backoff import full_jitter
from bulkops.pacing.exploration import Explored
from bulkops.pacing.key_queue import LAST_PLACE
from bulkops.pacing.limits import Limits
from bulkops.pacing.pacer import Pacer
from bulkops.pacing.quota import Quota
from bulkops.pacing.recorded_quota import LONGEST_DIVIDED_S, Full, HeldSlot, Settle, SlotRecorder, is_recorded
from bulkops.pacing.refusal_cause import WindowUsage
from bulkops.pacing.retry_budget import RetryBudget
from bulkops.pacing.slot import Slot
from bulkops.pacing.slots_in_hand import HORIZON_S, SharedQuota, SharedWidth
from bulkops.pacing.snapshot import QuotaSnapshot, QuotaStatistics
from bulkops.pacing.wakeable_sleep import WakeableSleep
from bulkops.pacing.window import window_length_s

__all__ = [
    "HORIZON_S",
    "LAST_PLACE",
    "LONGEST_DIVIDED_S",
    "Explored",
    "Full",
    "HeldSlot",
    "Limits",
    "Pacer",
    "Quota",
    "QuotaSnapshot",
    "QuotaStatistics",
    "RetryBudget",
    "Settle",
    "SharedQuota",
    "SharedWidth",
    "Slot",
    "SlotRecorder",
    "WakeableSleep",
    "WindowUsage",
    "full_jitter",
    "is_recorded",
    "window_length_s",
]
