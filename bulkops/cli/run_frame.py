"""Confirmation, progress, report and exit code of a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

import attrs
import click

from bulkops.cli.click_ext import NOT_IN_RUN, Invocation
from bulkops.cli.confirm import Question
from bulkops.cli.eta import ForecastEta
from bulkops.cli.notify import Afterwards, add_step_summary
from bulkops.cli.options.values import Output
from bulkops.cli.progress import Plain, ProgressDisplay, RunProgress
from bulkops.cli.signals import listening
from bulkops.cli.terminal import counted, is_live, is_one_place, one_line, put, say
from bulkops.durations import rough_duration
from bulkops.outcome import Outcome

if TYPE_CHECKING:
    from bulkops.client import Workato
    from bulkops.events import Observer
    from bulkops.forecast import Forecast
    from bulkops.journal import Location
    from bulkops.operations import Operation
    from bulkops.report import Report
    from bulkops.runs import Ahead, Inventory, Policy, StopSignal


def scope(
    policy: Policy,
    *,
    count: int,
    host: str,
    title: str,
    most_open: int | None = None,
    ahead: Ahead | None = None,
    notes: Sequence[str] = (),
    begin: str = "Start this run",
) -> Question:
    """The confirmation before a run: accounts, host, operation, expected cost, and how far a halt can overshoot.

    `most_open`: accounts in progress at once, if that is known; `notes`: from the operation; `begin`: what a yes
    starts.
    """
    from bulkops.runs import overshoot

    accounts = counted(count, "account")
    lines = [f"{accounts} at {one_line(host)}: {one_line(title)}"]
    lines += [f"  {line}" for line in (ahead_words(ahead) if ahead else ())]
    if policy.max_failures is not None:
        more = overshoot(policy, count, most_open=policy.concurrency if most_open is None else most_open)
        further = "1 more fails, because it is" if more == 1 else f"{more} more fail, because they are"
        worst = f"in the worst case {further} in progress by then"
        lines.append(
            f"  halts when more than {policy.max_failures} failed; "
            + (worst if more else "no further account can fail then")
        )
    lines += [f"  note: {one_line(note)}" for note in notes]
    return Question(lines=lines, yes_does=f"{begin} ({accounts})", count=count)


def ahead_words(ahead: Ahead) -> list[str]:
    """`up to 4,589 requests in about 12 min, bound by embedded.recipes.get`, and how many when some are done."""
    words = cost_words(ahead.most)
    lines = [f"at least {words}{more_words(ahead.more)}" if ahead.more else f"up to {words}"]
    if ahead.likely is not None:
        are, them = ("account is", "it") if ahead.done == 1 else ("accounts are", "them")
        likely = cost_words(attrs.evolve(ahead.likely, quota=None))
        lines.append(f"up to {likely} if {ahead.done} {are} still as run {ahead.done_by} left {them}")
    return lines


def cost_words(cost: Forecast) -> str:
    """`4,589 requests in about 12 min, bound by embedded.recipes.get`"""
    bound = f", bound by {cost.quota}" if cost.quota else ""
    return f"{counted(cost.at_most, 'request', ',')} in about {rough_duration(cost.seconds)}{bound}"


def more_words(more: Mapping[str, float]) -> str:
    """`; 2 more for each further recipe to start, 1 more for each sub-folder`, or nothing."""
    return "; " + ", ".join(f"{ceil(n)} more for each {what}" for what, n in more.items()) if more else ""


async def run_with_progress(
    progress: RunProgress,
    go: Callable[[StopSignal], Awaitable[Report]],
    operation: Operation,
    workato: Workato,
    policy: Policy,
    *,
    journal: Location,
    total: int,
    settled: Mapping[Outcome, int] | None = None,
) -> Report:
    """Call `go` while signals reach it and stderr shows its progress and its end, which the operation's cost foretells.

    `settled`: outcomes of accounts that stay as they are.
    """
    from bulkops.runs import StopSignal

    stop_signal, eta_source = StopSignal(), None
    if not progress.is_silent:
        done = sum((settled or {}).values())
        eta_source = ForecastEta(workato, operation, policy, total=total, settled=done)
    invocation = click.get_current_context().ensure_object(Invocation)

    def begun(run_id: str) -> None:
        invocation.if_interrupted = (
            f"interrupted; run {run_id} stopped at once, with accounts in progress",
            f"bulkops resume {run_id}{journal.flag}",
        )

    async with progress.shown(total, settled, eta_source, begun):
        with listening(stop_signal, say):
            report = await go(stop_signal)
            invocation.if_interrupted = NOT_IN_RUN
            return report


async def run_shown(
    operation: Operation,
    accounts: Inventory,
    workato: Workato,
    progress: RunProgress,
    *,
    policy: Policy,
    journal: str,
    observe: Observer | None = None,
) -> Report:
    """A run that shows its progress and asks nothing. `observe`: in place of `progress.observe`."""
    from bulkops.journal import Location
    from bulkops.runs import run

    async def go(stop_signal: StopSignal) -> Report:
        return await run(
            operation,
            accounts=accounts,
            workato=workato,
            policy=policy,
            journal=journal,
            observe=observe or progress.observe,
            stop=stop_signal,
        )

    return await run_with_progress(
        progress, go, operation, workato, policy, journal=Location.of(journal), total=len(accounts)
    )


async def finish(report: Report, output: Output, afterwards: Afterwards, *, beside: bool = False) -> int:
    """Print the report to stdout and the next command to stderr, then notify. Returns the exit code. `beside`: stdout
    has other results.
    """
    try:
        _print_report(report, output, beside=beside)
    finally:  # stdout may be on a full disk
        await afterwards.tell(report)
    return report.exit_code


def _print_report(report: Report, output: Output, *, beside: bool) -> None:
    from bulkops.report import render
    from bulkops.report.next_steps import go_on_command, go_on_words

    if beside:
        say(render(report, "text").rstrip())
    else:
        put_report(report, as_json=output.json)
    command = go_on_command(report)
    ends_with_it = beside or (not output.json and is_one_place())  # the text report, on the same terminal
    if command is not None and not ends_with_it:
        say(f"{go_on_words(report)}: {command}")
    add_step_summary(report)


def put_report(report: Report, *, as_json: bool) -> None:
    """The report to stdout, as text or JSON."""
    from bulkops.report import render

    put(render(report, "json" if as_json else "text"), json=as_json)


def takes_stdout(parameters: Mapping[str, Any]) -> bool:
    """Whether an operation with these parameters writes its own results to stdout."""
    return parameters.get("output") == "-"


def display_for(*, quiet: bool) -> ProgressDisplay:
    """Nothing, a live view on a terminal, or plain lines elsewhere."""
    if quiet:
        return ProgressDisplay()
    if is_live():
        from bulkops.cli.live import Live

        return Live()
    return Plain()
