"""A new run: settings and selection; and what every run does: confirmation, work, report, exit code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from bulkops.cli import event_loop
from bulkops.cli.click_ext import plan_flags
from bulkops.cli.confirm import Consent, approver
from bulkops.cli.notify import Afterwards
from bulkops.cli.options.values import Output, PolicyFlags
from bulkops.cli.progress import RunProgress
from bulkops.cli.run_frame import display_for, finish, run_with_progress, scope, takes_stdout
from bulkops.cli.run_on_workers import goes_to_workers, run_on_workers
from bulkops.cli.selection import accounts_for, accounts_meant, refuse_all
from bulkops.outcome import Outcome, in_words
from bulkops.selection import Selection
from bulkops.settings import Settings

if TYPE_CHECKING:
    from bulkops.client import Workato
    from bulkops.journal import Location
    from bulkops.operations import Operation
    from bulkops.report import Report
    from bulkops.runs import Fleet, FleetPlan, Inventory, Policy, StopSignal

_LISTING = "of bulkops (listing the accounts)"


def start(operation: Operation, **given: Any) -> int:
    """Run `operation` over the selection; the exit code. `given`: as of `_start`."""
    return event_loop.run(_start(operation, **given))


async def _start(
    operation: Operation, *, selection: Selection, flags: PolicyFlags, output: Output, source: str | None = None
) -> int:
    """Ask before the run. Everything is checked before anything is sent. Returns the exit code.

    `source`: FILE.py:NAME that it came from, for `resume`.
    """
    from bulkops.client import session_of
    from bulkops.runs import FleetPlan, Policy, hold_credential, workspace_of

    planning = plan_flags()
    if planning is not None:
        from bulkops.cli.print_plan import print_plan

        return await print_plan(operation, planning, selection=selection, flags=flags, output=output)
    accounts = accounts_for(operation, selection, asks=not output.yes)
    saved = FleetPlan.load(selection.plan) if selection.plan is not None else None
    if saved is not None:
        operation = await saved.planned(operation, output.journal)
        saved.expected(operation)  # refuses a plan of something else before anything is sent
    consent = Consent(yes=output.yes, quiet=output.quiet, danger=operation.danger)
    if operation.danger is not None:
        refuse_all(accounts, operation)
        consent.require_askable()
    policy = flags.over(Policy())
    settings = Settings.from_env(tuning=flags.tune())
    if saved is not None:
        saved.check_host(settings.url)
    await _try_journal(output.journal)

    async def listed(workato: Workato) -> Inventory:
        async def meant(workspace: str | None) -> Inventory:
            return await accounts_meant(
                operation, workato, accounts=accounts, selection=selection, output=output, workspace=workspace
            )

        if not (accounts == "all" or selection.only_new or saved is not None):
            return await meant(None)
        consent.require_askable()  # before the first request
        workspace = await workspace_of(workato)
        if saved is not None:
            saved.check_workspace(workspace)
        async with hold_credential(
            session_of(workato),
            _LISTING,
            workspace=workspace,
            if_running=policy.if_running,
            journal=output.journal,
        ):
            return await meant(workspace)

    return await over_inventory(
        operation, listed, settings, consent, policy=policy, output=output, source=source, plan=saved
    )


async def over_inventory(
    operation: Operation,
    listed: Callable[[Workato], Awaitable[Inventory]],
    settings: Settings,
    consent: Consent,
    *,
    policy: Policy,
    output: Output,
    source: str | None = None,
    plan: FleetPlan | None = None,
) -> int:
    """Run `operation` over the accounts that `listed` gives, ask before; the exit code."""

    async def prepare(workato: Workato) -> Work | None:
        inventory = await listed(workato)
        if not len(inventory):  # none is new, as was said
            return None
        return Work(
            operation=operation,
            accounts=inventory,
            total=len(inventory),
            title=operation.title,
            notes=(
                *_about_gates(policy, len(inventory)),
                *await _about_unfinished(operation, settings.url, output.journal),
                *operation.notes(),
            ),
            plan=plan,
            go=lambda fleet: fleet.run(operation, inventory, plan=plan, source=source),
            parameters=operation.parameters(),
        )

    return await carry_out(prepare, settings, consent, Afterwards.of(output), policy=policy, output=output)


@attrs.frozen(kw_only=True)
class Work:
    """What a run or a resume does with which accounts.

    `operation`: None when it cannot be restored here; `total`: accounts of the run, of which `settled` stay as they
    are; `title`, `begin`, `notes`: see `scope`; `go`: does it; `parameters`: of the operation.
    """

    operation: Operation | None
    accounts: Inventory
    total: int
    settled: Mapping[Outcome, int] = attrs.field(factory=dict)
    title: str
    begin: str = "Start this run"
    notes: tuple[str, ...] = ()
    plan: FleetPlan | None = None
    go: Callable[[Fleet], Awaitable[Report]]
    parameters: Mapping[str, Any]


async def carry_out(
    prepare: Callable[[Workato], Awaitable[Work | None]],
    settings: Settings,
    consent: Consent,
    afterwards: Afterwards,
    *,
    policy: Policy,
    output: Output,
) -> int:
    """Ask, run here or on workers, report and notify; the exit code: 0 when `prepare` finds no work."""
    from bulkops.cli.log_events import with_log, with_telemetry
    from bulkops.client import Workato, session_of
    from bulkops.operations import Operation
    from bulkops.runs import Fleet, cost_ahead, most_admitted

    progress = RunProgress(display_for(quiet=output.quiet))
    observe = with_telemetry(with_log(progress.observe))
    async with Workato.from_settings(settings, observe=observe) as workato:
        work = await prepare(workato)
        if work is None:
            return 0
        operation, accounts = work.operation, work.accounts
        ahead, most_open = None, None
        if operation is not None:
            pacer = session_of(workato).pacer
            most_open = most_admitted(operation, policy=policy, pacer=pacer, tuning=settings.tuning)
            ahead = await cost_ahead(
                operation, accounts, policy=policy, workato=workato, journal=output.journal, plan=work.plan
            )
        question = scope(
            policy,
            count=len(accounts),
            host=settings.url,
            title=work.title,
            most_open=most_open,
            ahead=ahead,
            notes=work.notes,
            begin=work.begin,
        )
        await consent.ask(question)
        fleet = Fleet(workato, journal=output.journal, policy=policy, observe=observe)
        if await goes_to_workers(operation, output):

            async def hand_over(stop_signal: StopSignal) -> Report:
                return await work.go(attrs.evolve(fleet, on_workers=True, stop=stop_signal))

            return await run_on_workers(hand_over, output, afterwards)

        async def go(stop_signal: StopSignal) -> Report:
            return await work.go(attrs.evolve(fleet, stop=stop_signal, approve=approver(progress.silence)))

        costs = operation or Operation()  # without the operation, its cost is measured during the run
        report = await run_with_progress(
            progress,
            go,
            costs,
            workato,
            policy,
            journal=output.journal,
            total=work.total,
            settled=work.settled or None,
        )
    return await finish(report, output, afterwards, beside=takes_stdout(work.parameters))


def _about_gates(policy: Policy, inventory_count: int) -> tuple[str, ...]:
    """Warning that the run has no gate at which it could ask or wait."""
    keys = [flag for flag, is_given in (("approve", policy.approve), ("soak", policy.soak_s > 0)) if is_given]
    if not keys or len(policy.cut(inventory_count)) > 1:
        return ()
    has = "have" if len(keys) > 1 else "has"
    return (f"{' and '.join(keys)} {has} no effect: all accounts are in one wave; add --waves, such as 1,5%,rest",)


async def _about_unfinished(operation: Operation, host: str, journal: Location) -> tuple[str, ...]:
    """Warning that the newest run of the same operation has accounts to resume, with the command."""
    from bulkops.runs import unfinished_run

    found = await unfinished_run(operation, host=host, journal=journal)
    if found is None:
        return ()
    command = f"bulkops resume {found.run_id}{journal.flag}"
    return (
        f"run {found.run_id} of the same operation is unfinished ({in_words(found.left)}): `{command}` continues it",
    )


async def _try_journal(location: Location) -> None:
    """Open an existing journal before the confirmation, to find errors early. Raises: JournalError. Creates nothing,
    because the answer may be no.
    """
    from bulkops.journal import Journal

    if location.exists():
        async with Journal.open(location):
            return
