"""`StepLog`: the durable steps of one account in one run (C5), as the engine sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from inspect import CORO_CREATED, getcoroutinestate
from random import Random
from typing import Any, Final, TypeVar

import anyio

from bulkops.errors import ApiError, BulkopsError, TaskFailed
from bulkops.events import Observer, StepEnded, ignore
from bulkops.exception_groups import leaves_of, worst_of
from bulkops.journal import Journal, StepRow, StepState
from bulkops.logs import get_logger
from bulkops.pacing import full_jitter
from bulkops.session import InStep, RequestContext, StepWrites
from bulkops.settings import Tuning
from bulkops.steps.effect import Effect, Intent, Offline, as_json
from bulkops.steps.unknown_outcome import MAX_SENDS, age_of, given_up, settle
from bulkops.steps.writes_outside_steps import OUTSIDE_STEPS, OutsideWrites

T = TypeVar("T")

logger = get_logger("bulkops.steps")

_RNG: Final = Random()  # noqa: S311 - spreads resends, protects nothing


class StoppedBetween(Exception):
    """A halted run leaves this account between two operations of its chain."""


class StepLog:
    """The durable steps of one account in one run, in all of its processes.

    `before_effect`: awaited before this process's first effect on the account, when its intent is not yet written.
    `before_operation`: called before each operation of a chain; may raise StoppedBetween.
    `offline`: what a rehearsal without an account takes it for; None in a run and in a plan.
    `began_unresolved`: whether an earlier process left open intents; `prefix`: of the names of steps, see `enter`.
    """

    offline: Offline | None = None
    is_new_account: bool = False
    """Whether a plan would create the account: nothing can be asked of it."""

    def __init__(
        self,
        *,
        journal: Journal,
        run_id: str,
        seq: int,
        scope: RequestContext,
        tuning: Tuning,
        steps: Mapping[str, StepRow],
        observe: Observer = ignore,
    ) -> None:
        self.before_effect: Callable[[], Awaitable[None]] | None = None
        self.before_operation: Callable[[], None] | None = None
        self.prefix = ""
        self._journal = journal
        self.run_id = run_id
        self._seq = seq
        self._scope = scope
        self._tuning = tuning
        self._observe = observe
        self._steps = dict(steps)
        self._open = {name for name, row in steps.items() if row.state is StepState.INTENT}
        self.began_unresolved = bool(self._open)
        self.called: dict[str, Coroutine[Any, Any, Any]] = {}
        """Steps that the operation has called and that have not begun, by name."""
        self._used: set[str] = set()
        self._is_over = False
        self._changed = any(row.changed for row in steps.values())
        self._outside = OutsideWrites(scope, steps)
        self._admitting = asyncio.Lock()
        self._sending: dict[str, StepWrites] = {}
        scope.before_write = self._note_outside

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
    def is_untouched(self) -> bool:
        """Whether this run, in any of its processes, neither began a step on the account nor wrote without one, and
        this process had no reply about it."""
        began = any(name != OUTSIDE_STEPS or row.state is not StepState.FAILED for name, row in self._steps.items())
        return not (began or self._open or self._scope.accepted)

    @property
    def unresolved(self) -> str | None:
        """The effects with an unknown outcome, for a message: names of steps, or a write outside of them."""
        return (
            ", ".join(sorted("a change" if name == OUTSIDE_STEPS else f"step {name!r}" for name in self._open)) or None
        )

    def enter(self, prefix: str) -> None:
        """Begin an operation of a chain: its steps are named `prefix` + name. Raises: StoppedBetween."""
        if self.before_operation is not None:
            self.before_operation()
        self.prefix = prefix

    def withdraw(self) -> bool:
        """Give up the account's first effect while its request waits for its quota. The caller then cancels the task.

        Returns False when a request of an effect may have left: then the account has to go on.
        """
        if self.changed or self._open - self._sending.keys():
            return False
        if not all(sent.waits and not sent.left for sent in self._sending.values()):
            return False
        for sent in self._sending.values():
            sent.is_withdrawn = True
        return True

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

    def reset(self, name: str) -> None:
        """Forget a finished step: its effect is known to be gone, and the step may run again."""
        if self.is_done(name):
            self._end(self.prefix + name, StepState.FAILED)

    async def step(self, name: str, effect: Effect) -> Any:
        """The effect's result, from the journal or from now. Raises: TaskFailed for a name used twice; TaskUnknown."""
        key = self._use(name)
        if self.is_done(name):
            return self._steps[key].result
        return await self._do(key, effect)

    async def ensure(
        self, name: str, find: Callable[[], Awaitable[Any]], effect: Effect, *, look_again: bool = False
    ) -> Any:
        """What `find` returns, unless it is None: then the effect's result. An open intent is settled first."""
        key = self._use(name)
        if self.is_done(name) and not look_again:
            return self._steps[key].result
        if key not in self._open:
            found = await find()
            if found is not None:
                return as_json(found, f"what step {key!r} found")
            self.reset(name)
            self._used.add(key)
        return await self._do(key, effect)

    async def look(self, find: Callable[[], Awaitable[T]], *, missing: T) -> T:
        """What `find` finds. A rehearsal may take `missing` in its place."""
        return await find()

    async def confirm(self, check: Callable[[], Awaitable[None]]) -> None:
        """Check what the steps before came to. A rehearsal only counts the requests."""
        await check()

    def _use(self, name: str) -> str:
        """The name's key. Raises: TaskFailed when this pass has used it for an effect, or is over."""
        key = self.prefix + name
        self.called.pop(name, None)
        if self._is_over:
            raise _not_awaited(name)
        if key in self._used:
            raise TaskFailed(
                f"the operation uses the step name {name!r} twice",
                failure_class="step-name-twice",
                cause="the operation uses a step name twice",
                remedy='give each step of an account a name of its own, such as f"stop {recipe.id}"',
            )
        self._used.add(key)
        return key

    def require_awaited(self) -> None:
        """Raises: TaskFailed for a step that the operation has called and not awaited: it has done nothing.

        A step that was cancelled before it began was awaited: its coroutine is closed.
        """
        forgotten = [name for name, call in self.called.items() if getcoroutinestate(call) == CORO_CREATED]
        self.called.clear()
        if forgotten:
            raise _not_awaited(min(forgotten))

    async def _do(self, key: str, effect: Effect) -> Any:
        """Settle what an earlier process left open, then send until the outcome is known."""
        data = effect.intended(key)
        row = self._steps.get(key)
        may_have_acted = False  # a send before this one, of which nothing more can be learned
        if row is not None and row.state is StepState.INTENT:
            found = await self._settle(key, effect, Intent(data=row.data, age_s=row.began_age_s))
            if found is not None:
                return self._finish(key, effect, found, row.data)
            data = row.data  # the account's state before the effect, as the first intent recorded it
            may_have_acted = effect.probe is None
        lost: BulkopsError | None = None
        for sends in range(MAX_SENDS):
            if lost is not None and effect.repeatable:
                await anyio.sleep(self._pause_s(sends))
            await self._begin(key, data)
            sent = StepWrites(left=int(may_have_acted))
            try:
                result = await self._send(key, effect, sent)
            except (BulkopsError, ExceptionGroup) as raised:
                error = worst_of(raised)
                if not isinstance(error, BulkopsError):
                    raise
                is_refused = not any(
                    isinstance(each, BulkopsError) and each.may_have_acted for each in leaves_of(raised)
                )
                has_others = isinstance(error, ApiError) and bool(sent.writes or sent.lost_writes)
                if is_refused and not (has_others or may_have_acted):
                    self._end(key, StepState.FAILED)
                    raise
                if is_refused and (sent.writes or may_have_acted):
                    raise  # another request of this step had or may have had its effect: the intent stays
                logger.debug("step.unknown", account=self._scope.account, step=key, error=str(error))
                found = await self._settle(key, effect, Intent(data=data, age_s=age_of(error)), error)
                if found is not None:
                    return self._finish(key, effect, found, data)
                if is_refused:
                    raise  # the probe found that an earlier request came to nothing; this one was refused
                may_have_acted = effect.probe is None
                lost = error
            else:
                return self._finish(key, effect, result, data)
        raise given_up(key, effect, lost)

    async def _send(self, key: str, effect: Effect, sent: StepWrites) -> Any:
        """The effect's result. A step that was withdrawn before its request left did not happen."""
        self._sending[key] = sent
        try:
            with InStep(sent):
                return await effect.fn()
        except asyncio.CancelledError:
            if sent.is_withdrawn and not sent.left:
                self._end(key, StepState.FAILED)
            raise
        finally:
            del self._sending[key]

    def _pause_s(self, sends: int) -> float:
        tuning = self._tuning
        return full_jitter(sends - 1, base_s=tuning.backoff_base_s, cap_s=tuning.backoff_cap_s, rng=_RNG)

    def settle_writes(self, *, ended_well: bool) -> None:
        """Record the outcome of the writes outside of steps, at the end of the account's turn. A task that the
        operation has left behind can begin no step and no write any more."""
        self._is_over = self._scope.is_over = True
        self._scope.before_write = None  # and the scope keeps this context alive no longer
        changed = self._outside.changed(ended_well=ended_well)
        if OUTSIDE_STEPS not in self._open or changed is None:
            return
        self._changed = self._changed or changed
        self._end(OUTSIDE_STEPS, StepState.DONE if changed else StepState.FAILED, changed=changed)

    async def _note_outside(self) -> None:
        """Before a write outside of steps: the process may be killed while it is on its way."""
        async with self._outside.lock:
            if not self._outside.is_noted:
                await self._begin(OUTSIDE_STEPS, None)
                self._sending[OUTSIDE_STEPS] = self._scope
                self._outside.is_noted = True

    async def _settle(self, key: str, effect: Effect, intent: Intent, error: BulkopsError | None = None) -> Any:
        """The effect's result if it happened; None if the step may run (again). Raises: TaskUnknown."""
        found = await settle(key, effect, intent, server_timeout_s=self._tuning.server_timeout_s, error=error)
        if found is None and effect.probe is not None:
            self._end(key, StepState.FAILED)
            self._used.add(key)  # it is still this pass's step
        return found

    async def _begin(self, key: str, data: Any) -> None:
        if self.before_effect is not None:
            await self._admit()
        self._open.add(key)
        await self._journal.begin_step(self.run_id, self._seq, key, data)
        self._tell(key, StepState.INTENT)

    async def _admit(self) -> None:
        """Steps that an operation begins at the same time wait together."""
        async with self._admitting:
            if self.before_effect is not None:
                await self.before_effect()
                self.before_effect = None

    def _finish(self, key: str, effect: Effect, result: Any, data: Any) -> Any:
        result = as_json(result, f"the result of step {key!r}")
        self._changed = self._changed or effect.changes
        self._end(key, StepState.DONE, result, changed=effect.changes, data=data)
        return result

    def _end(self, key: str, state: StepState, result: Any = None, *, changed: bool = False, data: Any = None) -> None:
        """Journal the step's end. Nothing waits for it here: the account's next intent and its outcome do."""
        self._journal.end_step(self.run_id, self._seq, key, state, result, changed=changed)
        self._open.discard(key)
        if state is StepState.FAILED:
            self._used.discard(key)
        self._steps[key] = StepRow(step=key, state=state, data=data, result=result, changed=changed, began_age_s=0.0)
        self._tell(key, state)

    def _tell(self, key: str, state: StepState) -> None:
        if key != OUTSIDE_STEPS and self._observe is not ignore:
            self._observe(StepEnded(account=self._scope.account or "", step=key, state=state.value))


def _not_awaited(name: str) -> TaskFailed:
    return TaskFailed(
        f"the operation does not await the step {name!r}",
        failure_class="step-not-awaited",
        cause="the operation does not await a step",
        remedy=f"write: await ctx.step({name!r}, ...)",
    )
