"""The runs of a journal: `bulkops runs` lists them, `bulkops runs prune` deletes old ones. Neither sends anything."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from bulkops.cli.click_ext import Noun, Verb, option
from bulkops.cli.listing import read_journal, table, utc_words
from bulkops.cli.options import journal_option
from bulkops.cli.options.types import JournalLocation, RunName
from bulkops.cli.terminal import counted, one_line, put, say
from bulkops.errors import RunLocked
from bulkops.exit_codes import EXIT_FAILED

if TYPE_CHECKING:
    from bulkops.journal import Journal, Location, RunRecord
    from bulkops.report import Report

_STATES: Final = ("running", "finished", "halted", "paused", "interrupted", "auth-failed")
_UNITS: Final = {"h": 3600.0, "d": 86400.0, "w": 604800.0}


@click.group(
    "runs",
    cls=Noun,
    invoke_without_command=True,
    examples=["runs", "runs --state halted --limit 5", "runs prune --older-than 90d"],
)
@option("--state", type=click.Choice(_STATES), help="State of the runs to list.")
@option("--limit", type=click.IntRange(1), metavar="N", help="Only the newest N runs.")
@option("--json", "as_json", is_flag=True, help="One JSON array; each run is the head of a JSON report.")
@journal_option
@click.pass_context
def runs(ctx: click.Context, state: str | None, limit: int | None, as_json: bool, journal: Location) -> int:
    """List the runs of a journal, newest first.

    Times are UTC. Commands take a run's id, the start of it, latest or previous.
    """
    if ctx.invoked_subcommand is not None:
        given = [name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
        if given:  # `runs --journal DIR prune` must not prune the default journal
            raise click.UsageError(f"Put the options after {ctx.invoked_subcommand}.")
        return 0
    _make_ledger(journal)
    found = read_journal(journal, lambda opened: _load(opened, state, limit)) if journal.exists() else []
    if as_json:
        put(_as_json(found), json=True)
    elif found:
        put(_as_table(found))
    else:
        say(f"no runs in {journal}" if state is None else f"no runs in {journal} with state {state}")
    return 0


def _make_ledger(location: Location) -> None:
    """The owner of a database makes all tables with this command: of the journal, the ledger and the workers' queue."""
    from bulkops.journal.location import DatabaseLocation

    if isinstance(location, DatabaseLocation):
        from bulkops.ledger.postgres import make_tables
        from bulkops.workers.dispatch import make_queue_tables

        make_tables(location.url)
        make_queue_tables(location.url)


async def _load(journal: Journal, state: str | None, limit: int | None) -> list[Report]:
    from bulkops.report import load_report

    found: list[Report] = []
    for record in await journal.list_runs():
        report = await load_report(journal, record.run_id)
        if state is None or report.state == state.replace("-", "_"):
            found.append(report)
        if len(found) == limit:
            break
    return found


def _as_json(found: Sequence[Report]) -> str:
    from bulkops.report.json_csv import array, head

    return f"{array(map(head, found))}\n"


def _as_table(found: Sequence[Report]) -> str:
    from bulkops.report.text import counts_in_words

    rows = [
        (
            report.run_id,
            report.state.replace("_", " "),
            utc_words(report.created_at),
            str(report.inventory),
            counts_in_words(report),
            one_line(report.title),
        )
        for report in found
    ]
    return table([("RUN", "STATE", "CREATED", "ACCOUNTS", "OUTCOMES", "WHAT"), *rows])


class _Age(click.ParamType[float, Any]):
    """A number and its unit, in seconds."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9]{1,6})([hdw])", str(value).strip().lower())
        if found is None:
            self.fail(f"{value!r} is not an age: write 12h, 90d or 8w.", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@runs.command("prune", cls=Verb, examples=["runs prune --older-than 90d", "runs prune 20260102-k3f9 --yes"])
@click.argument("names", metavar="[RUN]...", nargs=-1, type=RunName(), help="Runs to delete, also unfinished ones.")
@option("--older-than", type=_Age(), metavar="AGE", help="Minimum age of finished runs, such as 90d.")
@option("--yes", is_flag=True, help="Do not ask for confirmation.")
@journal_option
def prune(names: tuple[str, ...], older_than: float | None, yes: bool, journal: Location) -> int:
    """Delete runs from a journal.

    Unfinished runs are kept unless they are named, and so is a run on which a process works. A deleted run cannot be
    reported, retried or undone, and --only-new treats its accounts as new.
    """
    import asyncio

    if not names and older_than is None:
        raise click.UsageError("No runs given: add --older-than AGE or run ids.")
    if not journal.exists():
        say(f"no runs in {journal}")
        return 0
    return asyncio.run(_prune(journal, names, older_than, yes=yes))


async def _prune(location: Location, names: Sequence[str], older_than: float | None, *, yes: bool) -> int:
    from bulkops.cli.confirm import Consent, Question
    from bulkops.journal import Journal

    async with Journal.open(location) as journal:
        chosen = {record.run_id: record for record in [await journal.get_run(name) for name in names]}
        named = frozenset(chosen)
        kept = 0
        if older_than is not None:
            old = [record for record in await journal.list_runs() if _age_s(record) > older_than]
            done = [record for record in old if await _is_done(journal, record)]
            chosen |= {record.run_id: record for record in done}
            kept = sum(record.run_id not in chosen for record in old)
        if kept:
            say(f"kept: {counted(kept, 'run')} not finished; name a run to delete it anyway")
        if not chosen:
            say("no run to delete")
            return 0
        lines = [f"{one.run_id}  {one.state}  {one_line(one.title)}" for one in chosen.values()]
        question = Question(lines=lines, yes_does=f"Delete {counted(len(chosen), 'run')}", count=len(chosen))
        await Consent(yes=yes, quiet=False, before="check which runs these are").ask(question)
        in_progress = []
        for run_id in chosen:
            try:
                async with journal.lock_run(run_id):
                    await journal.delete_run(run_id)
            except RunLocked as error:
                say(f"kept: {error.message}")
                in_progress.append(run_id)
        await journal.files.delete_unused()
    location.compact()
    say(f"deleted {counted(len(chosen) - len(in_progress), 'run')}")
    return EXIT_FAILED if named.intersection(in_progress) else 0


def _age_s(record: RunRecord) -> float:
    return time.time() - max(at for at in (record.created_at, record.ended_at, record.last_beat_at) if at is not None)


async def _is_done(journal: Journal, record: RunRecord) -> bool:
    from bulkops.journal import RunState
    from bulkops.outcome import RESUMABLE

    counts = await journal.counts(record.run_id)
    return record.state is RunState.FINISHED and not any(counts[outcome] for outcome in RESUMABLE)


@runs.command(
    "copy",
    cls=Verb,
    examples=["runs copy latest --to ./archive", "runs copy 20260102-k3f9 --to postgresql://db.example.com/fleet"],
)
@click.argument("name", metavar="RUN", type=RunName(), help="Run to copy.")
@option(
    "--to",
    "to",
    required=True,
    type=JournalLocation(),
    metavar="DIR|URL",
    help="Journal that gets the copy, created if missing.",
)
@journal_option
def copy(name: str, to: Location, journal: Location) -> int:
    """Copy a run into another journal, such as from a directory into a database.

    The copy can be reported, resumed, retried and undone there. It is written whole or not at all. Refused for a run
    in progress, and for a run that the other journal has.
    """
    import asyncio

    return asyncio.run(_copy(name, journal, to))


async def _copy(name: str, location: Location, to: Location) -> int:
    from bulkops.journal import Journal

    async with Journal.open(location, read_only=True) as journal, Journal.open(to) as other:
        record = await journal.get_run(name)
        copied = await journal.copy_of(record.run_id)
        for digest in await journal.files.of_run(record.run_id):
            content = await journal.files.get(digest)
            if content is not None:
                await other.files.put(digest, content)
        await other.add_copy(copied)
    accounts = counted(record.inventory_count, "account")
    say(f"copied run {record.run_id} with {accounts}: bulkops report {record.run_id}{to.flag}")
    return 0
