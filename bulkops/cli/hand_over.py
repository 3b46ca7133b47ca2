"""Runs that workers take: whether they do, and how the submitter follows them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import attrs

from bulkops.cli.flags import Output
from bulkops.cli.notify import Afterwards
from bulkops.cli.run_frame import finish
from bulkops.cli.signals import listening
from bulkops.cli.terminal import say
from bulkops.errors import ConfigError
from bulkops.logs import neutral

if TYPE_CHECKING:
    from bulkops.journal import Journal
    from bulkops.journal.postgres.shared_runs import StopKind
    from bulkops.operations import Operation
    from bulkops.report import Report

INTERRUPTED: Final = "interrupted"
"""Reason of an interrupted run, as of `StopSignal.drain`."""


async def goes_to_workers(operation: Operation | None, output: Output) -> bool:
    """Whether workers take the run: with --detach, and when one is alive.

    Raises: ConfigError when --detach is given and they cannot; JournalError.
    """
    from bulkops.journal import Journal
    from bulkops.journal.location import DatabaseLocation

    if not isinstance(output.journal, DatabaseLocation):
        if output.detach:
            raise ConfigError(
                f"--detach needs workers, and the journal {output.journal} is a file of this machine",
                remedy="give --journal postgresql://...",
            )
        return False
    from bulkops.operations.restore import describe
    from bulkops.runs.hand_over import live_workers
    from bulkops.workers import local_only

    async with Journal.open(output.journal, read_only=True) as journal:
        alive = await live_workers(journal)
    why = None if operation is None else local_only(describe(operation))
    if why is not None:
        if output.detach:
            raise ConfigError(f"--detach is not possible: {why}", remedy="leave --detach out")
        if alive:
            say(f"this process works on the run itself: {neutral(why)}")
        return False
    if output.detach and not alive:
        say("no worker is alive: the run begins with the first `bulkops worker`")
    return output.detach or alive > 0


async def followed(report: Report, output: Output, afterwards: Afterwards) -> int:
    """Follow a run that was handed over, as `bulkops watch`; with --detach return at once. Returns the exit code.

    Ctrl-C stops the run on all workers.
    """
    from bulkops.cli.watch import watch
    from bulkops.journal import Journal

    say(f"run {report.run_id} is handed over to workers")
    if output.detach:
        say(f"follow it with: bulkops watch {report.run_id}{output.journal.flag}")
        return 0
    async with Journal.open(output.journal) as journal:
        with listening(_RemoteStop(journal, report.run_id), say):
            ended = await watch(output.journal, report.run_id, quiet=output.quiet)
    code = finish(ended, output)
    await afterwards.tell(ended)
    return code


@attrs.define
class _RemoteStop:
    """Stops a run on all workers."""

    journal: Journal
    run_id: str
    _writing: set[asyncio.Task[None]] = attrs.field(factory=set)

    def drain(self) -> None:
        self._stop("drain")

    def abort(self) -> None:
        self._stop("abort")

    def _stop(self, kind: StopKind) -> None:
        task = asyncio.create_task(self.journal.shared_runs.stop(self.run_id, INTERRUPTED, kind))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
