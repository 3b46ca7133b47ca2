"""The run that undoes another run: its operation and its accounts."""

from __future__ import annotations

from bulkops.errors import PlanError
from bulkops.journal import AnyLocation, InventoryRow, Journal
from bulkops.operations.restore import restore_to_undo
from bulkops.operations.undo import UndoRun
from bulkops.runs.inventory import Inventory
from bulkops.runs.subset import ALL, Subset, pick


async def undo_of(
    run_id: str | None, *, journal: AnyLocation, subset: Subset = ALL, accept_changes: bool = False
) -> tuple[UndoRun, Inventory]:
    """The operation that undoes a run, and the accounts that the run changed, last one first. `accept_changes`: also
    when the Python file of the operation has changed.

    Sends nothing. Raises: JournalError, also while a process works on the run; PlanError when nothing of the operation
    can be undone or nothing was changed; InputError for an account that is not in the run.
    """
    async with Journal.open(journal, read_only=True) as opened:
        record = await opened.get_run(run_id)
        await opened.refuse_in_progress(
            record.run_id, remedy="stop it with Ctrl-C, or wait until it ends; then undo it"
        )
        made = restore_to_undo(record.operation, accept_changes=accept_changes)
        if not made.can_undo():
            raise PlanError(
                f"run {record.run_id} cannot be undone: {record.title}",
                remedy=f"`bulkops undo {made.run_id}` undoes more accounts"
                if isinstance(made, UndoRun)
                else "undo it by hand",
            )
        changed = await opened.changed_accounts(record.run_id)
        if not changed:
            raise PlanError(
                f"run {record.run_id} changed no account", remedy="name the run to undo: `bulkops runs` lists the runs"
            )
        chosen = await pick(opened, record.run_id, changed[::-1], subset)
        if not chosen:
            raise PlanError(
                f"run {record.run_id} changed none of these accounts",
                remedy="`bulkops report RUN --outcome changed --ids` lists the accounts of a run that it changed",
            )
        rows = tuple(InventoryRow(seq=seq, account=row.account, params=row.params) for seq, row in enumerate(chosen))
        undo = UndoRun(made, run_id=record.run_id, source=record.operation.get("source"), what=record.title)
        return undo, Inventory(rows, f"run {record.run_id}")
