"""`bulkops worker`, a process that works on runs with others; `bulkops workers`, which lists them; `bulkops stop`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.listing import read_journal, table, utc_words
from bulkops.cli.options import journal_option, run_argument
from bulkops.cli.terminal import one_line, put, say
from bulkops.errors import ConfigError, JournalError

if TYPE_CHECKING:
    from bulkops.journal import Location
    from bulkops.journal.location import DatabaseLocation
    from bulkops.journal.postgres.shared_runs import WorkerRow


class _Seconds(click.ParamType[float, Any]):
    """A duration such as 30s or 5m, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from bulkops.runs.policy import parse_duration

        try:
            return parse_duration(value, "grace")
        except ConfigError as error:
            self.fail(str(error), param, ctx)


@click.command(
    "worker",
    cls=Verb,
    examples=["worker --journal postgresql://bulkops@db.example.com/fleet", "worker --concurrency 50 --grace 2m"],
)
@option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    default=100,
    metavar="N",
    help="Most accounts in progress at once, over all runs.",
)
@option(
    "--code",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Directory with Python files of operations that this worker may run.  [default: none]",
)
@option(
    "--grace",
    type=_Seconds(),
    default="30s",
    metavar="TIME",
    help="After SIGTERM, time for accounts that have begun an effect.",
)
@option(
    "--check",
    is_flag=True,
    help="Only check whether a worker of this machine can work: exit code 0, else 1.",
)
@journal_option
def worker(concurrency: int, code: Path | None, grace: float, check: bool, journal: Location) -> int:
    """Work on runs together with other machines.

    Start it on any number of machines, with the same journal in PostgreSQL and a token of the workspace. `bulkops run`
    hands its run over while a worker is alive. When a worker dies, the others take its accounts over.

    SIGTERM, SIGHUP or Ctrl-C: it takes nothing new, finishes what has begun an effect, gives the rest back, and ends
    with exit code 0. A second one stops accounts at once.
    """
    from bulkops.cli import event_loop

    location = _database(journal)
    if check:
        return _check(location)
    return event_loop.run(_work(location, concurrency, code, grace))


@click.command("workers", cls=Verb, examples=["workers", "workers --json"])
@option("--json", "as_json", is_flag=True, help="One JSON array.")
@journal_option
def workers(as_json: bool, journal: Location) -> int:
    """List the workers of a journal.

    Shows those that are alive, and those that ended or died within the last hour. Times are UTC.
    """
    found = _load(_database(journal))
    if as_json:
        put(_as_json(found), json=True)
    elif found:
        put(_as_table(found))
    else:
        say(f"no workers in {journal}")
    return 0


@click.command("stop", cls=Verb, examples=["stop", "stop 20260102-k3f9 --now"])
@run_argument
@option("--now", is_flag=True, help="Stop also accounts that have begun an effect.")
@journal_option
def stop(run_id: str | None, now: bool, journal: Location) -> int:
    """Stop a run on all its workers.

    Without RUN it takes the newest run. Like Ctrl-C at `bulkops run`: nothing new starts, and accounts that have begun
    an effect finish. `bulkops resume` continues it.
    """
    import asyncio

    stopped = asyncio.run(_stop(_database(journal), run_id, now=now))
    say(f"run {stopped} stops; follow it with: bulkops watch {stopped}{journal.flag}")
    return 0


def _database(location: Location) -> DatabaseLocation:
    from bulkops.journal.location import DatabaseLocation

    if not isinstance(location, DatabaseLocation):
        raise ConfigError(
            f"workers need a journal in PostgreSQL, and {location} is a directory",
            remedy="give --journal postgresql://..., or set BULKOPS_JOURNAL; without workers, press Ctrl-C in the "
            "run's process to stop it",
        )
    return location


async def _work(location: DatabaseLocation, concurrency: int, code: Path | None, grace_s: float) -> int:
    from bulkops.cli.log_events import with_log, with_telemetry
    from bulkops.cli.signals import listening
    from bulkops.events import ignore
    from bulkops.settings import Settings
    from bulkops.workers import Worker

    Settings.from_env()  # without a token it could not work on any run
    process = Worker(
        location=location,
        concurrency=concurrency,
        code=code,
        grace_s=grace_s,
        observe=with_telemetry(with_log(ignore)),
        say=say,
    )
    with listening(process, lambda _: None):
        await process.work()
    return 0


async def _stop(location: DatabaseLocation, name: str | None, *, now: bool) -> str:
    from bulkops.cli.run_on_workers import INTERRUPTED
    from bulkops.journal import Journal, RunState

    async with Journal.open(location) as journal:
        record = await journal.get_run(name)
        run_id = record.run_id
        if run_id not in {one.run_id for one in await journal.shared_runs.handed_over()}:
            if record.state is not RunState.RUNNING:
                raise JournalError(
                    f"run {run_id} is not running", remedy=f"see its state: bulkops report {run_id}{location.flag}"
                )
            raise JournalError(
                f"no worker has run {run_id}",
                remedy=f"press Ctrl-C in its process; see it with `bulkops runs{location.flag}`",
            )
        await journal.shared_runs.stop(run_id, INTERRUPTED, "abort" if now else "drain")
        return run_id


def _check(location: DatabaseLocation) -> int:
    import platform

    host = platform.node()
    found = [one for one in _load(location) if one.host == host and one.state == "alive"]
    stuck = [f"worker {one.pid} of {host} {one_line(one.stuck)}" for one in found if one.stuck is not None]
    if len(stuck) < len(found):
        return 0
    say("; ".join(stuck) or f"no worker of {host} is alive")
    return 1


def _load(location: DatabaseLocation) -> list[WorkerRow]:
    return read_journal(location, lambda journal: journal.shared_runs.workers())


def _as_json(found: Sequence[WorkerRow]) -> str:
    import json

    from bulkops.report.json_csv import utc

    rows = [
        {
            "host": one.host,
            "pid": one.pid,
            "state": one.state,
            "since": utc(one.began_at),
            "last_beat": utc(one.beat_at),
            "accounts": one.accounts,
            "concurrency": one.settings.get("concurrency"),
            "runs": list(one.runs),
            "problems": dict(one.problems),
        }
        for one in found
    ]
    return json.dumps(rows, indent=2) + "\n"


def _as_table(found: Sequence[WorkerRow]) -> str:
    from bulkops.durations import rough_duration

    rows = [
        (
            one_line(one.host),
            str(one.pid),
            one.state,
            utc_words(one.began_at),
            f"{rough_duration(one.beat_age_s)} ago",
            str(one.accounts),
            ", ".join([*one.runs, *(f"not {run}: {one_line(why)}" for run, why in one.problems.items())]),
        )
        for one in found
    ]
    return table([("HOST", "PID", "STATE", "SINCE", "LAST BEAT", "ACCOUNTS", "RUNS"), *rows])
