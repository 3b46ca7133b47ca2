"""The way of a new run: settings, selection, question, the run itself, report, exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import click

from bulkops.cli.options import Output, PolicyFlags, Selection, exists, journal_flag
from bulkops.cli.question import Consent, Scope
from bulkops.cli.signals import listening
from bulkops.cli.story import Story, voice_for
from bulkops.cli.terminal import put, say
from bulkops.outcome import Outcome
from bulkops.settings import Settings, Tuning

if TYPE_CHECKING:
    from bulkops.operations import Operation
    from bulkops.report import Report
    from bulkops.runs import Control, Policy


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
    from bulkops.client import Workato
    from bulkops.runs import Policy, run, select

    accounts = _accounts(selection, output)
    consent = Consent(yes=output.yes, quiet=output.quiet)
    policy = flags.over(Policy())
    settings = Settings.from_env(tuning=flags.tune(Tuning()))
    await _try_journal(output.journal)
    story = Story(voice_for(quiet=output.quiet))
    async with Workato.from_settings(settings, observe=story.observe) as workato:
        if accounts == "all":
            consent.require_askable()  # before the first request: here that is the list of accounts
        inventory = await select(workato, accounts=accounts, exclude=selection.exclude, limit=selection.limit)
        await consent.ask(scope(policy, count=len(inventory), host=settings.url, title=operation.title))

        async def go(control: Control) -> Report:
            return await run(
                operation,
                accounts=inventory,
                workato=workato,
                policy=policy,
                journal=output.journal,
                observe=story.observe,
                control=control,
                source=source,
            )

        report = await told(story, go, total=len(inventory))
    return finish(report, output)


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
) -> Report:
    """Carry out `go` while signals reach it and stderr tells of it. `settled`: outcomes that stay as they are."""
    from bulkops.runs import Control

    control = Control()
    async with story.told(total, settled):
        with listening(control, say):
            return await go(control)


def finish(report: Report, output: Output) -> int:
    """The report to stdout, how to go on to stderr; the exit code."""
    from bulkops.report.commands import go_on_command

    put_report(report, as_json=output.json)
    command = go_on_command(report)
    if command is not None:
        command += journal_flag(output.journal)
        say(f"{command.split()[1]} with: {command}")
    return report.exit_code


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


def _accounts(selection: Selection, output: Output) -> str:
    """What --accounts says. Raises: UsageError when it says nothing, or takes the place of the answer."""
    ctx = click.get_current_context(silent=True)
    if selection.accounts is None:
        raise click.UsageError(
            "Which accounts? Give --accounts FILE, --accounts - for stdin, or --accounts all.", ctx=ctx
        )
    if selection.accounts == "-" and not output.yes:
        raise click.UsageError("The accounts come from stdin, so nobody can be asked there: add --yes.", ctx=ctx)
    return selection.accounts
