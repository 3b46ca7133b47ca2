"""Rows of the journal, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import attrs

from bulkops.outcome import Outcome

NAMED: Final = ("customer", "name")
"""Kind and key of the fact with an account's display name."""

_CHAINS: Final = frozenset({"chain", "rollout"})
"""Names of the operations that are recorded as their parts."""


class RunState(StrEnum):
    RUNNING = "running"
    """A process works on it, or died while it did; the lock shows which."""
    FINISHED = "finished"
    """Every selected account has ended."""
    HALTED = "halted"
    """max_failures, the breaker or the run's deadline stopped it."""
    PAUSED = "paused"
    """A gate waits for an answer."""
    INTERRUPTED = "interrupted"
    """Ctrl-C or SIGTERM."""
    AUTH_FAILED = "auth_failed"
    """The vendor refused the token."""
    PARTIAL = "partial"
    """A resume of selected accounts has ended; others are left."""


class StepState(StrEnum):
    INTENT = "intent"
    """Durable before the effect's request; its outcome is not known yet."""
    DONE = "done"
    FAILED = "failed"
    """Known not to have happened, or undone: the step may run again."""


REMARKS: Final = "remarks"


def tenant(host: str, workspace: str | None) -> str:
    """The name under which an account's facts are kept. Two workspaces of one host may both have an account `EORG-7`.

    >>> tenant("https://www.workato.com", "17293")
    'https://www.workato.com workspace 17293'
    """
    return host if workspace is None else f"{host} workspace {workspace}"


@attrs.frozen(kw_only=True)
class RunRecord:
    """One run. Times are wall-clock seconds since the epoch; mappings are plain JSON data without secrets.

    `operation`: {"name", "parameters", "digest"}; `title`: for display; `host`: base URL; `workspace`: id of
    the partner's workspace on it, None when the token may not read it;
    `pid` and `last_beat_at`: of the newest process that worked on it.
    """

    run_id: str
    created_at: float
    title: str
    operation: Mapping[str, Any]
    host: str
    workspace: str | None = None
    inventory_hash: str
    inventory_count: int
    policy: Mapping[str, Any]
    tuning: Mapping[str, Any]
    state: RunState = RunState.RUNNING
    reason: str | None = None
    pid: int | None = None
    last_beat_at: float | None = None
    ended_at: float | None = None

    @property
    def tenant(self) -> str:
        """See `tenant`."""
        return tenant(self.host, self.workspace)


def parts_of(operation: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """The parts of a recorded chain. None: it is another operation, also one with its own parameter `operations`."""
    parameters = operation.get("parameters")
    if operation.get("name") not in _CHAINS or not isinstance(parameters, Mapping):
        return None
    parts = parameters.get("operations")
    is_chain = isinstance(parts, list) and all(isinstance(part, Mapping) and "parameters" in part for part in parts)
    return parts if is_chain else None


@attrs.frozen(kw_only=True)
class InventoryRow:
    """An account as the user named it (id or E-id) and its parameters: the other columns of the account file.

    `name`: of the customer, empty if unknown.
    """

    seq: int
    account: str
    params: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    name: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class AccountRow:
    """The result of an account. `outcome` is the effective one: an account that was started by a process that
    died counts as unknown when an intent is open, else as cancelled. `name`: of the customer, as the newest run of
    this journal knew it."""

    seq: int
    account: str
    params: Mapping[str, str] = attrs.field(repr=False)
    outcome: Outcome
    failure_class: str | None = None
    cause: str | None = None
    reason: str | None = None
    remedy: str | None = None
    detail: Mapping[str, Any] = attrs.field(factory=dict)
    started_at: float | None = None
    ended_at: float | None = None
    name: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class AccountTiming:
    """Start or end of an account, for the progress of a run. `outcome` None: it is in progress."""

    seq: int
    account: str
    outcome: Outcome | None
    cause: str | None
    started_at: float | None
    ended_at: float | None


@attrs.frozen(kw_only=True)
class AccountResult:
    """How an account ended; what `Journal.end_account` stores. `detail`: under `REMARKS` what reports tell of accounts
    that are done."""

    outcome: Outcome
    failure_class: str | None = None
    cause: str | None = None
    reason: str | None = None
    remedy: str | None = None
    detail: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.define(kw_only=True)  # not frozen: a frozen class pays twice for its constructor
class StepRow:
    """One durable step of one account. `data`: recorded with the intent; `result`: JSON of the answer.

    `began_age_s`: seconds since the latest moment at which the request of an open intent can have left: the last
    heartbeat of the process that wrote it. `changed`: whether the step's effect changes the account.
    """

    step: str
    state: StepState
    data: Any
    result: Any
    changed: bool
    began_age_s: float


@attrs.frozen(kw_only=True)
class StepTiming:
    """That an account of a run began a step, for telling what took how long. `began_at`: wall-clock seconds since the
    epoch; two marks of one process differ by true time, also when the wall clock was set meanwhile."""

    seq: int
    step: str
    state: StepState
    changed: bool
    began_at: float


@attrs.frozen(kw_only=True)
class EventRow:
    """Something that happened to a run. `at`: wall-clock seconds since the epoch; `data`: JSON data."""

    at: float
    kind: str
    data: Any
