"""What an operation holds while it works on one account: the account's API, its parameters, durable steps (C5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import anyio
import attrs
import msgspec

from bulkops.catalogue import CALLS
from bulkops.client import Account
from bulkops.errors import (
    ApiError,
    BulkopsError,
    ConnectFailed,
    OutcomeUnknown,
    ServerError,
    StatusError,
    TaskFailed,
    TaskUnknown,
    WouldChange,
)
from bulkops.events import Observer, StepEnded, ignore
from bulkops.journal import REMARKS, Journal, StepRow, StepState
from bulkops.logs import get_logger
from bulkops.session import StepWrites, in_step
from bulkops.settings import Tuning

log = get_logger("bulkops.steps")

MAX_SENDINGS: Final = 5
"""How often one step is sent when looking shows each time that it did not happen."""

_BARE: Final = "(without a step)"
"""The step that stands for all writes of an account that an operation sends outside of steps."""

_WORKED_ON: Final = "accounts of earlier runs"

_KEPT_S: Final = 600.0
"""A run that shares its quotas with others takes seconds; one that is suspended takes for ever."""


@attrs.frozen(kw_only=True)
class Intent:
    """What a probe may go by. `data`: what `step(data=...)` noted before the request left; `age_s`: seconds since the
    request can have left at the latest."""

    data: Any
    age_s: float


Probe: TypeAlias = Callable[[Intent], Awaitable[Any]]


class Context:
    """One account under one operation of one run.

    `account`: its API, bound to the run's quotas and order; `params`: the other columns of the account file;
    `detail`: JSON data an operation wants to see in the report; `shared`: what the accounts of a run have in
    common, in memory only.
    """

    def __init__(
        self,
        *,
        account: Account,
        params: Mapping[str, str],
        journal: Journal,
        run_id: str,
        seq: int,
        tuning: Tuning,
        host: str,
        steps: Mapping[str, StepRow],
        shared: dict[str, Any] | None = None,
        observe: Observer = ignore,
    ) -> None:
        self.account = account
        self.params = params
        self.tuning = tuning
        self.detail: dict[str, Any] = {}
        self.shared: dict[str, Any] = {} if shared is None else shared
        self._cache: dict[str, Any] = {}
        self._journal = journal
        self._observe = observe
        self._run_id = run_id
        self._seq = seq
        self._host = host
        self._prefix = ""
        self._steps = dict(steps)
        self._open = {name for name, row in steps.items() if row.state is StepState.INTENT}
        self._changed = any(row.changed for row in steps.values())
        self._bare_changed = _BARE in self._open or (_BARE in steps and steps[_BARE].changed)
        self._bare_left_open = _BARE in self._open
        self._bare_noted = False
        self._noting = anyio.Lock()
        account.scope.before_write = self._note_bare

    @property
    def planning(self) -> bool:
        """Whether this is a plan: nothing may be written, and `step` raises WouldChange."""
        return self.account.scope.read_only

    @property
    def changed(self) -> bool:
        """Whether this run, in any of its processes, had an effect on the account.

        Steps say so themselves; outside of steps, every write that was answered with success counts.
        """
        return self._changed or self.account.scope.writes > 0

    @property
    def has_steps(self) -> bool:
        """Whether this run, in any of its processes, began a step on the account."""
        return any(name != _BARE for name in (*self._steps, *self._open))

    @property
    def is_untouched(self) -> bool:
        """Whether this run, in any of its processes, neither began a step on the account nor wrote without one, and
        this process had no answer about it."""
        began = any(name != _BARE or row.state is not StepState.FAILED for name, row in self._steps.items())
        return not (began or self._open or self.account.scope.accepted)

    @property
    def left_open(self) -> str | None:
        """What may have happened without anybody knowing, in words: steps, or a write outside of them."""
        return ", ".join(sorted("a change" if name == _BARE else name for name in self._open)) or None

    @property
    def cache(self) -> dict[str, Any]:
        """What operations of one chain share about this account, in memory only (a folder's id by its name)."""
        return self._cache

    def remark(self, words: str, here: str | None = None) -> None:
        """Have the report tell something of the account that is no failure. `words`: the same for all such accounts;
        `here`: what it means for this one."""
        self.detail.setdefault(REMARKS, []).append({"words": words} | ({} if here is None else {"here": here}))

    def enter(self, prefix: str) -> None:
        """Put the steps that follow under `prefix`: an operation of a chain does not meet another's names."""
        self._prefix = prefix

    def began(self, name: str) -> bool:
        """Whether an earlier process began this step and left its result unknown."""
        return self._prefix + name in self._open

    def result(self, name: str) -> Any:
        """The journaled result of a finished step, or None."""
        row = self._steps.get(self._prefix + name)
        return row.result if row is not None and row.state is StepState.DONE else None

    def noted(self, name: str) -> Any:
        """What `step(data=...)` noted before the step was begun, in this process or an earlier one; or None."""
        row = self._steps.get(self._prefix + name)
        return row.data if row is not None else None

    async def done_in(self, run_id: str) -> dict[str, StepRow]:
        """The account's steps that another run finished with an effect, by name, in the order they were begun."""
        rows = await self._journal.steps_of(run_id, self.account.id)
        return {
            name: row for name, row in rows.items() if row.state is StepState.DONE and row.changed and name != _BARE
        }

    async def was_worked_on(self) -> bool:
        """Whether a run of this journal has changed the account before, or found it as it should be: it was there."""
        if _WORKED_ON not in self.shared:
            self.shared[_WORKED_ON] = await self._journal.worked_on(self._host)
        return self.account.id in self.shared[_WORKED_ON]

    async def recall(self, kind: str, key: str) -> Any:
        """What an earlier run of this journal remembered about the account, or None."""
        return await self._journal.get_fact(self._host, self.account.id, kind, key)

    async def remember(self, kind: str, key: str, value: Any) -> None:
        """Keep a JSON value about the account for later runs of this journal."""
        await self._journal.put_fact(self._host, self.account.id, kind, key, msgspec.to_builtins(value))

    @asynccontextmanager
    async def alone_with(self, name: str) -> AsyncIterator[None]:
        """While inside, no other run of this user's, in whatever journal, is inside with the same name on this host.

        For what the vendor replaces as a whole: read it, merge, write it. Other machines know nothing of this.
        Raises: TaskFailed when another keeps it for minutes.
        """
        async with self._journal.alone_with(self._host, name, within_s=_KEPT_S) as is_mine:
            if not is_mine:
                raise TaskFailed(
                    f"another run of yours has been at the {name} for {_KEPT_S:g} s",
                    failure_class="kept-by-another",
                    remedy="see whether it was suspended, then `bulkops retry`",
                )
            yield

    async def step(
        self,
        name: str,
        fn: Callable[[], Awaitable[Any]],
        *,
        probe: Probe | None = None,
        repeatable: bool = False,
        data: Any = None,
        changes: bool = True,
        check: str | None = None,
    ) -> Any:
        """Do one effect exactly once, whatever dies in between; the JSON data that `fn` returned, from now or then.

        A finished step answers from the journal. Before `fn` runs an intent is durable; an intent without result
        (a killed process, a lost reply) is settled by `probe` before anything is sent again.

        Args:
            name: unique within the operation and account.
            fn: sends the request; returns JSON data.
            probe: looks whether the effect happened; returns the step's result, or None for "it did not". What it
                finds is final; nothing found counts only when the request cannot be running any more
                (`server_timeout_s` after it can have left): then it is asked again. May raise TaskUnknown.
            repeatable: `fn` may run again when nobody can tell (setting a state twice is harmless).
            data: JSON data to remember with the intent, for the probe.
            changes: False for steps that change nothing for the customer.
            check: what a person should look at when nobody can tell.
        Raises: TaskUnknown when the effect is unknown and nothing can settle it; what `fn` raised otherwise.
        """
        key = self._prefix + name
        data = msgspec.to_builtins(data)
        row = self._steps.get(key)
        if row is not None and row.state is StepState.DONE:
            return row.result
        if self.planning:
            raise WouldChange(name)
        if row is not None and row.state is StepState.INTENT:
            found = await self._settle(key, Intent(data=row.data, age_s=row.began_age_s), probe, repeatable, check)
            if found is not None:
                return await self._finish(key, found, changes, row.data)
            data = row.data  # nothing happened since: the state noted then is the one before the effect
        lost: BulkopsError | None = None
        for _ in range(MAX_SENDINGS):
            await self._begin(key, data)
            sent = StepWrites()
            try:
                with in_step(sent):
                    result = await fn()
            except BulkopsError as error:
                is_refused = not may_have_happened(error)
                if is_refused and not (isinstance(error, ApiError) and (sent.writes or sent.lost_writes)):
                    await self._end(key, StepState.FAILED)
                    raise
                if is_refused and sent.writes:
                    raise  # one request of several had its effect: the intent stays, and whoever resumes looks
                log.debug("step.unknown", account=self.account.id, step=key, error=str(error))
                intent = Intent(data=data, age_s=_age_s(error))
                found = await self._settle(key, intent, probe, repeatable, check, error)
                if found is not None:
                    return await self._finish(key, found, changes, data)
                if is_refused:
                    raise  # an earlier sending was lost, came to nothing, and this one was refused
                lost = error
            else:
                return await self._finish(key, result, changes, data)
        raise TaskFailed(
            f"{key!r} was sent {MAX_SENDINGS} times and never happened; the last time: {lost}",
            failure_class="never-happened",
            cause=f"{key!r} was sent {MAX_SENDINGS} times and never happened",
            remedy="`bulkops retry` sends it again",
        ) from lost

    async def void(self, name: str) -> None:
        """Take a finished step back: its effect is known to have come to nothing, and it may run again."""
        await self._end(self._prefix + name, StepState.FAILED)

    async def settle_writes(self, *, ended_well: bool) -> None:
        """Write down what came of the writes outside of steps; the last thing that an account's turn does here.

        One of which nobody saw the end stays open. So does one of an earlier process, until the operation, run again,
        ends well.
        """
        scope = self.account.scope
        scope.before_write = None  # and the scope keeps this context alive no longer
        if _BARE not in self._open or scope.lost_writes or (self._bare_left_open and not ended_well):
            return
        changed = scope.writes > 0 or self._bare_changed
        self._changed = self._changed or changed
        await self._end(_BARE, StepState.DONE if changed else StepState.FAILED, changed=changed)

    async def _note_bare(self) -> None:
        """Before a write outside of steps: the process may be killed while it is on its way."""
        async with self._noting:
            if not self._bare_noted:
                await self._begin(_BARE, None)
                self._bare_noted = True

    async def _settle(
        self,
        key: str,
        intent: Intent,
        probe: Probe | None,
        repeatable: bool,
        check: str | None,
        error: BulkopsError | None = None,
    ) -> Any:
        """The effect's result if it happened, None if it did not and the step may run (again)."""
        if probe is None:
            if repeatable and error is None:
                return None
            raise TaskUnknown(
                f"nobody can tell whether {key!r} happened" + (f": {error}" if error else ""),
                cause=f"nobody can tell whether {key!r} happened",
                remedy=check or "look at the account before running it again",
            ) from error
        clock = asyncio.get_running_loop().time
        left_at = clock() - intent.age_s
        try:
            found = await probe(intent)
            # The old request may still be running on the server: nothing found before then means nothing.
            wait_s = 0.0 if repeatable else left_at + self.tuning.server_timeout_s - clock()
            if found is None and wait_s > 0:
                await anyio.sleep(wait_s)
                found = await probe(attrs.evolve(intent, age_s=clock() - left_at))
        except ApiError as unreadable:
            if unreadable.failure_class == "unauthorized":
                raise
            raise TaskUnknown(
                f"nobody can tell whether {key!r} happened: looking failed: {unreadable}",
                cause=f"nobody can tell whether {key!r} happened: looking failed",
                remedy=check or "`bulkops resume` looks again",
            ) from unreadable
        if found is None:
            await self._end(key, StepState.FAILED)
        return found

    async def _begin(self, key: str, data: Any) -> None:
        self._open.add(key)
        await self._journal.begin_step(self._run_id, self._seq, key, data)
        self._tell(key, StepState.INTENT)

    async def _finish(self, key: str, result: Any, changes: bool, data: Any) -> Any:
        result = msgspec.to_builtins(result)
        self._changed = self._changed or changes
        await self._end(key, StepState.DONE, result, changed=changes, data=data)
        return result

    async def _end(
        self, key: str, state: StepState, result: Any = None, *, changed: bool = False, data: Any = None
    ) -> None:
        await self._journal.end_step(self._run_id, self._seq, key, state, result, changed=changed)
        self._open.discard(key)
        self._steps[key] = StepRow(step=key, state=state, data=data, result=result, changed=changed, began_age_s=0.0)
        self._tell(key, state)

    def _tell(self, key: str, state: StepState) -> None:
        if key != _BARE and self._observe is not ignore:
            self._observe(StepEnded(account=self.account.id, step=key, state=state.value))


def may_have_written(error: BulkopsError) -> bool:
    """Whether the error is of a changing call that the server may have acted on."""
    if not isinstance(error, ApiError):
        return isinstance(error, TaskUnknown)
    call = CALLS.get(error.call)
    return may_have_happened(error) and not (call.is_read if call is not None else error.method == "GET")


def may_have_happened(error: BulkopsError) -> bool:
    """Whether the server may have acted although the call raised.

    A refusal (4xx, or `success: false`) or a connection never made is definite; a reply that never came, an error of
    the server, an answer that cannot be read or one that points elsewhere is not.
    """
    if isinstance(error, OutcomeUnknown | TaskUnknown):
        return True
    if isinstance(error, ServerError):
        return True
    if isinstance(error, StatusError):
        return error.status < 200 or 300 <= error.status < 400
    if isinstance(error, ConnectFailed):
        return False
    return isinstance(error, ApiError) and error.sent_at is not None


def _age_s(error: BulkopsError) -> float:
    sent_at = error.sent_at if isinstance(error, ApiError) else None
    return asyncio.get_running_loop().time() - sent_at if sent_at is not None else 0.0
