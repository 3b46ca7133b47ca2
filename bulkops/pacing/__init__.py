"""When a request may leave, and when a failed one may leave again. Knows time, knows no HTTP."""

from bulkops.pacing.adaptation import OPENING_GROWTH, OPENING_SHARE
from bulkops.pacing.backoff import full_jitter
from bulkops.pacing.pacer import Pacer
from bulkops.pacing.quota import QuotaStatistics
from bulkops.pacing.retry import Failure, RetryBudget, may_resend
from bulkops.pacing.slot import Slot
from bulkops.pacing.standing import QuotaStanding
from bulkops.pacing.waiting import Priority
from bulkops.pacing.window import window_length_s

__all__ = [
    "OPENING_GROWTH",
    "OPENING_SHARE",
    "Failure",
    "Pacer",
    "Priority",
    "QuotaStanding",
    "QuotaStatistics",
    "RetryBudget",
    "Slot",
    "full_jitter",
    "may_resend",
    "window_length_s",
]
