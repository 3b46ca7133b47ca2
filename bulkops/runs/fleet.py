"""`Fleet`: plan, run, resume, retry and undo for the accounts of one partner."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import attrs

from bulkops.client import Workato
from bulkops.errors import ConfigError, PlanError
from bulkops.events import Observer, ignore
from bulkops.journal import AccountRow, Journal, RunRecord, RunState, new_run_id
from bulkops.operations import Operation, as_operation, check_same, describe, restore
from bulkops.outcome import RESUMABLE, Outcome
from bulkops.report import Report, load_report
from bulkops.resources import Pages
from bulkops.runs.credential import credential
from bulkops.runs.engine import Engine
from bulkops.runs.halting import Check, Gate, StopSignal, waiting_gate
from bulkops.runs.identity import require_workspace, workspace_for
from bulkops.runs.inventory import Accounts, check_columns, inventory_of, refuse_two_names
from bulkops.runs.planning import FleetPlan, plan_accounts
from bulkops.runs.policy import Policy
from bulkops.runs.subset import Names, Subset, pick
from bulkops.runs.undo import undo_of
from bulkops.settings import Settings, Tuning

JOURNAL: Final = "./.bulkops"
_PLAN: Final = "plan"


@attrs.frozen
class Fleet:
    """The accounts of one partner, with client, journal and policy of their runs.

    Args:
        workato: an entered client. None: `run` takes the one of `accounts`; `resume`, `retry` and `undo` create one
        from the environment, with the tuning of the run.
        journal: directory of the journal; made when missing.
        policy: of `plan`, `run` and `undo`; None: the defaults. It also replaces the policy of a run that is resumed or
            retried; None: the run keeps its own.
        observe: called with every event.
        stop: ends the run early; see `StopSignal`.
        check, approve: asked between waves with a WaveResult; True goes on, False halts, None pauses the run.
    """

    workato: Workato | None = None
    journal: str | Path = attrs.field(default=JOURNAL, kw_only=True)
    policy: Policy | None = attrs.field(default=None, kw_only=True)
    observe: Observer = attrs.field(default=ignore, kw_only=True)
    stop: StopSignal = attrs.field(factory=StopSignal, kw_only=True)
    check: Check | None = attrs.field(default=None, kw_only=True)
    approve: Check | None = attrs.field(default=None, kw_only=True)

    async def plan(
        self, operation: object, accounts: Accounts, *, sample: int | None = None, offline: bool = False
    ) -> FleetPlan:
        """Look at the accounts and return what a run would change. Sends reads only.

        Args:
            sample: number of accounts to look at, evenly spread; the plan scales up.
            offline: look at none: everything is taken as still to be done.
        Raises: as `run`.
        """
        workato = self._client_of(accounts)
        return await plan_accounts(
            operation,
            accounts=await inventory_of(accounts, workato),
            workato=workato,
            policy=self.policy or Policy(),
            journal=self.journal,
            sample=sample,
            offline=offline,
            observe=self.observe,
            stop=self.stop,
        )

    async def run(
        self, operation: object, accounts: Accounts, *, plan: FleetPlan | None = None, source: str | None = None
    ) -> Report:
        """Run an operation on accounts; each has a row in the journal from the first second.

        Args:
            operation: an Operation, a chain of them, or `async def f(ctx)`.
            accounts: ids, E-ids, mappings with `id` or `external_id` and parameters, `workato.customers.list()`,
                or what `select` or `read_accounts` returned.
            plan: a saved plan of this operation; accounts that have changed since are skipped.
            source: FILE.py:NAME that `operation` was loaded from, so that `resume` finds it again.
        Raises: ConfigError, InputError, PlanError before anything is sent; Unauthorized when listing the accounts is
            refused; RunLocked when another run works with this credential; JournalError.
        """
        made = as_operation(operation) if plan is None else plan.planned(as_operation(operation))
        expected = plan.expected(made) if plan is not None else None
        if made.danger is not None and isinstance(accounts, Pages):
            raise PlanError(f"{made.title}: not allowed for all customers", remedy="give a list of accounts")
        workato = self._client_of(accounts)
        policy, run_id = self.policy or Policy(), new_run_id()
        known = None if isinstance(accounts, Pages) else await inventory_of(accounts, workato)
        if known is not None:
            check_columns(made, known)
        if plan is not None:
            plan.check_host(workato.settings.url)
        async with AsyncExitStack() as stack:
            opened = await stack.enter_async_context(Journal.open(self.journal))
            workspace = await workspace_for(made, workato, opened)
            if plan is not None:
                plan.check_workspace(workspace)
            if policy.if_running == "wait":
                stack.enter_context(opened.lock_run(run_id))  # `watch` sees it queue
            await stack.enter_async_context(
                credential(opened, workato.session, run_id, policy=policy, stop_signal=self.stop, workspace=workspace)
            )
            inventory = known if known is not None else await inventory_of(accounts, workato)
            check_columns(made, inventory)
            await refuse_two_names(inventory, workato)
            prepared = await made.prepare(workato, Path(self.journal))
            record = RunRecord(
                run_id=run_id,
                created_at=time.time(),
                title=prepared.title,
                operation=describe(prepared, source=source),
                host=workato.settings.url,
                workspace=workspace,
                inventory_hash=inventory.hash,
                inventory_count=len(inventory),
                policy=policy.to_mapping(),
                tuning=workato.settings.tuning.to_mapping(),
            )
            if policy.if_running != "wait":
                stack.enter_context(opened.lock_run(run_id))  # before the run exists and can be resumed
            if expected is not None:
                opened.add_event(run_id, _PLAN, {"expected": expected})  # for operations that need it
            await opened.create_run(record, inventory.rows)
            engine = Engine(
                record=record,
                operation=prepared,
                workato=workato,
                journal=opened,
                policy=policy,
                observe=self.observe,
                stop_signal=self.stop,
                gate=Gate(policy=policy, check=self.check, approve=self.approve),
                expected=expected,
            )
            await engine.work(await opened.accounts(run_id))
            return await load_report(opened, run_id)

    async def resume(
        self,
        run_id: str | None = None,
        *,
        operation: object = None,
        approved: bool = False,
        accept_changes: bool = False,
        accounts: Names | None = None,
        exclude: Names | None = None,
        limit: int | None = None,
    ) -> Report | None:
        """Continue a run with its not attempted, cancelled and unknown accounts; None when no run is unfinished.

        Args:
            run_id: a run or the unique beginning of its id; None: the newest unfinished one.
            operation: needed when the run's operation is a function of a script; must be the same.
            approved: passes the gate at which the run stopped, unasked; later gates ask as before.
            accept_changes: continue although the Python file of the operation has changed; finished steps stay done.
            accounts: only these accounts of the run, by id or E-id; exclude: not these; limit: only the first N of
            them. The others stay as they are, and the run's state is `partial` while some of them are left.
        Raises: as `run`; JournalMismatch when the operation's files have changed; InputError for an account
            that is not in the run.
        """
        subset = Subset.of(accounts, exclude, limit)
        again = _Continuation(self, operation=operation, accept_changes=accept_changes, approved=approved)
        return await again.work(run_id, RESUMABLE, subset)

    async def retry(
        self,
        run_id: str | None = None,
        *,
        failure_class: str | None = None,
        operation: object = None,
        accept_changes: bool = False,
        accounts: Names | None = None,
        exclude: Names | None = None,
        limit: int | None = None,
    ) -> Report:
        """Retry a run's failed accounts, all or those of one failure class; run_id None: the newest run. Other
        arguments and errors as for `resume`.
        """
        subset = Subset.of(accounts, exclude, limit)
        again = _Continuation(self, operation=operation, accept_changes=accept_changes)
        report = await again.work(run_id, frozenset({Outcome.FAILED}), subset, failure_class)
        assert report is not None  # noqa: S101 - only an unfinished run may be missing
        return report

    async def undo(
        self,
        run_id: str | None = None,
        *,
        accounts: Names | None = None,
        exclude: Names | None = None,
        limit: int | None = None,
    ) -> Report:
        """Undo the changes of a run, last account first; run_id None: the newest run. Undo is a new run, with its own
        id.

        Args:
            accounts: only these accounts of the run, by id or E-id; exclude: not these; limit: only the first N of
            them, last changed first. The others stay as they are.
        Raises: PlanError when nothing of the operation can be undone or nothing was changed; otherwise as `run`.
        """
        subset = Subset.of(accounts, exclude, limit)
        operation, inventory = await undo_of(run_id, journal=self.journal, subset=subset)
        async with Journal.open(self.journal, read_only=True) as opened:
            record = await opened.get_run(operation.run_id)
        async with _client_for(record, self.workato) as client:
            return await attrs.evolve(self, workato=client).run(operation, inventory)

    async def report(self, run_id: str | None = None) -> Report:
        """The report of a run; run_id None: the newest run. Sends nothing. Raises: JournalError."""
        async with Journal.open(self.journal, read_only=True) as opened:
            record = await opened.get_run(run_id)
            return await load_report(opened, record.run_id)

    async def runs(self) -> list[RunRecord]:
        """The runs of the journal, newest first. Sends nothing. Raises: JournalError."""
        async with Journal.open(self.journal, read_only=True) as opened:
            return await opened.list_runs()

    def _client_of(self, accounts: Accounts) -> Workato:
        if self.workato is not None:
            return self.workato
        if isinstance(accounts, Pages):
            return Workato.over(accounts.session)
        raise ConfigError("a run needs a client", remedy="give workato=..., or accounts=workato.customers.list()")


async def run(
    operation: object,
    *,
    accounts: Accounts,
    workato: Workato | None = None,
    journal: str | Path = JOURNAL,
    policy: Policy | None = None,
    observe: Observer = ignore,
    stop: StopSignal | None = None,
    check: Check | None = None,
    approve: Check | None = None,
    plan: FleetPlan | None = None,
    source: str | None = None,
) -> Report:
    """`Fleet(workato, journal=..., ...).run(operation, accounts, ...)` in one line: see there."""
    fleet = Fleet(
        workato,
        journal=journal,
        policy=policy,
        observe=observe,
        stop=stop or StopSignal(),
        check=check,
        approve=approve,
    )
    return await fleet.run(operation, accounts, plan=plan, source=source)


@attrs.frozen
class _Continuation:
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
            made = self._operation(record)
            with opened.lock_run(record.run_id):
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

    def _operation(self, record: RunRecord) -> Operation:
        """Raises: JournalMismatch when it is another one than the run began with, and that is not accepted."""
        if self.operation is None:
            return restore(record.operation, accept_changes=self.accept_changes)
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
            judged = [event.data for event in events if event.kind == "gate"]
            approved = waiting_gate(judged, policy.cut(record.inventory_count), [row.seq for row in rows])
        saved = [event.data["expected"] for event in events if event.kind == _PLAN]
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(_client_for(record, self.fleet.workato))
            workspace = await require_workspace(client, record)
            record = await _with_changes(journal, record, operation)
            await stack.enter_async_context(
                credential(
                    journal,
                    client.session,
                    record.run_id,
                    policy=policy,
                    stop_signal=self.fleet.stop,
                    workspace=workspace,
                )
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
                expected={account: _found(found) for account, found in saved[0].items()} if saved else None,
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
async def _client_for(record: RunRecord, workato: Workato | None) -> AsyncIterator[Workato]:
    """The caller's client, or one from the environment with the journal's tuning."""
    if workato is not None:
        yield workato
        return
    settings = Settings.from_env(tuning=Tuning.from_mapping(record.tuning, source=f"run {record.run_id}"))
    async with Workato.from_settings(settings) as client:
        yield client


def _found(found: str | list[str]) -> tuple[str, ...] | str:
    """An account of a saved plan, in the journal's form."""
    return found if isinstance(found, str) else tuple(found)
