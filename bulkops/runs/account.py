"""One account through its operation, to exactly one answer (contract C6)."""

from __future__ import annotations

import asyncio

import attrs

from bulkops.client import Workato
from bulkops.errors import BulkopsError, JournalError, OutcomeUnknown, TaskUnknown, Unauthorized
from bulkops.events import AccountEnded, AccountStarted, Observer
from bulkops.journal import AccountRow, Ending, Journal, RunRecord
from bulkops.logs import get_logger
from bulkops.operations import Operation
from bulkops.outcome import Outcome
from bulkops.session import Scope
from bulkops.steps import Context

log = get_logger("bulkops.runs")


@attrs.define(kw_only=True)
class AccountTask:
    """What every account of a run shares; `run` is the callable that the executor fans out."""

    record: RunRecord
    operation: Operation
    workato: Workato
    journal: Journal
    observe: Observer

    async def run(self, row: AccountRow) -> Ending:
        """Take one account to its end and write it down. Raises: JournalError, which ends the run."""
        clock = asyncio.get_running_loop().time
        began = clock()
        ctx = await self._begin(row)
        try:
            try:
                await self.operation.apply(ctx)
                await self.operation.verify(ctx)
            except JournalError:
                raise  # without a journal nothing can be promised: not this account's failure but the run's
            except BulkopsError as error:
                ending = _ending_of(error, ctx)
            except Exception as error:
                log.warning("account.unexpected", account=row.account, exc_info=True)
                ending = _unexpected(error, ctx)
            else:
                ending = Ending(outcome=Outcome.CHANGED if ctx.changed else Outcome.UNCHANGED, detail=ctx.detail)
        except asyncio.CancelledError:
            # Delivered once: the journal may still be awaited, and the account gets its answer.
            await self._end(row, _stopped(ctx, "stopped by a second interrupt or the run's deadline"), clock() - began)
            raise
        await self._end(row, ending, clock() - began)
        return ending

    async def _begin(self, row: AccountRow) -> Context:
        self.journal.start_account(self.record.run_id, row.seq)
        self.observe(AccountStarted(account=row.account, seq=row.seq))
        started_before = row.started_at is not None
        timeout_s = self.workato.settings.tuning.account_timeout_s
        deadline = asyncio.get_running_loop().time() + timeout_s if timeout_s is not None else None
        return Context(
            account=self.workato.account(row.account, scope=Scope(account=row.account, seq=row.seq, deadline=deadline)),
            params=row.params,
            journal=self.journal,
            run_id=self.record.run_id,
            seq=row.seq,
            tuning=self.workato.settings.tuning,
            host=self.record.host,
            steps=await self.journal.steps(self.record.run_id, row.seq) if started_before else {},
        )

    async def _end(self, row: AccountRow, ending: Ending, elapsed_s: float) -> None:
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


def _ending_of(error: BulkopsError, ctx: Context) -> Ending:
    if isinstance(error, Unauthorized):
        return _stopped(ctx, "the vendor refused the token")
    unknown = bool(ctx.open_intents) or isinstance(error, OutcomeUnknown | TaskUnknown)
    return Ending(
        outcome=Outcome.UNKNOWN if unknown else Outcome.FAILED,
        failure_class=error.failure_class,
        cause=error.cause,
        reason=str(error),
        remedy=error.remedy,
        detail=ctx.detail,
    )


def _unexpected(error: Exception, ctx: Context) -> Ending:
    """A bug of ours or of the user's operation: one account's failure all the same."""
    said = f"{type(error).__name__}: {error}"
    return Ending(
        outcome=Outcome.UNKNOWN if ctx.open_intents else Outcome.FAILED,
        failure_class="unexpected",
        cause=said,
        reason=said,
        remedy="this is a mistake in the operation: run again with -v to see where",
        detail=ctx.detail,
    )


def _stopped(ctx: Context, why: str) -> Ending:
    if ctx.open_intents:
        steps = ", ".join(sorted(ctx.open_intents))
        return Ending(
            outcome=Outcome.UNKNOWN,
            failure_class="outcome-unknown",
            cause=f"{why} while {steps} was under way",
            reason=f"{why} while {steps} was under way",
            remedy="`bulkops resume` looks first and goes on",
            detail=ctx.detail,
        )
    untouched = ctx.account.scope.accepted == 0 and not ctx.has_steps
    return Ending(
        outcome=Outcome.NOT_ATTEMPTED if untouched else Outcome.CANCELLED,
        reason=why,
        remedy="`bulkops resume` goes on",
        detail=ctx.detail,
    )
