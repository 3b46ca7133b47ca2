"""Handing a run over to workers: what they have to know about it beyond its record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import attrs

from bulkops.errors import RunAborted
from bulkops.journal import Journal, RunRecord, RunState
from bulkops.runs.halting import StopSignal


@attrs.frozen(kw_only=True)
class Request:
    """What workers are to do with the accounts that were handed over.

    `in_waves`: False for a retry; `approved`: see `Gate`; `state`, `reason`: of the run before; `at`: wall-clock
    seconds since the epoch.
    """

    in_waves: bool = True
    approved: int | None = None
    state: RunState = attrs.field(default=RunState.RUNNING, converter=RunState)
    reason: str | None = None
    at: float = attrs.field(factory=time.time)

    @classmethod
    def after(cls, record: RunRecord, *, in_waves: bool, approved: int | None) -> Request:
        """For a run that is in the journal."""
        return cls(in_waves=in_waves, approved=approved, state=record.state, reason=record.reason)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Request:
        return cls(**data)

    def to_mapping(self) -> dict[str, Any]:
        return attrs.asdict(self)


def refuse_stopped(stop_signal: StopSignal, run_id: str) -> None:
    """Raises: RunAborted when the run was stopped before workers have it."""
    if stop_signal.draining:
        raise RunAborted(
            f"{stop_signal.reason} before workers got run {run_id}", run_id=run_id, remedy="give the command again"
        )


async def live_workers(journal: Journal) -> int:
    """How many workers are alive; 0 for a journal in a directory. Raises: JournalError."""
    if not journal.has_shared_runs:
        return 0
    return sum(worker.state == "alive" for worker in await journal.shared_runs.workers())
