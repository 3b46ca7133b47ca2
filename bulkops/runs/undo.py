"""To undo a run: a run of its own over the accounts that the first one changed, last one first."""

from __future__ import annotations

from pathlib import Path

from bulkops.client import Workato
from bulkops.errors import PlanError
from bulkops.events import Observer, ignore
from bulkops.journal import InventoryRow, Journal
from bulkops.operations import UndoRun, restore_to_undo
from bulkops.report import Report
from bulkops.runs.halting import StopSignal
from bulkops.runs.inventory import Inventory
from bulkops.runs.policy import Policy
from bulkops.runs.start import JOURNAL, client_for, run
from bulkops.runs.subset import ALL, Names, Subset, pick


async def undo(
    run_id: str | None = None,
    *,
    workato: Workato | None = None,
    policy: Policy | None = None,
    journal: str | Path = JOURNAL,
    observe: Observer = ignore,
    control: StopSignal | None = None,
    accounts: Names | None = None,
    exclude: Names | None = None,
    limit: int | None = None,
) -> Report:
    """Undo what a run changed, last account first; run_id None: the newest run. A run of its own, with its own id.

    Args:
        workato: an entered client; None: one from the environment with the tuning of the undone run.
        accounts: only these accounts of the run, by id or E-id; exclude: not these; limit: the first so many of them,
            last changed first. The others stay as they are.
    Raises: PlanError when nothing of the operation can be undone or nothing was changed; otherwise as `run`.
    """
    operation, inventory = await undoing(run_id, journal=journal, subset=Subset.of(accounts, exclude, limit))
    async with Journal.open(journal, read_only=True) as opened:
        record = await opened.get_run(operation.run_id)
    async with client_for(record, workato) as client:
        return await run(
            operation,
            accounts=inventory,
            workato=client,
            policy=policy,
            journal=journal,
            observe=observe,
            control=control,
        )


async def undoing(
    run_id: str | None, *, journal: str | Path = JOURNAL, subset: Subset = ALL
) -> tuple[UndoRun, Inventory]:
    """What to `run` to undo a run: the operation, and the accounts that were really changed, last one first.

    Sends nothing. Raises: JournalError; PlanError when nothing of the operation can be undone or nothing was changed;
    InputError for an account that is not in the run.
    """
    async with Journal.open(journal, read_only=True) as opened:
        record = await opened.get_run(run_id)
        made = restore_to_undo(record.operation)
        if not made.can_undo():
            raise PlanError(f"run {record.run_id} cannot be undone: {record.title}", remedy="undo it by hand")
        changed = await opened.changed_accounts(record.run_id)
        if not changed:
            raise PlanError(f"run {record.run_id} changed no account", remedy="there is nothing to undo")
        chosen = await pick(opened, record.run_id, changed[::-1], subset)
        if not chosen:
            raise PlanError(f"run {record.run_id} changed none of these accounts", remedy="there is nothing to undo")
        rows = tuple(InventoryRow(seq=seq, account=row.account, params=row.params) for seq, row in enumerate(chosen))
        undo = UndoRun(made, run_id=record.run_id, source=record.operation.get("source"), what=record.title)
        return undo, Inventory(rows, f"run {record.run_id}")
