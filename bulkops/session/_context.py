"""`RequestContext` and `Response`: the two values that pass between a caller and the session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Final, Protocol, TypeAlias

import attrs

from bulkops.catalogue import Call
from bulkops.errors import ApiError, TaskFailed


class Heartbeat(Protocol):
    """A heartbeat: it must be on record before a request leaves, so that a later process can date a killed one."""

    @property
    def is_fresh(self) -> bool: ...

    async def until_fresh(self) -> None: ...


@attrs.define
class StepWrites:
    """The changing requests of one durable step.

    `writes`: those that were answered with success; `lost_writes`: those that may have had an effect and whose outcome
    is unknown; `left`: those that have left, except the ones that a 429 sent back. `waits`: requests that wait for a
    slot or for their next attempt; `unfinished`: those that have begun and not ended. `is_withdrawn`: none of them may
    leave any more.
    """

    writes: int = 0
    lost_writes: int = 0
    left: int = 0
    waits: int = 0
    unfinished: int = 0
    is_withdrawn: bool = False


StandIn: TypeAlias = Callable[[Call, Mapping[str, object], Mapping[str, object]], "Reply | None"]

_step: Final[ContextVar[StepWrites | None]] = ContextVar("bulkops_step", default=None)


class InStep:
    """Counts the changing calls of this task, and of those that it starts, as those of a step."""

    __slots__ = ("_counted", "_token")

    def __init__(self, counted: StepWrites) -> None:
        self._counted = counted

    def __enter__(self) -> None:
        self._token = _step.set(self._counted)

    def __exit__(self, *_: object) -> None:
        _step.reset(self._token)


@attrs.define
class RequestContext(StepWrites):
    """Context of requests: one per account task, shared by all its requests. The session increments the counters.

    `seq`: place in the inventory; `progress`: usable replies so far, polls left out (further along is served first);
    `accepted`: replies that are neither 401 nor 429; `stopped_by`: why the session sends nothing any more, as seen by a
    request of this scope; `away_s`: announced outages before its first request. The counters of `StepWrites` are those
    outside of durable steps; `before_write`: awaited before such a changing request is sent. `is_over`: the account's
    turn has ended, and no changing request may begin. `read_only`: only calls of
    retry class "idempotent" are let through (contract C8). `stand_in`: gets each call, with the values of its path and
    query, and may answer in the server's place; None: the call is sent. `deadline`: loop time after which nothing is
    sent any more. `tolerates_401`: a 401 concerns the call alone, not the token. `server_date`:
    Date header of the newest answer. `witness`: gets status, headers and body of each answer, whatever it means.
    """

    account: str | None = None
    seq: int = 0
    progress: int = 0
    accepted: int = 0
    stopped_by: ApiError | None = attrs.field(default=None, repr=False)
    away_s: float | None = attrs.field(default=None, repr=False, eq=False)
    read_only: bool = False
    stand_in: StandIn | None = attrs.field(default=None, repr=False, eq=False)
    deadline: float | None = None
    tolerates_401: bool = False
    server_date: str | None = None
    witness: Callable[[int, Mapping[str, str], bytes], object] | None = attrs.field(default=None, repr=False, eq=False)
    before_write: Callable[[], Awaitable[None]] | None = attrs.field(default=None, repr=False, eq=False)
    is_over: bool = False

    @property
    def counted(self) -> StepWrites:
        """The counters for writes of the current task."""
        return _step.get() or self

    async def about_to_write(self) -> None:
        """Raises: TaskFailed when the account's turn has ended: its outcome is journaled without this write."""
        if self.before_write is not None and _step.get() is None:
            await self.before_write()
        if self.is_over:
            raise TaskFailed(
                "the operation has ended, and left a task running that changes the account",
                failure_class="task-left-running",
                remedy="await the task in the operation",
            )

    @property
    def priority(self) -> tuple[int, int]:
        """Lower is served first (contract C2)."""
        return (-self.progress, self.seq)


@attrs.define(kw_only=True)  # not frozen: a frozen class pays twice for its constructor
class Reply:
    """A 2xx response, as bytes: `decode_object` and `decode_list` say what they mean.

    `sent_at`: loop time at which the request had left; `elapsed_s`: from there to the end of the body, this attempt
    only; `path`: without the query; `location`: where a file is that this answer is not, unchecked; `one_line`: makes
    the server's words safe to show, without the token.
    """

    status: int
    body: bytes = attrs.field(repr=False)
    call: Call
    account: str | None
    request_id: str
    attempt: int
    elapsed_s: float
    sent_at: float
    path: str
    location: str | None = attrs.field(default=None, repr=False)
    one_line: Callable[[str], str] = attrs.field(repr=False, eq=False)
