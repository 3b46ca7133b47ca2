"""Events of a run as log lines: the end of each account, waves and gates, states, quotas that closed."""

from __future__ import annotations

import atexit
import logging
from typing import Final

from bulkops.events import AccountEnded, Event, HostClosed, Observer, QuotaChanged, RunChanged, WaveChanged, guarded
from bulkops.logs import get_logger

_NAME: Final = "bulkops.run"


def with_telemetry(observe: Observer) -> Observer:
    """`observe`, and OpenTelemetry beside it in a process that was given a provider (by `opentelemetry-instrument`)."""
    from bulkops.telemetry import of_this_process

    telemetry = of_this_process()
    if telemetry is None:
        return observe
    atexit.register(telemetry.close)  # before the provider's own, which sends what has ended
    tell = guarded(telemetry)

    def both(event: Event) -> None:
        observe(event)
        tell(event)

    return both


def with_log(observe: Observer) -> Observer:
    """`observe`, plus the log if level info is enabled."""
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
            case HostClosed(seconds=seconds, said=said):
                log.info("host", change="closed", for_s=seconds, said=said)
            case QuotaChanged(change="closed" | "shrunk" as change, quota=quota, allowed=allowed, limit=limit):
                log.info("quota", quota=quota, change=change, allowed=allowed, limit=limit)
            case _:
                pass

    return both
