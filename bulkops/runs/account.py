"""`AccountTask`: takes one account through its operation, to exactly one outcome (contract C6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from bulkops.client import Workato, account_in, scope_of
from bulkops.errors import BulkopsError, JournalError, NotFound, ReaderGone, TaskFailed
from bulkops.events import AccountEnded, AccountStarted, Observer
from bulkops.exception_groups import forget_cancellation, worst_of
from bulkops.journal import AccountResult, AccountRow, Journal, RunRecord, StepRow
from bulkops.logs import get_logger
from bulkops.operations import Operation
from bulkops.outcome import DRIFTED, IMPOSSIBLE, UNPLANNED, Outcome
from bulkops.runs.account_outcome import Effects, ending_of, stopped
from bulkops.runs.halting import Halt, StopSignal, Turn
from bulkops.runs.missing_customer import require_customer
from bulkops.runs.task_cancellation import attempted
from bulkops.session import RequestContext
from bulkops.steps import AccountMemory, Context, Rehearsal, StepLog, StoppedBetween, log_of

log = get_logger("bulkops.runs")


@attrs.define(kw_only=True)
class AccountTask:
    """Data that all accounts of a run share; `run` is the callable that the executor fans out.

    `expected`: by account, the changes of a saved plan, or the problem it found; an account with a problem, or with
    another plan now, is skipped. `is_shared`: other workers take accounts of the run too, and this process has claimed
    those that it runs. `before_last`: called before the outcome of an account is journaled while no other account is
    in progress here.
    """

    record: RunRecord
    operation: Operation
    workato: Workato
    journal: Journal
    observe: Observer
    stop_signal: StopSignal
    halt: Halt
    expected: Mapping[str, tuple[str, ...] | str] | None = None
    is_shared: bool = False
    before_last: Callable[[], object] = lambda: None
    shared: dict[str, Any] = attrs.field(factory=dict)
    _logged: set[str | None] = attrs.field(factory=set, init=False)
    _in_progress: set[int] = attrs.field(factory=set, init=False)

    async def run(self, row: AccountRow) -> AccountResult:
        """Take one account to its end and journal its outcome. Raises: JournalError, which ends the run."""
        clock = asyncio.get_running_loop().time
        began = clock()
        ctx = await self._begin(row)
        self._in_progress.add(row.seq)
        with self.halt.turn(log_of(ctx)) as turn:
            try:
                ending, is_cut = await self._through(row, ctx, turn)
            except asyncio.CancelledError:
                # Delivered once: the journal may still be awaited, and the account gets its outcome.
                log_of(ctx).settle_writes(ended_well=False)
                ending = stopped(Effects.of(ctx), row, self._stopped())
                await self._end(row, ending, clock() - began, gives_back=self.halt.gives_back)
                raise
            await self._end(row, ending, clock() - began, gives_back=is_cut and self.halt.gives_back)
        return ending

    async def _through(self, row: AccountRow, ctx: Context, turn: Turn) -> tuple[AccountResult, bool]:
        """The outcome from the operation, or from the halt that ended it early, and which of the two. Raises:
        JournalError."""
        drifted, raised = await attempted(self._applied(row, ctx, turn), ends_all=JournalError)
        worst = None if raised is None else worst_of(raised)
        is_cut = turn.scope.cancelled_caught or (turn.is_let_go and raised is not None)
        log_of(ctx).settle_writes(ended_well=not is_cut and raised is None)
        if isinstance(worst, ReaderGone):
            self.stop_signal.drain(worst.message)
        effects = Effects.of(ctx)
        why = self._cut_short(worst, is_cut=is_cut)
        if why is not None:
            return stopped(effects, row, why), True
        ending = drifted or ending_of(effects, raised, row)
        if not isinstance(worst, BulkopsError | None):
            self._log_unexpected(row, ending, raised)
        return ending, False

    async def _applied(self, row: AccountRow, ctx: Context, turn: Turn) -> AccountResult | None:
        """Do all of the operation, or return why the account is skipped."""
        with turn.scope:
            try:
                drifted = await self._drift(row, ctx)
                if drifted is not None:
                    return drifted
                await self.operation.apply(ctx)
                await self.operation.verify(ctx)
                log_of(ctx).require_awaited()
            except (NotFound, ExceptionGroup) as error:
                await require_customer(ctx, error)
                raise
            except asyncio.CancelledError:
                if turn.is_let_go and not self.stop_signal.aborting:
                    forget_cancellation()  # else the scope takes what a task group left for another cancellation
                raise
        return None

    def _cut_short(self, worst: BaseException | None, *, is_cut: bool) -> str | None:
        """Why the account stops before its end, if something else caused it."""
        if is_cut:
            return self.halt.reason
        if isinstance(worst, ReaderGone):
            return worst.message
        if isinstance(worst, StoppedBetween):
            return f"stopped between operations: {self.halt.reason}"
        if self.stop_signal.aborting and not isinstance(worst, BulkopsError | None):
            return self._stopped()  # the operation turned its cancellation into another error
        return None

    def _stopped(self) -> str:
        return f"stopped at once ({self.halt.reason or 'the run was cancelled'})"

    async def _begin(self, row: AccountRow) -> Context:
        self.journal.start_account(self.record.run_id, row.seq)
        self.observe(AccountStarted(account=row.account, seq=row.seq))
        started_before = row.started_at is not None
        timeout_s = self.workato.settings.tuning.account_timeout_s
        deadline = asyncio.get_running_loop().time() + timeout_s if timeout_s is not None else None
        steps = await self.journal.steps(self.record.run_id, row.seq) if started_before else {}
        return self._context(row, RequestContext(account=row.account, seq=row.seq, deadline=deadline), steps)

    def _context(self, row: AccountRow, scope: RequestContext, steps: Mapping[str, StepRow]) -> Context:
        kind = Rehearsal if scope.read_only else StepLog
        return Context(
            account=account_in(self.workato, row.account, scope),
            params=row.params,
            log=kind(
                journal=self.journal,
                run_id=self.record.run_id,
                seq=row.seq,
                scope=scope,
                tuning=self.workato.settings.tuning,
                steps=steps,
                observe=self.observe,
            ),
            memory=AccountMemory(
                journal=self.journal, tenant=self.record.tenant, account=row.account, shared=self.shared
            ),
        )

    def _log_unexpected(self, row: AccountRow, ending: AccountResult, error: BaseException | None) -> None:
        """Log the traceback once for each cause, because the same mistake occurs in every account."""
        level = "debug" if ending.cause in self._logged else "warning"
        self._logged.add(ending.cause)
        getattr(log, level)("account.unexpected", account=row.account, exc_info=error)

    async def _drift(self, row: AccountRow, ctx: Context) -> AccountResult | None:
        """Why the account is skipped: its plan differs from the saved one. Sends the requests of a plan."""
        if self.expected is None or not log_of(ctx).is_untouched or row.outcome is Outcome.UNKNOWN:
            return None
        expected = self.expected.get(row.account)
        if expected is None:
            return AccountResult(
                outcome=Outcome.SKIPPED,
                failure_class=UNPLANNED,
                reason="the plan did not look at this account",
                remedy="plan all accounts",
            )
        if isinstance(expected, str):
            return AccountResult(
                outcome=Outcome.SKIPPED,
                failure_class=IMPOSSIBLE,
                cause=expected,
                reason=f"the plan found that it cannot be done: {expected}",
                remedy="remove the cause, then plan again",
            )
        asked = scope_of(ctx.account)
        scope = RequestContext(account=row.account, seq=row.seq, read_only=True, deadline=asked.deadline)
        failure_class: str | None = DRIFTED
        try:
            planned = await self.operation.plan(self._context(row, scope, {}))
        except TaskFailed as problem:
            now = str(problem)
        else:
            changes = planned.changes if planned is not None else ()
            if changes == expected:
                return None
            if not changes:
                failure_class = None  # it is as the run would make it
            now = ", ".join(changes) or "nothing to do"
        finally:
            asked.accepted += scope.accepted
        return AccountResult(
            outcome=Outcome.SKIPPED,
            failure_class=failure_class,
            reason=f"the account has changed since the plan; now: {now}",
            remedy="plan again",
        )

    async def _end(self, row: AccountRow, ending: AccountResult, elapsed_s: float, *, gives_back: bool) -> None:
        self._in_progress.remove(row.seq)
        if not self._in_progress:
            self.before_last()
        if self.is_shared:
            await self.journal.shared_runs.end_account(self.record.run_id, row.seq, ending, gives_back=gives_back)
        else:
            await self.journal.end_account(self.record.run_id, row.seq, ending)
        self.observe(
            AccountEnded(
                account=row.account,
                seq=row.seq,
                outcome=ending.outcome,
                cause=ending.cause,
                elapsed_s=elapsed_s,
            )
        )
