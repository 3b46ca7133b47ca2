"""When a run will end: the quotas bound it, so their arithmetic tells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import attrs

from bulkops.catalogue import CALLS
from bulkops.settings import Limit, Tuning

TYPICAL_IMPORT_POLLS = 4.0
LAST_IMPORT_POLLS = 15.0
"""How long an import takes, and how long the last ones keep a run waiting, in delays of a first poll, 2 s at the
vendor: imports take 2-20 s, a few up to a minute, and among the last of a fleet there is usually a slow one."""


@attrs.frozen(kw_only=True)
class Forecast:
    """`seconds` until the end, bound by `quota` (None: by the accounts' own time); `requests` by quota."""

    seconds: float
    quota: str | None
    requests: Mapping[str, float]


def by_quota(requests: Mapping[str, float]) -> dict[str, float]:
    """Requests of each quota, from requests of each call by catalogue id."""
    total: dict[str, float] = {}
    for call, count in requests.items():
        if count:
            total[CALLS[call].quota] = total.get(CALLS[call].quota, 0.0) + count
    return total


def forecast(
    requests: Mapping[str, float],
    *,
    accounts: int,
    concurrency: int,
    quotas: Mapping[str, Sequence[Limit]],
    tuning: Tuning,
    latency_s: float,
) -> Forecast:
    """How long `requests` (by call id, of all accounts) take.

    The first N requests of a quota leave at once, their slots come free together T after the replies, and so on: the
    last N or fewer leave after all full windows before them.
    The last account to leave the narrowest quota still has its own way to go. Args: latency_s: of one request.
    """
    counted = by_quota(requests)
    own_s = sum(requests.values()) / max(1, accounts) * latency_s
    first_poll_s = tuning.first_poll_s if requests.get("managed_users.imports.create") else 0.0
    bound_s, bound_by = accounts / concurrency * (own_s + TYPICAL_IMPORT_POLLS * first_poll_s), None
    if not tuning.unlimited:
        for name, count in counted.items():
            for limit in quotas.get(name, (Limit(60, 60.0),)):
                if limit.key is None:
                    allowed = max(1, int(limit.requests * tuning.share))
                    seconds = max(0, math.ceil(count / allowed) - 1) * (limit.window_s + latency_s)
                    if seconds > bound_s:
                        bound_s, bound_by = seconds, name
    if tuning.max_rate is not None and sum(counted.values()) / tuning.max_rate > bound_s:
        bound_s, bound_by = sum(counted.values()) / tuning.max_rate, "max_rate"
    tail_s = own_s + LAST_IMPORT_POLLS * first_poll_s
    return Forecast(seconds=bound_s + tail_s, quota=bound_by, requests=counted)
