"""`bulkops demo --workers N`: a rollout by several workers with a database of its own; one worker is killed."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from bulkops.cli.demo_rollout import DemoRollout, seen_by
from bulkops.cli.listing import table
from bulkops.cli.run_frame import put_report
from bulkops.cli.terminal import one_line, say
from bulkops.errors import JournalError
from bulkops.exit_codes import EXIT_FAILED
from bulkops.outcome import Outcome

if TYPE_CHECKING:
    from bulkops.journal import Journal
    from bulkops.sandbox import Sandbox

_LOOK_S: Final = 0.05
_START_S: Final = 30.0
_STOP_S: Final = 15.0
_MOST_ROWS: Final = 12


@attrs.frozen
class Takeover:
    """`before`, `after`: pids; `seconds`: from the kill until the account was claimed again."""

    account: str
    before: int
    after: int
    seconds: float


async def play(rollout: DemoRollout, database: str, count: int) -> int:
    """Roll out with `count` workers, and kill one. Returns the exit code: 1 also when an effect happened twice."""
    from bulkops.cli.watch_run import watch
    from bulkops.journal import Journal
    from bulkops.runs import Fleet

    async with rollout.sandbox() as sandbox, Journal.open(database) as journal, rollout.client_of(sandbox) as workato:
        operation = rollout.operation()
        async with _workers(sandbox, journal, count, Path(rollout.journal)) as processes:
            inventory = await rollout.inventory(workato, operation)
            begun = await Fleet(workato, journal=database, on_workers=True).run(operation, inventory)
            killing = asyncio.create_task(_kill_one(journal, begun.run_id, processes, quiet=rollout.quiet))
            report = await watch(database, begun.run_id, quiet=rollout.quiet)
            takeovers = await killing
        put_report(report, as_json=rollout.as_json)
        twice = _twice(sandbox)
        if not rollout.quiet:
            _tell(takeovers)
            say(f"{seen_by(sandbox)}, {twice} effects twice")
    return report.exit_code or (EXIT_FAILED if twice else 0)


@asynccontextmanager
async def _workers(sandbox: Sandbox, journal: Journal, count: int, logs: Path) -> AsyncIterator[list[Process]]:
    """Processes of `bulkops worker`, all alive; stopped at the end. Each writes its log into a file."""
    access = {
        "WORKATO_API_TOKEN": sandbox.token,
        "WORKATO_HOST": sandbox.url,
        "BULKOPS_JOURNAL": journal.location.absolute,
    }
    processes: list[Process] = []
    try:
        for number in range(count):
            with (logs / f"worker-{number + 1}.log").open("wb") as log:
                processes.append(
                    await asyncio.create_subprocess_exec(
                        *(sys.executable, "-m", "bulkops", "worker"),
                        env=os.environ | access,
                        stdin=asyncio.subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                    )
                )
        await _until_alive(journal, processes, logs)
        yield processes
    finally:
        for process in processes:
            if process.returncode is None:
                process.terminate()
        for process in processes:
            try:
                async with asyncio.timeout(_STOP_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _until_alive(journal: Journal, processes: Sequence[Process], logs: Path) -> None:
    end = time.monotonic() + _START_S
    while sum(one.state == "alive" for one in await journal.shared_runs.workers()) < len(processes):
        ended = next((n for n, one in enumerate(processes, start=1) if one.returncode is not None), None)
        if ended is not None or time.monotonic() > end:
            said = (logs / f"worker-{ended or 1}.log").read_text(errors="replace").strip().splitlines()
            raise JournalError(
                f"worker {ended or 1} of the demo does not start: {one_line(said[-1]) if said else 'no output'}",
                remedy="try fewer workers",
            )
        await asyncio.sleep(_LOOK_S)


async def _kill_one(journal: Journal, run_id: str, processes: Sequence[Process], *, quiet: bool) -> list[Takeover]:
    """Kill the worker with the most accounts once a quarter of the run is done, and see who takes them over."""
    inventory = (await journal.get_run(run_id)).inventory_count
    victim = await _busiest(journal, run_id, at_least_done=inventory // 4)
    if victim is None:
        return []
    next(process for process in processes if process.pid == victim).kill()
    killed = time.monotonic()
    held = {one.account for one in await journal.shared_runs.claims(run_id) if one.pid == victim}
    if not quiet:
        say(f"kill -9 of worker {victim}, which has {len(held)} accounts in progress")
    found: dict[str, Takeover] = {}
    while found.keys() != held and await journal.is_locked(run_id):
        for one in await journal.shared_runs.claims(run_id):
            if one.account in held and one.pid != victim and one.account not in found:
                found[one.account] = Takeover(one.account, victim, one.pid, time.monotonic() - killed)
        await asyncio.sleep(_LOOK_S)
    return list(found.values())


async def _busiest(journal: Journal, run_id: str, *, at_least_done: int) -> int | None:
    """Pid of the worker with the most accounts, once `at_least_done` are changed; None when the run ends before."""
    while True:
        claims = Counter(one.pid for one in await journal.shared_runs.claims(run_id))
        if claims and (await journal.counts(run_id))[Outcome.CHANGED] >= at_least_done:
            return claims.most_common(1)[0][0]
        if not await journal.is_locked(run_id):
            return None
        await asyncio.sleep(_LOOK_S)


def _twice(sandbox: Sandbox) -> int:
    counts = Counter((effect["account"], effect["kind"], effect["key"]) for effect in sandbox.effects())
    return sum(count - 1 for count in counts.values())


def _tell(takeovers: Sequence[Takeover]) -> None:
    """The table of takeovers, for people."""
    if not takeovers:
        say("the run ended before a worker could be killed: give more --customers")
        return
    rows = [
        (one.account, f"worker {one.before}", f"worker {one.after}", f"{one.seconds:.1f} s")
        for one in takeovers[:_MOST_ROWS]
    ]
    say(table([("ACCOUNT", "FROM", "TO", "AFTER"), *rows]).rstrip())
    seconds = [one.seconds for one in takeovers]
    more = len(takeovers) - len(rows)
    say(
        f"{f'and {more} more; ' if more else ''}median {statistics.median(seconds):.1f} s, most {max(seconds):.1f} s "
        f"after the kill"
    )
