"""`Fleet`: plan, run, resume, retry and undo for the accounts of one partner."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack

import attrs

from bulkops.asyncio_only import require_asyncio
from bulkops.client import Workato, client_over, session_of
from bulkops.errors import ConfigError, PlanError
from bulkops.events import Observer, ignore
from bulkops.journal import DEFAULT_DIRECTORY, AnyLocation, Journal, Location, RunRecord, new_run_id
from bulkops.journal.event_kinds import HANDED_OVER, PLAN
from bulkops.operations.functions import as_operation
from bulkops.operations.restore import describe
from bulkops.outcome import RESUMABLE, Outcome
from bulkops.report import Report, load_report
from bulkops.resources import Pages
from bulkops.runs.continuation import Continuation, client_for
from bulkops.runs.credential import hold_for_run
from bulkops.runs.engine import Engine
from bulkops.runs.halting import Check, Gate, StopSignal
from bulkops.runs.hand_over import Request, refuse_stopped
from bulkops.runs.identity import workspace_for
from bulkops.runs.inventory import Accounts, check_columns, check_columns_of_all, inventory_of, refuse_two_names
from bulkops.runs.other_workspaces import connected
from bulkops.runs.planning import FleetPlan, plan_accounts
from bulkops.runs.policy import Policy
from bulkops.runs.subset import Names, Subset
from bulkops.runs.undo import undo_of


def _location(given: AnyLocation) -> Location:
    return Location.of(given)


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
        on_workers: hand each run over to the workers of a journal in PostgreSQL, and return its report so far. Workers
            have no `check`, and pause where `approve` would be asked; `observe` and `stop` end with the hand-over.
    """

    workato: Workato | None = None
    journal: Location = attrs.field(default=Location.of(DEFAULT_DIRECTORY), converter=_location, kw_only=True)
    policy: Policy | None = attrs.field(default=None, kw_only=True)
    observe: Observer = attrs.field(default=ignore, kw_only=True)
    stop: StopSignal = attrs.field(factory=StopSignal, kw_only=True)
    check: Check | None = attrs.field(default=None, kw_only=True)
    approve: Check | None = attrs.field(default=None, kw_only=True)
    on_workers: bool = attrs.field(default=False, kw_only=True)

    async def plan(
        self, operation: object, accounts: Accounts, *, sample: int | None = None, offline: bool = False
    ) -> FleetPlan:
        """Look at the accounts and return what a run would change. Sends reads only.

        Args:
            sample: number of accounts to look at, evenly spread; the plan scales up.
            offline: look at none: everything is taken as still to be done.
        Raises: as `run`.
        """
        made = as_operation(operation)
        if isinstance(accounts, Pages):
            check_columns_of_all(made)
        workato = self._client_of(accounts)
        inventory = await inventory_of(accounts, workato)
        check_columns(made, inventory)
        return await plan_accounts(
            made,
            accounts=inventory,
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
            refused; RunLocked when another run works with this credential; RunAborted when `stop` is used before the
            hand-over to workers; JournalError.
        """
        made = as_operation(operation)
        if plan is not None:
            made = await plan.planned(made, self.journal)
        expected = plan.expected(made) if plan is not None else None
        if made.danger is not None and isinstance(accounts, Pages):
            raise PlanError(f"{made.title}: not allowed for all customers", remedy="give a list of accounts")
        workato = self._client_of(accounts)
        policy, run_id = self.policy or Policy(), new_run_id()
        known = None if isinstance(accounts, Pages) else await inventory_of(accounts, workato)
        if known is not None:
            check_columns(made, known)
        else:
            check_columns_of_all(made)
        if plan is not None:
            plan.check_host(workato.settings.url)
        async with AsyncExitStack() as stack:
            opened = await stack.enter_async_context(Journal.open(self.journal))
            workspace = await workspace_for(made, workato, opened)
            if plan is not None:
                plan.check_workspace(workspace)
            if policy.if_running == "wait":
                await stack.enter_async_context(opened.lock_run(run_id))  # `watch` sees it queue
            await stack.enter_async_context(
                hold_for_run(
                    opened, session_of(workato), run_id, policy=policy, stop_signal=self.stop, workspace=workspace
                )
            )
            inventory = known if known is not None else await inventory_of(accounts, workato)
            await refuse_two_names(inventory, workato)
            made = await stack.enter_async_context(connected(made, workato, journal=self.journal, observe=self.observe))
            prepared = await made.prepare(workato, self.journal)
            for digest, content in prepared.needed_files().items():
                await opened.files.put(digest, content)
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
            if self.on_workers:
                refuse_stopped(self.stop, run_id)
            elif policy.if_running != "wait":
                await stack.enter_async_context(opened.lock_run(run_id))  # before the run exists and can be resumed
            if expected is not None:
                opened.add_event(run_id, PLAN, {"expected": expected})  # for operations that need it
            if self.on_workers:
                opened.add_event(run_id, HANDED_OVER, {})
                await opened.shared_runs.create(record, inventory.rows, Request().to_mapping())
                return await load_report(opened, run_id)
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
            await engine.work(inventory.not_attempted)
            del inventory, known  # a million ids take 22 MB, and their answers, which are loaded next, 60 more
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
        again = Continuation(self, operation=operation, accept_changes=accept_changes, approved=approved)
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
        again = Continuation(self, operation=operation, accept_changes=accept_changes)
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
        accept_changes: bool = False,
    ) -> Report:
        """Undo the changes of a run, last account first; run_id None: the newest run. Undo is a new run, with its own
        id.

        Args:
            accounts: only these accounts of the run, by id or E-id; exclude: not these; limit: only the first N of
            them, last changed first. The others stay as they are.
            accept_changes: undo although the Python file of the operation has changed.
        Raises: PlanError when nothing of the operation can be undone or nothing was changed; otherwise as `run`.
        """
        subset = Subset.of(accounts, exclude, limit)
        operation, inventory = await undo_of(run_id, journal=self.journal, subset=subset, accept_changes=accept_changes)
        async with Journal.open(self.journal, read_only=True) as opened:
            record = await opened.get_run(operation.run_id)
        async with client_for(record, self.workato) as client:
            return await attrs.evolve(self, workato=client).run(operation, inventory)

    async def report(self, run_id: str | None = None, *, detailed: bool = False) -> Report:
        """The report of a run; run_id None: the newest run. Sends nothing. Raises: JournalError.

        detailed: read each step too, which HTML shows.
        """
        async with Journal.open(self.journal, read_only=True) as opened:
            return await load_report(opened, run_id, detailed=detailed)

    async def runs(self) -> list[RunRecord]:
        """The runs of the journal, newest first; none without a journal. Sends nothing. Raises: JournalError."""
        require_asyncio()  # not left to the journal, which there may not be
        if not self.journal.exists():
            return []
        async with Journal.open(self.journal, read_only=True) as opened:
            return await opened.list_runs()

    def _client_of(self, accounts: Accounts) -> Workato:
        if self.workato is not None:
            return self.workato
        if isinstance(accounts, Pages):
            return client_over(session_of(accounts))
        raise ConfigError("a run needs a client", remedy="give workato=..., or accounts=workato.customers.list()")


async def run(
    operation: object,
    *,
    accounts: Accounts,
    workato: Workato | None = None,
    journal: AnyLocation = DEFAULT_DIRECTORY,
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
