"""`StepLog`: the durable steps of one account in one run (C5), as the engine sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

import anyio
import attrs
import msgspec

from bulkops.errors import (
    ApiError,
    BulkopsError,
    TaskFailed,
    TaskUnknown,
    leaves_of,
    worst_of,
)
from bulkops.events import Observer, StepEnded, ignore
from bulkops.journal import Journal, StepRow, StepState
from bulkops.logs import get_logger
from bulkops.session import Scope, StepWrites, in_step

logger = get_logger("bulkops.steps")

MAX_SENDS: Final = 5
"""How often one step is sent when the probe finds each time that it did not happen."""

OUTSIDE_STEPS: Final = "(without a step)"
"""Name of the step that stands for all writes of an account outside of steps."""


@attrs.frozen(kw_only=True)
class Intent:
    """What a probe may go by. `data`: what `step(data=...)` noted before the request left; `age_s`: seconds since the
    request can have left at the latest."""

    data: Any
    age_s: float


Probe: TypeAlias = Callable[[Intent], Awaitable[Any]]


class StepLog:
    """The durable steps of one account in one run, in all of its processes.

    `prefix`: put before each step's name, so that the operations of a chain have names of their own.
    `before_effect`: awaited before this process's first effect on the account, when its intent is not yet written.
    `began_unresolved`: whether an earlier process left open intents.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        run_id: str,
        seq: int,
        scope: Scope,
        server_timeout_s: float,
        steps: Mapping[str, StepRow],
        observe: Observer = ignore,
    ) -> None:
        self.prefix = ""
        self.before_effect: Callable[[], Awaitable[None]] | None = None
        self._journal = journal
        self._run_id = run_id
        self._seq = seq
        self._scope = scope
        self._server_timeout_s = server_timeout_s
        self._observe = observe
        self._steps = dict(steps)
        self._open = {name for name, row in steps.items() if row.state is StepState.INTENT}
        self.began_unresolved = bool(self._open)
        self._changed = any(row.changed for row in steps.values())
        self._bare_changed = OUTSIDE_STEPS in self._open or (OUTSIDE_STEPS in steps and steps[OUTSIDE_STEPS].changed)
        self._bare_left_open = OUTSIDE_STEPS in self._open
        self._bare_noted = False
        self._noting = anyio.Lock()
        self._admitting = anyio.Lock()
        scope.before_write = self._note_bare

    @property
    def changed(self) -> bool:
        """Whether this run, in any of its processes, had an effect on the account.

        Steps say so themselves; outside of steps, every write that was answered with success counts.
        """
        return self._changed or self._scope.writes > 0

    @property
    def has_steps(self) -> bool:
        """Whether this run, in any of its processes, began a step on the account."""
        return any(name != OUTSIDE_STEPS for name in (*self._steps, *self._open))

    @property
    def has_effect(self) -> bool:
        """Whether this run, in any of its processes, had an effect on the account or may have had one."""
        return self.changed or bool(self._open)

    @property
    def is_untouched(self) -> bool:
        """Whether this run, in any of its processes, neither began a step on the account nor wrote without one, and
        this process had no reply about it."""
        began = any(name != OUTSIDE_STEPS or row.state is not StepState.FAILED for name, row in self._steps.items())
        return not (began or self._open or self._scope.accepted)

    @property
    def unresolved(self) -> str | None:
        """The effects with an unknown outcome, for a message: names of steps, or a write outside of them."""
        return ", ".join(sorted("a change" if name == OUTSIDE_STEPS else name for name in self._open)) or None

    def began(self, name: str) -> bool:
        """Whether an earlier process began this step and left its outcome unknown."""
        return self.prefix + name in self._open

    def is_done(self, name: str) -> bool:
        row = self._steps.get(self.prefix + name)
        return row is not None and row.state is StepState.DONE

    def result(self, name: str) -> Any:
        """The journaled result of a finished step; None when it is not done."""
        return self._steps[self.prefix + name].result if self.is_done(name) else None

    def intent_data(self, name: str) -> Any:
        """What `step(data=...)` recorded before the step was begun, in this process or an earlier one; or None."""
        row = self._steps.get(self.prefix + name)
        return row.data if row is not None else None

    async def reset(self, name: str) -> None:
        """Forget a finished step: its effect is known to be gone, and the step may run again."""
        await self._end(self.prefix + name, StepState.FAILED)

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
        """As `Context.step`."""
        key = self.prefix + name
        data = msgspec.to_builtins(data)
        row = self._steps.get(key)
        if row is not None and row.state is StepState.DONE:
            return row.result
        if row is not None and row.state is StepState.INTENT:
            found = await self._settle(key, Intent(data=row.data, age_s=row.began_age_s), probe, repeatable, check)
            if found is not None:
                return await self._finish(key, found, changes, row.data)
            data = row.data  # nothing happened since: the state noted then is the one before the effect
        lost: BulkopsError | None = None
        for _ in range(MAX_SENDS):
            await self._begin(key, data)
            sent = StepWrites()
            try:
                with in_step(sent):
                    result = await fn()
            except (BulkopsError, ExceptionGroup) as raised:
                error = worst_of(raised)
                if not isinstance(error, BulkopsError):
                    raise
                is_refused = not any(
                    isinstance(each, BulkopsError) and each.may_have_acted for each in leaves_of(raised)
                )
                if is_refused and not (isinstance(error, ApiError) and (sent.writes or sent.lost_writes)):
                    await self._end(key, StepState.FAILED)
                    raise
                if is_refused and sent.writes:
                    raise  # one request of several had its effect: the intent stays, and whoever resumes looks
                logger.debug("step.unknown", account=self._scope.account, step=key, error=str(error))
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
            f"{key!r} was sent {MAX_SENDS} times and never happened; the last time: {lost}",
            failure_class="never-happened",
            cause=f"{key!r} was sent {MAX_SENDS} times and never happened",
            remedy="`bulkops retry` sends it again",
        ) from lost

    async def settle_writes(self, *, ended_well: bool) -> None:
        """Record the outcome of the writes outside of steps, at the end of the account's turn.

        A write without a reply stays open. So does a write of an earlier process, until the operation, run again, ends
        well.
        """
        scope = self._scope
        scope.before_write = None  # and the scope keeps this context alive no longer
        if OUTSIDE_STEPS not in self._open or scope.lost_writes or (self._bare_left_open and not ended_well):
            return
        changed = scope.writes > 0 or self._bare_changed
        self._changed = self._changed or changed
        await self._end(OUTSIDE_STEPS, StepState.DONE if changed else StepState.FAILED, changed=changed)

    async def _note_bare(self) -> None:
        """Before a write outside of steps: the process may be killed while it is on its way."""
        async with self._noting:
            if not self._bare_noted:
                await self._begin(OUTSIDE_STEPS, None)
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
            wait_s = 0.0 if repeatable else left_at + self._server_timeout_s - clock()
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
        if self.before_effect is not None:
            await self._admit()
        self._open.add(key)
        await self._journal.begin_step(self._run_id, self._seq, key, data)
        self._tell(key, StepState.INTENT)

    async def _admit(self) -> None:
        """Steps that an operation begins at the same time wait together."""
        async with self._admitting:
            if self.before_effect is not None:
                await self.before_effect()
                self.before_effect = None

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
        if key != OUTSIDE_STEPS and self._observe is not ignore:
            self._observe(StepEnded(account=self._scope.account or "", step=key, state=state.value))


def _age_s(error: BulkopsError) -> float:
    sent_at = error.sent_at if isinstance(error, ApiError) else None
    return asyncio.get_running_loop().time() - sent_at if sent_at is not None else 0.0
