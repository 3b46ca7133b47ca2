"""When a request may leave, and when a failed one may leave again. Knows time, knows no HTTP."""

from bulkops.pacing.backoff import full_jitter
from bulkops.pacing.pacer import Pacer, Slot
from bulkops.pacing.quota import QuotaStatistics
from bulkops.pacing.retry import Failure, RetryBudget, may_resend
from bulkops.pacing.waiting import Priority

__all__ = [
    "Failure",
    "Pacer",
    "Priority",
    "QuotaStatistics",
    "RetryBudget",
    "Slot",
    "full_jitter",
    "may_resend",
]
