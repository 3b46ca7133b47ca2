"""The runs of a journal: `bulkops runs` lists them, `bulkops runs prune` deletes old ones. Neither sends anything."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import attrs
import click
from click.core import ParameterSource

from bulkops.cli.click_ext import Noun, Verb, option
from bulkops.cli.click_types import RunName
from bulkops.cli.commands.copy_run import copy
from bulkops.cli.options import journal_option
from bulkops.cli.terminal import one_line, put, say

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
    import asyncio

    _make_ledger(journal)
    found = asyncio.run(_load(journal, state, limit)) if journal.exists() else []
    if as_json:
        put(_as_json(found), json=True)
    elif found:
        put(_as_table(found))
    else:
        say(f"no runs in {journal}" if state is None else f"no runs in {journal} with state {state}")
    return 0


runs.add_command(copy)


def _make_ledger(location: Location) -> None:
    """The owner of a database makes all tables with this command: of the journal, the ledger and the workers' queue."""
    from bulkops.journal.location import DatabaseLocation

    if isinstance(location, DatabaseLocation):
        from bulkops.ledger.postgres import make_tables
        from bulkops.workers.dispatch import make_queue_tables

        make_tables(location.url)
        make_queue_tables(location.url)


async def _load(location: Location, state: str | None, limit: int | None) -> list[Report]:
    from bulkops.journal import Journal

    found: list[Report] = []
    async with Journal.open(location, read_only=True) as journal:
        async for report in _reports(journal):
            if state is None or report.state == state.replace("-", "_"):
                found.append(report)
            if len(found) == limit:
                break
    return found


async def _reports(journal: Journal) -> AsyncIterator[Report]:
    from bulkops.report import load_report

    for record in await journal.list_runs():
        yield await load_report(journal, record.run_id)


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


def utc_words(at: float) -> str:
    """`2026-01-02 10:15:30 UTC`"""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Columns padded to their widest cell, the last one as it is; on a terminal cut at its width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        lines = [line if len(line) <= width else line[: width - 3] + "..." for line in lines]
    return "\n".join(lines) + "\n"


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


@attrs.frozen
class _Pruning:
    """Contents of the confirmation before runs are deleted."""

    records: Sequence[RunRecord]

    @property
    def count(self) -> int:
        return len(self.records)

    @property
    def yes_does(self) -> str:
        return f"Delete {_counted(self.count)}"

    def lines(self) -> list[str]:
        return [f"{record.run_id}  {record.state}  {one_line(record.title)}" for record in self.records]


async def _prune(location: Location, names: Sequence[str], older_than: float | None, *, yes: bool) -> int:
    from bulkops.cli.confirm import Consent
    from bulkops.journal import Journal

    async with Journal.open(location) as journal:
        chosen = {record.run_id: record for record in [await journal.get_run(name) for name in names]}
        kept = 0
        if older_than is not None:
            old = [record for record in await journal.list_runs() if _age_s(record) > older_than]
            done = [record for record in old if await _is_done(journal, record)]
            chosen |= {record.run_id: record for record in done}
            kept = sum(record.run_id not in chosen for record in old)
        if kept:
            say(f"kept: {_counted(kept)} not finished; name a run to delete it anyway")
        if not chosen:
            say("no run to delete")
            return 0
        await Consent(yes=yes, quiet=False, before="check which runs these are").ask(_Pruning(list(chosen.values())))
        for run_id in chosen:
            async with journal.lock_run(run_id):
                await journal.delete_run(run_id)
        await journal.files.delete_unused()
    location.compact()
    say(f"deleted {_counted(len(chosen))}")
    return 0


def _age_s(record: RunRecord) -> float:
    return time.time() - max(at for at in (record.created_at, record.ended_at, record.last_beat_at) if at is not None)


async def _is_done(journal: Journal, record: RunRecord) -> bool:
    from bulkops.journal import RunState
    from bulkops.outcome import RESUMABLE

    counts = await journal.counts(record.run_id)
    return record.state is RunState.FINISHED and not any(counts[outcome] for outcome in RESUMABLE)


def _counted(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"
