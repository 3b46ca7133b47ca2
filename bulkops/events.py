"""Events of a run and its session, as frozen records for observers: journal, live view, log.

Structs of msgspec, because each request makes one: an attrs class takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from bulkops.logs import get_logger
from bulkops.outcome import Outcome

log = get_logger("bulkops.events")


class AttemptEnded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One HTTP attempt. `status` None: no usable response, and `error` says why. Times are seconds. `waited_s`: for the
    quota and the rate limiter; `latency_s`: from leaving to the end of the response. `request_id` is sent as the
    correlation id; `correlation_id`: the server's own where it has another one.
    """

    request_id: str
    call: str
    account: str | None
    quota: str
    attempt: int
    waited_s: float
    latency_s: float
    status: int | None
    error: str | None
    correlation_id: str | None = None


class QuotaChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A quota opened wider, closed, was narrowed or widened (contract C3). `allowed`: slots now, of `limit`."""

    quota: str
    change: Literal["grown", "closed", "reopened", "shrunk", "opened"]
    allowed: int
    limit: int
    closed_for_s: float = 0.0


class HostClosed(msgspec.Struct, frozen=True, kw_only=True):
    """The host has announced an outage of `seconds`: nothing is sent before it is over. `said`: its message."""

    seconds: float
    said: str


class StepEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A durable step has begun (`intent`), or its outcome is known. It is in the journal already."""

    account: str
    step: str
    state: Literal["intent", "done", "failed"]


class AccountStarted(msgspec.Struct, frozen=True, kw_only=True):
    account: str
    seq: int


class AccountEnded(msgspec.Struct, frozen=True, kw_only=True):
    account: str
    seq: int
    outcome: Outcome
    cause: str | None
    elapsed_s: float


class WaveChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Wave `number` of `of` started with `size` accounts, or its gate was judged.

    `taken`: how many of them this process takes up, when a wave starts.
    """

    run_id: str
    number: int
    of: int
    size: int
    state: Literal["started", "pass", "fail", "inconclusive"]
    reason: str | None = None
    taken: int | None = None


class RunChanged(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: running, draining (nothing new starts), or how it ended: finished, halted, paused,
    interrupted, auth_failed, partial."""

    run_id: str
    state: str
    reason: str | None = None


Event: TypeAlias = (
    AttemptEnded | QuotaChanged | HostClosed | StepEnded | AccountStarted | AccountEnded | WaveChanged | RunChanged
)
Observer: TypeAlias = Callable[[Event], None]


def ignore(_: Event) -> None:
    """The default observer: it ignores every event."""


def guarded(observe: Observer) -> Observer:
    """`observe`, isolated: if it fails, the failure is logged and it gets no further events."""
    if observe is ignore or isinstance(observe, _Guarded):
        return observe
    return _Guarded(observe)


class _Guarded:
    def __init__(self, observe: Observer) -> None:
        self._observe = observe

    def __call__(self, event: Event) -> None:
        try:
            self._observe(event)
        except Exception:
            self._observe = ignore
            log.warning("observer.failed", told=type(event).__name__, exc_info=True)
