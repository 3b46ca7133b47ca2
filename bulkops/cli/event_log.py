"""What happens in a run, as log lines: the end of each account, waves and gates, states, quotas that closed."""

from __future__ import annotations

import logging
from typing import Final

from bulkops.events import AccountEnded, Event, Observer, QuotaChanged, RunChanged, WaveChanged
from bulkops.logs import get_logger

_NAME: Final = "bulkops.run"


def with_log(observe: Observer) -> Observer:
    """`observe`, and the log beside it if anybody wants it at level info."""
    if not logging.getLogger(_NAME).isEnabledFor(logging.INFO):
        return observe
    log = get_logger(_NAME)

    def both(event: Event) -> None:
        observe(event)
        match event:
            case AccountEnded(account=account, outcome=outcome, cause=cause, elapsed_s=elapsed_s):
                log.info("account", account=account, outcome=outcome.value, cause=cause, elapsed_s=round(elapsed_s, 3))
            case WaveChanged(run_id=run_id, number=number, of=of, size=size, state=state, reason=reason):
                log.info("wave", run=run_id, wave=number, of=of, size=size, state=state, reason=reason)
            case RunChanged(run_id=run_id, state=state, reason=reason):
                log.info("run", run=run_id, state=state, reason=reason)
            case QuotaChanged(change="closed" | "shrunk" as change, quota=quota, allowed=allowed, limit=limit):
                log.info("quota", quota=quota, change=change, allowed=allowed, limit=limit)
            case _:
                pass

    return both
