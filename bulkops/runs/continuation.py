"""Continuing a run that the journal has: the common part of resume and retry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import attrs

from bulkops.client import Workato, session_of
from bulkops.journal import AccountRow, Journal, RunRecord, RunState
from bulkops.journal.event_kinds import HANDED_OVER, PLAN
from bulkops.operations import Operation
from bulkops.operations.functions import as_operation
from bulkops.operations.restore import check_same, describe, restore, with_packages
from bulkops.outcome import Outcome
from bulkops.report import Report, load_report
from bulkops.runs.credential import hold_for_run
from bulkops.runs.engine import Engine
from bulkops.runs.halting import Gate, waiting_gate
from bulkops.runs.hand_over import Request, refuse_stopped
from bulkops.runs.identity import require_workspace
from bulkops.runs.other_workspaces import connected
from bulkops.runs.policy import Policy
from bulkops.runs.subset import Subset, pick
from bulkops.settings import Settings, Tuning

if TYPE_CHECKING:
    from bulkops.runs.fleet import Fleet


@attrs.frozen
class Continuation:
    """The common part of `resume` and `retry`."""

    fleet: Fleet
    operation: object = attrs.field(kw_only=True)
    accept_changes: bool = attrs.field(kw_only=True)
    approved: bool = attrs.field(kw_only=True, default=False)

    async def work(
        self, run_id: str | None, outcomes: Collection[Outcome], subset: Subset, failure_class: str | None = None
    ) -> Report | None:
        is_retry = Outcome.FAILED in outcomes
        async with Journal.open(self.fleet.journal) as opened:
            find_newest = run_id is None and not is_retry
            record = await (opened.newest_unfinished() if find_newest else opened.get_run(run_id))
            if record is None:
                return None
            made = await self._operation(record, opened)
            async with opened.lock_run(record.run_id):
                record = await opened.get_run(record.run_id)  # as the last process left it, who may have ended just now
                if not self.accept_changes:
                    check_same(made, record.operation)
                left = await opened.accounts(record.run_id, outcomes=outcomes, failure_class=failure_class)
                rows = await pick(opened, record.run_id, left, subset)
                if rows:
                    await self._take_up(opened, record, made, rows, in_waves=not is_retry)
                elif not left and not is_retry and record.state is not RunState.FINISHED:
                    await opened.set_state(record.run_id, RunState.FINISHED)  # it died after its last account
            return await load_report(opened, record.run_id)

    async def _operation(self, record: RunRecord, journal: Journal) -> Operation:
        """Raises: JournalMismatch when it is another one than the run began with, and that is not accepted."""
        if self.operation is None:
            return restore(await with_packages(record.operation, journal), accept_changes=self.accept_changes)
        made = as_operation(self.operation)
        if not self.accept_changes:
            check_same(made, record.operation)
        return made

    async def _take_up(
        self, journal: Journal, record: RunRecord, operation: Operation, rows: list[AccountRow], *, in_waves: bool
    ) -> None:
        policy = self.fleet.policy or Policy.from_mapping(record.policy)
        events = await journal.events(record.run_id)
        approved = None
        if self.approved:
            approved = waiting_gate(events, policy.cut(record.inventory_count), [row.seq for row in rows])
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(client_for(record, self.fleet.workato))
            workspace = await require_workspace(client, record)
            record = await _with_changes(journal, record, operation)
            await stack.enter_async_context(
                hold_for_run(
                    journal,
                    session_of(client),
                    record.run_id,
                    policy=policy,
                    stop_signal=self.fleet.stop,
                    workspace=workspace,
                )
            )
            if self.fleet.on_workers:
                await journal.set_policy(record.run_id, policy.to_mapping(), client.settings.tuning.to_mapping())
                refuse_stopped(self.fleet.stop, record.run_id)
                journal.add_event(record.run_id, HANDED_OVER, {})
                request = Request.after(record, in_waves=in_waves, approved=approved)
                await journal.shared_runs.hand_over(record.run_id, request.to_mapping(), [row.seq for row in rows])
                return
            operation = await stack.enter_async_context(
                connected(operation, client, journal=self.fleet.journal, observe=self.fleet.observe)
            )
            engine = Engine(
                record=record,
                operation=operation,
                workato=client,
                journal=journal,
                policy=policy,
                observe=self.fleet.observe,
                stop_signal=self.fleet.stop,
                gate=Gate(policy=policy, check=self.fleet.check, approve=self.fleet.approve, approved=approved),
                expected=await expected_of(journal, record.run_id),
            )
            await engine.work(rows, in_waves=in_waves)


async def _with_changes(journal: Journal, record: RunRecord, made: Operation) -> RunRecord:
    """The run with the operation as it is now, in the journal too: what comes later compares with this one."""
    if made.digest == record.operation["digest"]:
        return record
    changed = attrs.evolve(record, operation=describe(made, source=record.operation.get("source")))
    await journal.set_operation(record.run_id, changed.operation)
    return changed


@asynccontextmanager
async def client_for(record: RunRecord, workato: Workato | None) -> AsyncIterator[Workato]:
    """The caller's client, or one from the environment with the journal's tuning."""
    if workato is not None:
        yield workato
        return
    settings = Settings.from_env(tuning=Tuning.from_mapping(record.tuning, source=f"run {record.run_id}"))
    async with Workato.from_settings(settings) as client:
        yield client


async def expected_of(journal: Journal, run_id: str) -> Mapping[str, tuple[str, ...] | str] | None:
    """By account, what the saved plan of a run found; None without one."""
    saved = [event.data["expected"] for event in await journal.events(run_id) if event.kind == PLAN]
    return {account: _found(found) for account, found in saved[0].items()} if saved else None


def _found(found: str | list[str]) -> tuple[str, ...] | str:
    """An account of a saved plan, in the journal's form."""
    return found if isinstance(found, str) else tuple(found)
