"""Runs that workers take: whether they do, and how the submitter follows them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import attrs
import click

from bulkops.cli.click_ext import NOT_IN_RUN, Invocation
from bulkops.cli.notify import Afterwards
from bulkops.cli.options.values import Output
from bulkops.cli.run_frame import finish
from bulkops.cli.signals import ignore_hangup, listening
from bulkops.cli.terminal import one_line, say, say_failure
from bulkops.errors import ConfigError, JournalError, RunAborted, RunLocked
from bulkops.exit_codes import EXIT_INTERRUPTED
from bulkops.logs import neutral

if TYPE_CHECKING:
    from bulkops.journal import Location
    from bulkops.journal.postgres.shared_runs import StopKind
    from bulkops.operations import Operation
    from bulkops.report import Report
    from bulkops.runs import StopSignal

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


async def run_on_workers(
    hand_over: Callable[[StopSignal], Awaitable[Report]], output: Output, afterwards: Afterwards
) -> int:
    """Hand a run over and follow it, as `bulkops watch`; with --detach do not follow it. Returns the exit code.

    Ctrl-C before the hand-over: workers do not get the run. Later, it stops the run on all workers.
    """
    from bulkops.cli.watch_run import watch
    from bulkops.runs import StopSignal

    stop_signal = StopSignal()
    with listening(stop_signal, say):
        try:
            report = await hand_over(stop_signal)
        except (RunAborted, RunLocked) as error:
            if stop_signal.draining:
                raise click.Abort from error
            raise
        ignore_hangup()  # the workers go on, and this process tells how the run ends
        say(f"run {report.run_id} is handed over to workers")
        follow = f"bulkops watch {report.run_id}{output.journal.flag}"
        invocation = click.get_current_context().ensure_object(Invocation)
        invocation.if_interrupted = f"interrupted; workers still have run {report.run_id}", follow
        stopping = _RemoteStop(output.journal, report.run_id)
        stopping.obey(stop_signal)
        try:
            ended = None if output.detach else await watch(output.journal, report.run_id, quiet=output.quiet)
        finally:
            await stopping.written()
    if ended is None:
        say(f"follow it with: {follow}")
        return EXIT_INTERRUPTED if stop_signal.draining else 0
    invocation.if_interrupted = NOT_IN_RUN
    return await finish(ended, output, afterwards)


@attrs.frozen
class _RemoteStop:
    """Stops a run on all workers, and says when that fails.

    Each stop opens the journal for itself: after a failed write an open one cannot write any more.
    """

    journal: Location
    run_id: str
    _writing: list[asyncio.Task[None]] = attrs.field(factory=list)

    def obey(self, stop_signal: StopSignal) -> None:
        """Stop the run when the signal does, or now if it came before."""
        stop_signal.on_drain(lambda _: self._begin("drain"))
        stop_signal.on_abort(lambda: self._begin("abort"))
        if stop_signal.draining:
            self._begin("abort" if stop_signal.aborting else "drain")

    async def written(self) -> None:
        """Return when every stop is durable, or its error is told."""
        for task in self._writing:
            await task

    def _begin(self, kind: StopKind) -> None:
        self._writing.append(asyncio.create_task(self._stop(kind)))

    async def _stop(self, kind: StopKind) -> None:
        from bulkops.journal import Journal

        try:
            async with Journal.open(self.journal) as journal:
                await journal.shared_runs.stop(self.run_id, INTERRUPTED, kind)
        except JournalError as error:
            now = " --now" if kind == "abort" else ""
            say_failure(
                f"run {self.run_id} was not stopped: {one_line(error.message)}",
                f"bulkops stop {self.run_id}{now}{self.journal.flag}",
            )
