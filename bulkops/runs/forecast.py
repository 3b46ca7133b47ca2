"""When a run will end: the quotas bound it, so their arithmetic tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from bulkops.catalogue import CALLS
from bulkops.settings import Limit, Tuning

TYPICAL_IMPORT_POLLS = 4.0
"""An import takes about four times the first poll's delay (the vendor's take 2-20 s, a first poll comes after 2 s)."""


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

    The first N requests of a quota leave at once; every further one waits for a slot, which is free T after a reply.
    The last account to leave the narrowest quota still has its own way to go. Args: latency_s: of one request.
    """
    counted = by_quota(requests)
    own_s = 0.0
    if accounts:
        own_s = sum(requests.values()) / accounts * latency_s
        if requests.get("managed_users.imports.create"):
            own_s += TYPICAL_IMPORT_POLLS * tuning.first_poll_s
    bound_s, bound_by = accounts * own_s / concurrency, None
    if not tuning.unlimited:
        for name, count in counted.items():
            for limit in quotas.get(name, (Limit(60, 60.0),)):
                if limit.key is None:
                    allowed = max(1, int(limit.requests * tuning.share))
                    seconds = max(0.0, count / allowed - 1) * (limit.window_s + latency_s)
                    if seconds > bound_s:
                        bound_s, bound_by = seconds, name
    if tuning.max_rate is not None and sum(counted.values()) / tuning.max_rate > bound_s:
        bound_s, bound_by = sum(counted.values()) / tuning.max_rate, "max_rate"
    return Forecast(seconds=bound_s + own_s, quota=bound_by, requests=counted)
