"""`bulkops resume`, `retry` and `undo`: remaining accounts, confirmation, run, report, exit code."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs

from bulkops.cli import event_loop
from bulkops.cli.click_ext import PlanFlags, plan_flags
from bulkops.cli.confirm import Consent
from bulkops.cli.notify import Afterwards
from bulkops.cli.options.values import Output, PolicyFlags
from bulkops.cli.selection import subset_of
from bulkops.cli.terminal import say
from bulkops.errors import BulkopsError, JournalError
from bulkops.outcome import RESUMABLE, Outcome
from bulkops.selection import Selection
from bulkops.settings import HOST_VARIABLE, Settings, Tuning

if TYPE_CHECKING:
    from bulkops.cli.start_run import Work
    from bulkops.client import Workato
    from bulkops.journal import Location, RunRecord
    from bulkops.operations import Operation
    from bulkops.report import Report
    from bulkops.runs import Fleet, Inventory, Subset

Verb = Literal["resume", "retry"]


@attrs.frozen(kw_only=True)
class Left:
    """A run, the accounts that the verb would take up, and the outcomes of those that stay as they are.

    `at_gate`: the run stopped at a gate.
    """

    record: RunRecord
    accounts: Inventory
    settled: Mapping[Outcome, int]
    at_gate: bool

    @property
    def count(self) -> int:
        return len(self.accounts)


def take_up(verb: Verb, run_id: str | None, *, selection: Selection, output: Output, **given: Any) -> int:
    """Resume or retry a run after a confirmation. Returns the exit code; 0 if nothing is left."""
    if run_id is None and not output.journal.exists():
        say(f"nothing to {verb}: no runs in {output.journal}")
        return 0
    return event_loop.run(_take_up(verb, run_id, selection=selection, output=output, **given))


async def _take_up(
    verb: Verb,
    run_id: str | None,
    *,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
    accept_changes: bool,
    failure_class: str | None = None,
) -> int:
    from bulkops.cli.start_run import Work, carry_out
    from bulkops.runs import Policy, require_workspace

    afterwards = Afterwards.of(output)
    subset = await subset_of(selection, asks=not output.yes)
    left = await _look_up(verb, run_id, output.journal, failure_class, subset)
    if left is None or left.count == 0:
        say(_nothing(verb, left, failure_class, subset))
        return 0
    if subset.accounts is not None and subset.limit is None and left.count < len(subset.accounts):
        say(f"{len(subset.accounts) - left.count} of the {len(subset.accounts)} accounts given have nothing to {verb}")
    record, is_approved = left.record, bool(policy.given.get("approve"))
    if is_approved and not left.at_gate:
        say(f"run {record.run_id} did not stop at a gate: --approve has no effect")
    look = f"see what is left: `bulkops report {record.run_id}{output.journal.flag}`"
    consent = Consent(yes=output.yes, quiet=output.quiet, before=look)

    async def take_on(fleet: Fleet) -> Report:
        chosen: Any = {"accounts": subset.accounts, "exclude": subset.exclude or None, "limit": subset.limit}
        chosen["accept_changes"] = accept_changes
        if verb == "retry":
            return await fleet.retry(record.run_id, failure_class=failure_class, **chosen)
        report = await fleet.resume(record.run_id, approved=is_approved, **chosen)
        if report is None:
            raise JournalError(
                f"run {record.run_id} was deleted from the journal",
                remedy=f"see `bulkops runs{output.journal.flag}`",
            )
        return report

    async def prepare(workato: Workato) -> Work:
        consent.require_askable()  # before the first request
        await require_workspace(workato, record)
        return Work(
            operation=await _restored(record, output.journal),
            accounts=left.accounts,
            total=record.inventory_count,
            settled=left.settled,
            title=f"{verb} {record.run_id}: {record.title}",
            begin=f"{verb.capitalize()} this run",
            go=take_on,
            parameters=record.operation["parameters"],
        )

    # On resume --approve answers the gate at which the run stopped; whether later gates ask is the run's own policy.
    of_run = policy.without("approve").over(Policy.from_mapping(record.policy))
    return await carry_out(prepare, _settings_like(record, policy), consent, afterwards, policy=of_run, output=output)


async def _restored(record: RunRecord, location: Location) -> Operation | None:
    """The run's operation; None when it cannot be restored here: resuming it then says what is wrong."""
    from bulkops.journal import Journal
    from bulkops.operations.restore import restore, with_packages

    with contextlib.suppress(BulkopsError):
        async with Journal.open(location, read_only=True) as journal:
            return restore(await with_packages(record.operation, journal))
    return None


async def _look_up(
    verb: Verb, run_id: str | None, location: Location, failure_class: str | None, subset: Subset
) -> Left | None:
    """The selected run and its remaining accounts; None without a run."""
    from bulkops.journal import InventoryRow, Journal
    from bulkops.runs import Inventory, Policy, pick, waiting_gate

    async with Journal.open(location, read_only=True) as journal:
        if run_id is None and verb == "resume":
            record = await journal.newest_unfinished()
        else:
            record = await journal.get_run(run_id)
        if record is None:
            return None
        await journal.refuse_in_progress(record.run_id, remedy="wait until it ends, or stop it with Ctrl-C")
        taken = RESUMABLE if verb == "resume" else frozenset({Outcome.FAILED})
        rows = await journal.accounts(record.run_id, outcomes=taken, failure_class=failure_class)
        rows = await pick(journal, record.run_id, rows, subset)
        settled = dict(await journal.counts(record.run_id))
        for row in rows:
            settled[row.outcome] -= 1
        events = await journal.events(record.run_id)
        waves = Policy.from_mapping(record.policy).cut(record.inventory_count)
        gate = waiting_gate(events, waves, [row.seq for row in rows]) if verb == "resume" else None
        accounts = tuple(InventoryRow(seq=row.seq, account=row.account, params=row.params) for row in rows)
        inventory = Inventory(accounts, f"run {record.run_id}")
        return Left(record=record, accounts=inventory, settled=settled, at_gate=gate is not None)


def undo(run_id: str | None, *, accept_changes: bool, selection: Selection, policy: PolicyFlags, output: Output) -> int:
    """Undo the changes of a run, as a new run. Returns the exit code."""
    undoing = _undo(
        run_id, plan_flags(), accept_changes=accept_changes, selection=selection, flags=policy, output=output
    )
    return event_loop.run(undoing)


async def _undo(
    run_id: str | None,
    plan: PlanFlags | None,
    *,
    accept_changes: bool,
    selection: Selection,
    flags: PolicyFlags,
    output: Output,
) -> int:
    from bulkops.cli.print_plan import print_plan_over
    from bulkops.cli.start_run import over_inventory
    from bulkops.journal import Journal
    from bulkops.runs import Policy, require_workspace, undo_of

    subset = await subset_of(selection, asks=plan is None and not output.yes)
    operation, inventory = await undo_of(run_id, journal=output.journal, subset=subset, accept_changes=accept_changes)
    async with Journal.open(output.journal, read_only=True) as journal:
        record = await journal.get_run(operation.run_id)
    settings = _settings_like(record, flags)

    async def known(workato: Workato) -> Inventory:
        await require_workspace(workato, record)
        return inventory

    if plan is not None:
        return await print_plan_over(operation, plan, known, settings, flags=flags, output=output)
    look = f"see what it would change: `bulkops plan undo {record.run_id}{output.journal.flag}`"
    consent = Consent(yes=output.yes, quiet=output.quiet, before=look)
    consent.require_askable()
    return await over_inventory(operation, known, settings, consent, policy=flags.over(Policy()), output=output)


def _settings_like(record: RunRecord, flags: PolicyFlags) -> Settings:
    """From the flags and the environment; what is not set there, host and tuning, is the run's own."""
    tuning = flags.tune(Tuning.from_mapping(record.tuning, source=f"run {record.run_id}"))
    environ = {**os.environ, HOST_VARIABLE: os.environ.get(HOST_VARIABLE) or record.host}
    return Settings.from_env(tuning=tuning, environ=environ)


def _nothing(verb: Verb, left: Left | None, failure_class: str | None, subset: Subset) -> str:
    if left is None:
        return f"nothing to {verb}: no run of this journal is unfinished"
    if not subset.is_all:
        return f"nothing to {verb}: no selected account of run {left.record.run_id} is left"
    if verb == "resume":
        return f"nothing to resume: every account of run {left.record.run_id} has ended"
    kind = f" as {failure_class}" if failure_class else ""
    return f"nothing to retry: no account of run {left.record.run_id} failed{kind}"
