"""The way of a new run: settings, selection, question, the run itself, report, exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import click

from bulkops.cli.afterwards import Afterwards
from bulkops.cli.flags import Output, PolicyFlags, Selection
from bulkops.cli.options import exists, journal_flag
from bulkops.cli.outlook import Outlook
from bulkops.cli.question import Consent, Scope, approver
from bulkops.cli.signals import listening
from bulkops.cli.step_summary import add_step_summary
from bulkops.cli.story import Story, voice_for
from bulkops.cli.terminal import is_one_place, put, say
from bulkops.cli.verbs import Invocation
from bulkops.errors import PlanError
from bulkops.outcome import Outcome
from bulkops.settings import Settings, Tuning

if TYPE_CHECKING:
    from bulkops.client import Workato
    from bulkops.operations import Operation
    from bulkops.report import Report
    from bulkops.runs import Control, Earlier, FleetPlan, Inventory, Policy


def start(
    operation: Operation, *, selection: Selection, flags: PolicyFlags, output: Output, source: str | None = None
) -> int:
    """Run `operation` over the selection, ask before; the exit code. Everything is checked before anything is sent.

    `source`: FILE.py:NAME that it came from, for `resume`.
    """
    return asyncio.run(_start(operation, selection=selection, flags=flags, output=output, source=source))


async def _start(
    operation: Operation, *, selection: Selection, flags: PolicyFlags, output: Output, source: str | None
) -> int:
    from bulkops.runs import FleetPlan, Policy

    planning = click.get_current_context().find_object(Invocation)
    if planning is not None and planning.plan is not None:
        from bulkops.cli.foresee import foresee

        return await foresee(operation, planning.plan, selection=selection, flags=flags, output=output)
    accounts = accounts_of(selection, output)
    saved = FleetPlan.load(selection.plan) if selection.plan is not None else None
    if saved is not None:
        operation = saved.planned(operation)
        saved.expected(operation)  # refuses a plan of something else before anything is sent
    consent = Consent(yes=output.yes, quiet=output.quiet, danger=operation.danger)
    if operation.danger is not None:
        _refuse_all(accounts, operation)
        consent.require_askable()
    policy = flags.over(Policy())
    settings = Settings.from_env(tuning=flags.tune(Tuning()))
    await _try_journal(output.journal)

    async def listed(workato: Workato) -> Inventory:
        if accounts == "all":
            consent.require_askable()  # before the first request: here that is the list of accounts
        return await accounts_meant(operation, workato, accounts=accounts, selection=selection, output=output)

    return await _carry_out(operation, listed, settings, policy, consent, output, source=source, plan=saved)


def _refuse_all(accounts: str, operation: Operation) -> None:
    """What nothing can bring back is not done to whoever is a customer today. Raises: PlanError."""
    if accounts == "all":
        raise PlanError(
            f"--accounts all is not taken by an operation that cannot be undone: {operation.title}",
            remedy="put the accounts that are meant into a file: --accounts FILE",
        )


async def over_inventory(
    operation: Operation, inventory: Inventory, settings: Settings, *, flags: PolicyFlags, output: Output, before: str
) -> int:
    """Run `operation` over accounts that are known already, ask before; the exit code. `before`: as of `Consent`."""
    from bulkops.runs import Policy

    async def known(_: Workato) -> Inventory:
        return inventory

    consent = Consent(yes=output.yes, quiet=output.quiet, before=before)
    return await _carry_out(operation, known, settings, flags.over(Policy()), consent, output)


async def _carry_out(
    operation: Operation,
    listed: Callable[[Workato], Awaitable[Inventory]],
    settings: Settings,
    policy: Policy,
    consent: Consent,
    output: Output,
    *,
    source: str | None = None,
    plan: FleetPlan | None = None,
) -> int:
    from bulkops.cli.event_log import with_log
    from bulkops.client import Workato
    from bulkops.runs import run

    afterwards = Afterwards.of(output)
    story = Story(voice_for(quiet=output.quiet))
    observe = with_log(story.observe)
    async with Workato.from_settings(settings, observe=observe) as workato:
        inventory = await listed(workato)
        if not len(inventory):  # nobody is new, as was said
            return 0
        about = scope(policy, count=len(inventory), host=settings.url, title=operation.title)
        await consent.ask(attrs.evolve(about, notes=operation.notes()))

        async def go(control: Control) -> Report:
            return await run(
                operation,
                accounts=inventory,
                workato=workato,
                policy=policy,
                journal=output.journal,
                observe=observe,
                control=control,
                source=source,
                approve=approver(story.silence),
                plan=plan,
            )

        outlook = None if story.is_silent else Outlook(workato, operation, policy, total=len(inventory))
        report = await told(story, go, total=len(inventory), outlook=outlook)
    code = finish(report, output, beside=takes_stdout(operation.parameters()))
    await afterwards.tell(report)
    return code


async def accounts_meant(
    operation: Operation, workato: Workato, *, accounts: str, selection: Selection, output: Output
) -> Inventory:
    """The accounts that the selection means; of --only-new, how many those are is said. Empty when nobody is new."""
    from bulkops.runs import earlier_runs, select

    earlier = None
    if selection.only_new:
        earlier = await earlier_runs(operation, host=workato.settings.url, journal=output.journal)
    inventory = await select(
        workato,
        accounts=accounts,
        exclude=selection.exclude,
        limit=selection.limit,
        where=selection.where,
        known=() if earlier is None else earlier.outcomes.keys(),
    )
    if earlier is not None:
        for line in _about_new(len(inventory), earlier, output.journal):
            say(line)
    return inventory


def _about_new(count: int, earlier: Earlier, journal: str) -> Iterator[str]:
    new = f"{count} account{'' if count == 1 else 's'} to work on"
    if earlier.newest is None:
        yield f"only new: {journal} has no earlier run of this operation, so every account is new; {new}"
        return
    known = f"the {len(earlier.outcomes)} accounts of earlier runs (the newest is {earlier.newest}) are left out"
    yield f"only new: {known}; {new if count else 'nobody is new: nothing to do'}"
    if earlier.undone:
        runs = f"bulkops runs{journal_flag(journal)}"
        yield f"only new: {earlier.undone} of them were not done: `{runs}` lists the runs to resume or retry"


def scope(policy: Policy, *, count: int, host: str, title: str) -> Scope:
    """What the question before a run is about."""
    from bulkops.runs import overshoot

    return Scope(
        count=count,
        host=host,
        title=title,
        concurrency=policy.concurrency,
        max_failures=policy.max_failures,
        overshoot=overshoot(policy, count) if policy.max_failures is not None else None,
    )


async def told(
    story: Story,
    go: Callable[[Control], Awaitable[Report]],
    *,
    total: int,
    settled: Mapping[Outcome, int] | None = None,
    outlook: Outlook | None = None,
) -> Report:
    """Carry out `go` while signals reach it and stderr tells of it. `settled`: outcomes that stay as they are."""
    from bulkops.runs import Control

    control = Control()
    async with story.told(total, settled, outlook):
        with listening(control, say):
            return await go(control)


def takes_stdout(parameters: Mapping[str, Any]) -> bool:
    """Whether an operation with these parameters writes its own results to stdout."""
    return parameters.get("output") == "-"


def finish(report: Report, output: Output, *, beside: bool = False) -> int:
    """The report to stdout, how to go on to stderr; the exit code. `beside`: stdout has other results."""
    from bulkops.report import render
    from bulkops.report.commands import go_on_command

    if beside:
        say(render(report, "text").rstrip())
    else:
        put_report(report, as_json=output.json)
    command = go_on_command(report)
    if command is not None and not ends_with_it(as_json=output.json, beside=beside):
        say(f"{command.split()[1]} with: {command}")
    add_step_summary(report)
    return report.exit_code


def ends_with_it(*, as_json: bool, beside: bool) -> bool:
    """Whether who reads stderr has just seen the command that goes on as the last line of the text report."""
    return beside or (not as_json and is_one_place())


def put_report(report: Report, *, as_json: bool) -> None:
    """The report to stdout, as text or JSON."""
    from bulkops.report import render

    put(render(report, "json" if as_json else "text"), json=as_json)


async def _try_journal(directory: str) -> None:
    """Open a journal that exists, so that nobody is asked about a run that cannot be written down.

    Raises: JournalError. Makes nothing: the answer may be no.
    """
    from bulkops.journal import Journal

    if exists(directory):
        async with Journal.open(directory):
            return


def accounts_of(selection: Selection, output: Output, *, asks: bool = True) -> str:
    """What --accounts says. Raises: UsageError when it says nothing, or takes the place of the answer."""
    ctx = click.get_current_context(silent=True)
    if selection.accounts is None:
        raise click.UsageError("Which accounts? Give --accounts FILE, numbers, - for stdin, or all.", ctx=ctx)
    if asks and selection.accounts == "-" and not output.yes:
        raise click.UsageError("The accounts come from stdin, so nobody can be asked there: add --yes.", ctx=ctx)
    return selection.accounts
