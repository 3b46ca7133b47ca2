"""The three ways to start a process on a run: new, resumed, retried."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from bulkops.client import Workato
from bulkops.errors import ConfigError, PlanError
from bulkops.events import Observer, ignore
from bulkops.journal import Journal, RunRecord, new_run_id
from bulkops.models import Customer
from bulkops.operations import as_operation, check_same, describe, restore
from bulkops.outcome import RESUMABLE, Outcome
from bulkops.report import Report, load_report
from bulkops.resources import Pages
from bulkops.runs.control import Control
from bulkops.runs.engine import Engine
from bulkops.runs.inventory import Inventory, from_values
from bulkops.runs.policy import Policy
from bulkops.settings import Settings, Tuning

JOURNAL: Final = "./.bulkops"

Accounts = Inventory | Pages[Customer] | Iterable[str | int | Mapping[str, object]]


async def run(
    operation: object,
    *,
    accounts: Accounts,
    workato: Workato | None = None,
    policy: Policy | None = None,
    journal: str | Path = JOURNAL,
    observe: Observer = ignore,
    control: Control | None = None,
    source: str | None = None,
) -> Report:
    """Run an operation on accounts; one answer per account, in the journal from the first second.

    Args:
        operation: an Operation, a chain of them, or `async def f(ctx)`.
        accounts: ids, E-ids, mappings with `id` or `external_id` and parameters, `workato.customers.list()`,
            or what `select` or `read_accounts` returned.
        workato: an entered client; may be left out when `accounts` comes from one.
        journal: directory of the journal; made when missing.
        source: FILE.py:NAME that `operation` was loaded from, so that `resume` finds it again.
    Raises: ConfigError, InputError, PlanError before anything is sent; Unauthorized when listing the accounts is
        refused; RunLocked when another run works with this credential; JournalError.
    """
    made = as_operation(operation)
    if workato is None:
        if not isinstance(accounts, Pages):
            raise ConfigError("run() needs a client", remedy="give workato=..., or accounts=workato.customers.list()")
        workato = Workato.over(accounts.session)
    inventory = await _inventory(accounts, workato)
    chosen = policy or Policy()
    record = RunRecord(
        run_id=new_run_id(),
        created_at=time.time(),
        title=made.title,
        operation=describe(made, source=source),
        host=workato.settings.url,
        inventory_hash=inventory.hash,
        inventory_count=len(inventory),
        policy=chosen.to_mapping(),
        tuning=workato.settings.tuning.to_mapping(),
    )
    async with Journal.open(journal) as opened:
        with _locks(opened, record):
            await opened.create_run(record, inventory.rows)
            engine = Engine(record, made, workato, opened, chosen, observe, control or Control())
            await engine.work(await opened.accounts(record.run_id))
        return await load_report(opened, record.run_id)


async def resume(
    run_id: str | None = None,
    *,
    workato: Workato | None = None,
    policy: Policy | None = None,
    journal: str | Path = JOURNAL,
    observe: Observer = ignore,
    control: Control | None = None,
    operation: object = None,
) -> Report | None:
    """Go on with a run: its not attempted, cancelled and unknown accounts; None when no run is unfinished.

    Args:
        run_id: a run or the unique beginning of its id; None: the newest unfinished one.
        workato: an entered client; None: one from the environment with the tuning of the journal.
        policy: replaces the journal's.
        operation: needed when the run's operation is a function of a script; must be the same.
    Raises: as `run`; JournalMismatch when the operation's files say something else now.
    """
    return await _again(run_id, RESUMABLE, None, workato, policy, journal, observe, control, operation)


async def retry(
    run_id: str | None = None,
    *,
    failure_class: str | None = None,
    workato: Workato | None = None,
    policy: Policy | None = None,
    journal: str | Path = JOURNAL,
    observe: Observer = ignore,
    control: Control | None = None,
    operation: object = None,
) -> Report | None:
    """Take a run's failed accounts up again, all or those of one failure class; run_id None: the newest run."""
    failed = frozenset({Outcome.FAILED})
    return await _again(run_id, failed, failure_class, workato, policy, journal, observe, control, operation)


async def _again(
    run_id: str | None,
    outcomes: Collection[Outcome],
    failure_class: str | None,
    workato: Workato | None,
    policy: Policy | None,
    journal: str | Path,
    observe: Observer,
    control: Control | None,
    operation: object,
) -> Report | None:
    async with Journal.open(journal) as opened:
        record = await _find_run(opened, run_id, unfinished=Outcome.FAILED not in outcomes)
        if record is None:
            return None
        made = restore(record.operation) if operation is None else as_operation(operation)
        check_same(made, record.operation)
        chosen = policy or Policy.from_mapping(record.policy)
        with _locks(opened, record):
            rows = await opened.accounts(record.run_id, outcomes=outcomes, failure_class=failure_class)
            if rows:
                async with _client(workato, record) as client:
                    await Engine(record, made, client, opened, chosen, observe, control or Control()).work(rows)
        return await load_report(opened, record.run_id)


@contextmanager
def _locks(journal: Journal, record: RunRecord) -> Iterator[None]:
    """One process a run, and one run a credential (whose identity is the host). Raises: RunLocked."""
    with journal.lock_host(record.host, record.run_id), journal.lock_run(record.run_id):
        yield


async def _find_run(journal: Journal, run_id: str | None, *, unfinished: bool) -> RunRecord | None:
    if run_id is None and unfinished:
        return await journal.newest_unfinished()
    return await journal.get_run(run_id)


@asynccontextmanager
async def _client(workato: Workato | None, record: RunRecord) -> AsyncIterator[Workato]:
    """The caller's client, or one from the environment with the journal's tuning; the host must be the run's."""
    if workato is not None:
        _check_host(workato.settings, record)
        yield workato
        return
    settings = Settings.from_env(tuning=Tuning.from_mapping(record.tuning, source=f"run {record.run_id}"))
    _check_host(settings, record)
    async with Workato.from_settings(settings) as client:
        yield client


def _check_host(settings: Settings, record: RunRecord) -> None:
    if settings.url != record.host:
        raise PlanError(
            f"run {record.run_id} was begun on {record.host}, not on {settings.url}",
            remedy="set WORKATO_HOST to it",
        )


async def _inventory(accounts: Accounts, workato: Workato) -> Inventory:
    if isinstance(accounts, Inventory):
        return accounts
    if isinstance(accounts, Pages):
        return from_values([customer.id async for customer in accounts], source=workato.settings.url)
    if isinstance(accounts, str):
        raise ConfigError(f"accounts={accounts!r} is text", remedy="give a list of ids, or bulkops.read_accounts(path)")
    return from_values(accounts)
