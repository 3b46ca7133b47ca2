"""The three ways to start a process on a run: new, resumed, retried."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import attrs

from bulkops.client import Workato
from bulkops.errors import ConfigError, InputError, PlanError
from bulkops.events import Observer, ignore
from bulkops.journal import AccountRow, Journal, RunRecord, RunState, new_run_id
from bulkops.models import Customer
from bulkops.operations import Operation, as_operation, check_same, describe, restore
from bulkops.outcome import RESUMABLE, Outcome
from bulkops.report import Report, load_report
from bulkops.resources import Pages
from bulkops.runs.credential import credential
from bulkops.runs.engine import Engine
from bulkops.runs.halting import Check, Gate, StopSignal, waiting_gate
from bulkops.runs.identity import require_workspace, workspace_for
from bulkops.runs.inventory import Inventory, from_values, refuse_two_names
from bulkops.runs.planning import FleetPlan
from bulkops.runs.policy import Policy
from bulkops.runs.subset import Names, Subset, pick
from bulkops.settings import Settings, Tuning

JOURNAL: Final = "./.bulkops"
_PLAN: Final = "plan"

Accounts = Inventory | Pages[Customer] | Iterable[str | int | Mapping[str, object]]


async def run(
    operation: object,
    *,
    accounts: Accounts,
    workato: Workato | None = None,
    policy: Policy | None = None,
    journal: str | Path = JOURNAL,
    observe: Observer = ignore,
    control: StopSignal | None = None,
    source: str | None = None,
    check: Check | None = None,
    approve: Check | None = None,
    plan: FleetPlan | None = None,
) -> Report:
    """Run an operation on accounts; one answer per account, in the journal from the first second.

    Args:
        operation: an Operation, a chain of them, or `async def f(ctx)`.
        accounts: ids, E-ids, mappings with `id` or `external_id` and parameters, `workato.customers.list()`,
            or what `select` or `read_accounts` returned.
        workato: an entered client; may be left out when `accounts` comes from one.
        journal: directory of the journal; made when missing.
        source: FILE.py:NAME that `operation` was loaded from, so that `resume` finds it again.
        check, approve: asked between waves with a WaveResult; True goes on, False halts, None pauses the run.
        plan: a saved plan of this operation; accounts that drifted since are skipped.
    Raises: ConfigError, InputError, PlanError before anything is sent; Unauthorized when listing the accounts is
        refused; RunLocked when another run works with this credential; JournalError.
    """
    made = as_operation(operation) if plan is None else plan.planned(as_operation(operation))
    expected = plan.expected(made) if plan is not None else None
    if made.danger is not None and isinstance(accounts, Pages):
        raise PlanError(f"{made.title}: not for whoever is a customer today", remedy="give a list of accounts")
    if workato is None:
        if not isinstance(accounts, Pages):
            raise ConfigError("run() needs a client", remedy="give workato=..., or accounts=workato.customers.list()")
        workato = Workato.over(accounts.session)
    chosen, control, run_id = policy or Policy(), control or StopSignal(), new_run_id()
    known = None if isinstance(accounts, Pages) else await _inventory(accounts, workato)
    if known is not None:
        _check_columns(made, known)
    if plan is not None:
        plan.check_host(workato.settings.url)
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(Journal.open(journal))
        workspace = await workspace_for(made, workato, opened)
        if plan is not None:
            plan.check_workspace(workspace)
        if chosen.if_running == "wait":
            stack.enter_context(opened.lock_run(run_id))  # `watch` sees it queue
        await stack.enter_async_context(
            credential(opened, workato.session, run_id, policy=chosen, control=control, workspace=workspace)
        )
        inventory = known if known is not None else await _inventory(accounts, workato)
        _check_columns(made, inventory)
        await refuse_two_names(inventory, workato)
        prepared = await made.prepare(workato, Path(journal))
        record = RunRecord(
            run_id=run_id,
            created_at=time.time(),
            title=prepared.title,
            operation=describe(prepared, source=source),
            host=workato.settings.url,
            workspace=workspace,
            inventory_hash=inventory.hash,
            inventory_count=len(inventory),
            policy=chosen.to_mapping(),
            tuning=workato.settings.tuning.to_mapping(),
        )
        if chosen.if_running != "wait":
            stack.enter_context(opened.lock_run(run_id))  # before there is anything that somebody could resume
        if expected is not None:
            opened.add_event(run_id, _PLAN, {"expected": expected})  # for those who do
        await opened.create_run(record, inventory.rows)
        engine = Engine(
            record=record,
            operation=prepared,
            workato=workato,
            journal=opened,
            policy=chosen,
            observe=observe,
            control=control,
            gate=Gate(policy=chosen, check=check, approve=approve),
            expected=expected,
        )
        await engine.work(await opened.accounts(run_id))
        return await load_report(opened, run_id)


async def resume(
    run_id: str | None = None,
    *,
    workato: Workato | None = None,
    policy: Policy | None = None,
    journal: str | Path = JOURNAL,
    observe: Observer = ignore,
    control: StopSignal | None = None,
    operation: object = None,
    check: Check | None = None,
    approve: Check | None = None,
    approved: bool = False,
    accept_changes: bool = False,
    accounts: Names | None = None,
    exclude: Names | None = None,
    limit: int | None = None,
) -> Report | None:
    """Go on with a run: its not attempted, cancelled and unknown accounts; None when no run is unfinished.

    Args:
        run_id: a run or the unique beginning of its id; None: the newest unfinished one.
        workato: an entered client; None: one from the environment with the tuning of the journal.
        policy: replaces the journal's.
        operation: needed when the run's operation is a function of a script; must be the same.
        check, approve: as for `run`; approved: passes the gate at which the run stopped, unasked; later
            gates ask as before.
        accept_changes: go on although the Python file of the operation was changed; finished steps stay done.
        accounts: only these accounts of the run, by id or E-id; exclude: not these; limit: the first so many of them.
            The others stay as they are, and the run's state is `partial` while some of them are left.
    Raises: as `run`; JournalMismatch when the operation's files say something else now; InputError for an account
        that is not in the run.
    """
    again = Continuation(
        workato=workato,
        policy=policy,
        journal=journal,
        observe=observe,
        control=control or StopSignal(),
        operation=operation,
        accept_changes=accept_changes,
        subset=Subset.of(accounts, exclude, limit),
        check=check,
        approve=approve,
        approved=approved,
    )
    return await again.work(run_id, RESUMABLE)


async def retry(
    run_id: str | None = None,
    *,
    failure_class: str | None = None,
    workato: Workato | None = None,
    policy: Policy | None = None,
    journal: str | Path = JOURNAL,
    observe: Observer = ignore,
    control: StopSignal | None = None,
    operation: object = None,
    accept_changes: bool = False,
    accounts: Names | None = None,
    exclude: Names | None = None,
    limit: int | None = None,
) -> Report | None:
    """Take a run's failed accounts up again, all or those of one failure class; run_id None: the newest run.

    `accept_changes`, `accounts`, `exclude`, `limit`: as for `resume`.
    """
    again = Continuation(
        workato=workato,
        policy=policy,
        journal=journal,
        observe=observe,
        control=control or StopSignal(),
        operation=operation,
        accept_changes=accept_changes,
        subset=Subset.of(accounts, exclude, limit),
    )
    return await again.work(run_id, frozenset({Outcome.FAILED}), failure_class)


@attrs.frozen(kw_only=True)
class Continuation:
    """What resuming and retrying share."""

    workato: Workato | None
    policy: Policy | None
    journal: str | Path
    observe: Observer
    control: StopSignal
    operation: object
    accept_changes: bool
    subset: Subset
    check: Check | None = None
    approve: Check | None = None
    approved: bool = False

    async def work(
        self, run_id: str | None, outcomes: Collection[Outcome], failure_class: str | None = None
    ) -> Report | None:
        is_retry = Outcome.FAILED in outcomes
        async with Journal.open(self.journal) as opened:
            record = await _find_run(opened, run_id, unfinished=not is_retry)
            if record is None:
                return None
            made = self._operation(record)
            with opened.lock_run(record.run_id):
                record = await opened.get_run(record.run_id)  # as the last process left it, who may have ended just now
                if not self.accept_changes:
                    check_same(made, record.operation)
                left = await opened.accounts(record.run_id, outcomes=outcomes, failure_class=failure_class)
                rows = await pick(opened, record.run_id, left, self.subset)
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
        policy = self.policy or Policy.from_mapping(record.policy)
        events = await journal.events(record.run_id)
        approved = None
        if self.approved:
            judged = [event.data for event in events if event.kind == "gate"]
            approved = waiting_gate(judged, policy.cut(record.inventory_count), [row.seq for row in rows])
        saved = [event.data["expected"] for event in events if event.kind == _PLAN]
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(client_for(record, self.workato))
            workspace = await require_workspace(client, record)
            record = await _with_changes(journal, record, operation)
            await stack.enter_async_context(
                credential(
                    journal, client.session, record.run_id, policy=policy, control=self.control, workspace=workspace
                )
            )
            engine = Engine(
                record=record,
                operation=operation,
                workato=client,
                journal=journal,
                policy=policy,
                observe=self.observe,
                control=self.control,
                gate=Gate(policy=policy, check=self.check, approve=self.approve, approved=approved),
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


async def _find_run(journal: Journal, run_id: str | None, *, unfinished: bool) -> RunRecord | None:
    if run_id is None and unfinished:
        return await journal.newest_unfinished()
    return await journal.get_run(run_id)


@asynccontextmanager
async def client_for(record: RunRecord, workato: Workato | None) -> AsyncIterator[Workato]:
    """The caller's client, or one from the environment with the journal's tuning."""
    if workato is not None:
        yield workato
        return
    settings = Settings.from_env(tuning=Tuning.from_mapping(record.tuning, source=f"run {record.run_id}"))
    async with Workato.from_settings(settings) as client:
        yield client


def _check_columns(operation: Operation, inventory: Inventory) -> None:
    """Raises: InputError when the operation reads columns that no account has."""
    missing = operation.columns() - {column for row in inventory.rows for column in row.params}
    if missing:
        names = ", ".join(map(repr, sorted(missing)))
        raise InputError(f"{inventory.source} has no column {names}", remedy=f"add it: {operation.title} reads it")


async def _inventory(accounts: Accounts, workato: Workato) -> Inventory:
    if isinstance(accounts, Inventory):
        return accounts
    if isinstance(accounts, Pages):
        customers = [customer async for customer in accounts.complete()]
        found = from_values([customer.id for customer in customers], source=workato.settings.url)
        named = (attrs.evolve(row, name=one.name or "") for row, one in zip(found.rows, customers, strict=True))
        return attrs.evolve(found, rows=tuple(named))
    if isinstance(accounts, str):
        raise ConfigError(f"accounts={accounts!r} is text", remedy="give a list of ids, or bulkops.read_accounts(path)")
    return from_values(accounts)


def _found(found: str | list[str]) -> tuple[str, ...] | str:
    """What a saved plan found of an account, as the journal has it."""
    return found if isinstance(found, str) else tuple(found)
