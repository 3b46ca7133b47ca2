"""What happens, as frozen records. Observers (journal, live view, log) subscribe; nobody here knows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import attrs

from bulkops.logs import get_logger
from bulkops.outcome import Outcome

log = get_logger("bulkops.events")


@attrs.frozen(kw_only=True)
class AttemptEnded:
    """One HTTP attempt. `status` None: no usable answer, `error` says why. Times are seconds.

    `waited_s`: for the quota and the smoother; `latency_s`: from leaving to the end of the reply.
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


@attrs.frozen(kw_only=True)
class QuotaChanged:
    """A quota opened wider, closed, shrank or grew (contract C3). `allowed`: slots now, of `limit`."""

    quota: str
    change: Literal["grown", "closed", "reopened", "shrunk", "opened"]
    allowed: int
    limit: int
    closed_for_s: float = 0.0


@attrs.frozen(kw_only=True)
class HostClosed:
    """The host has announced an outage of `seconds`: nothing is sent before it is over. `said`: in its words."""

    seconds: float
    said: str


@attrs.frozen(kw_only=True)
class StepEnded:
    """A durable step was begun (`intent`), or it is known what came of it; what is in the journal already."""

    account: str
    step: str
    state: Literal["intent", "done", "failed"]


@attrs.frozen(kw_only=True)
class AccountStarted:
    account: str
    seq: int


@attrs.frozen(kw_only=True)
class AccountEnded:
    account: str
    seq: int
    outcome: Outcome
    cause: str | None
    elapsed_s: float


@attrs.frozen(kw_only=True)
class WaveChanged:
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


@attrs.frozen(kw_only=True)
class RunChanged:
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
    """The observer of those who did not bring one."""


def guarded(observe: Observer) -> Observer:
    """`observe`, whose own failure changes nothing of what it looks at: it is logged, and told nothing more."""
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
