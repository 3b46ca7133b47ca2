"""`bulkops watch`: follow a run of another process through its journal."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import attrs

from bulkops.cli.journal_progress import JournalEta, Look, kept, news, tally_of
from bulkops.cli.progress import ProgressDisplay, View
from bulkops.cli.run_frame import display_for
from bulkops.cli.terminal import is_live, one_line, say
from bulkops.journal import AnyLocation, EventRow, Journal, RunRecord, RunState
from bulkops.report import Report, load_report
from bulkops.report.loading import is_handed_over

_OFTEN_S: Final = 0.25
_SELDOM_S: Final = 10.0
_SHARE: Final = 20
"""Factor between two reads: reading takes at most a twentieth of the time."""

_COMING_S: Final = 3.0
"""Seconds until a command that resumes a run holds its lock."""
_WORKER_COMING_S: Final = 60.0
"""Seconds until a worker is alive again, after all of them were restarted."""


async def watch(location: AnyLocation, run_id: str | None, *, quiet: bool) -> Report:
    """Show the run until no process works on it; its report.

    `run_id` None: the newest run that is on, else the newest. Raises: JournalError.
    """
    async with Journal.open(location, read_only=True) as journal:
        watched = _Watched(journal, await _meant(journal, run_id))
        look = await watched.look()
        if look.is_on:
            say(await _words(journal, look.record))
            await watched.follow(look, _display(quiet=quiet))
        for queued in await journal.queued_runs():
            say(f"run {queued} is queued: `bulkops watch {queued}`")
        return await load_report(journal, look.record.run_id)


async def _words(journal: Journal, record: RunRecord) -> str:
    """`watching run 20260102-k3f9 in process 4711: import crm.zip`"""
    process = await _process(journal, record.run_id)
    if record.state is not RunState.RUNNING:  # taken up again, and its process waits for the credential or prepares
        process += f", which was {record.state.value.replace('_', ' ')} and is taken up again"
    return f"watching run {record.run_id}{process}: {one_line(record.title)}"


async def _process(journal: Journal, run_id: str) -> str:
    """` in process 4711`, or nothing."""
    worker = await journal.worker(run_id)
    return "" if worker is None or worker.pid is None else f" in {worker.words}"


def _display(*, quiet: bool) -> ProgressDisplay:
    """That of a run, but drawing is all that this process has to do."""
    if not quiet and is_live():
        from bulkops.cli.live import Live

        return Live(share=1.0)
    return display_for(quiet=quiet)


async def _meant(journal: Journal, run_id: str | None) -> RunRecord:
    if run_id is None:
        for record in await journal.list_runs():
            if await journal.is_locked(record.run_id):
                return record
    queued = [one for one in await journal.queued_runs() if run_id is None or one.startswith(run_id)]
    if len(queued) != 1:
        return await journal.get_run(run_id)
    return await _begun(journal, queued[0])


async def _begun(journal: Journal, run_id: str) -> RunRecord:
    """Wait until a queued run is in the journal. Raises: JournalError when its process has given up."""
    process = await _process(journal, run_id)
    say(f"run {run_id} is queued{process}: it waits until the credential is free")
    while run_id in await journal.queued_runs():  # noqa: ASYNC110 - it is another process that moves
        await asyncio.sleep(_OFTEN_S)
    return await journal.get_run(run_id)


@attrs.define
class _Watched:
    """One run, seen through its journal."""

    _journal: Journal
    _record: RunRecord
    _events: list[EventRow] = attrs.field(factory=list)
    _count: int = 0
    _is_first: bool = True
    _look_s: float = 0.0

    async def look(self) -> Look:
        began = time.monotonic()
        run_id = self._record.run_id
        is_on = await self._is_on()  # before the rest: what is read of a run that is over is all there is
        self._record = await self._journal.get_run(run_id)
        marks = await self._journal.account_marks(run_id)
        new = await self._journal.events(run_id, skip=self._count)
        self._count += len(new)
        at = time.time()
        self._events = kept([*self._events, *new], at)
        self._look_s = time.monotonic() - began
        return Look(record=self._record, marks=marks, events=self._events, new=new, is_on=is_on, at=at)

    async def _is_on(self) -> bool:
        """Whether a process works on the run. An unfinished run gets a few seconds: it may have been resumed just
        now, or a successor of a dead process may be starting."""
        is_first, self._is_first = self._is_first, False
        is_silent = is_first
        began = time.monotonic()
        while not await self._journal.is_locked(self._record.run_id):
            state = (await self._journal.get_run(self._record.run_id)).state
            may_come = state is RunState.RUNNING or (is_first and state is not RunState.FINISHED)
            patience_s = _COMING_S if may_come else 0.0
            if await is_handed_over(self._journal, self._record.run_id):
                patience_s = _WORKER_COMING_S
                if is_silent and time.monotonic() >= began + _COMING_S:
                    is_silent = False
                    say(f"run {self._record.run_id} waits for a worker")
            if time.monotonic() >= began + patience_s:
                return False
            await asyncio.sleep(min(_OFTEN_S, _COMING_S))
        return True

    async def follow(self, look: Look, display: ProgressDisplay) -> None:
        eta_source = JournalEta()
        eta_source.see(look)
        began_at = time.monotonic() - (look.at - look.began_at)
        view = View(tally=tally_of(look), eta_source=eta_source, began_at=began_at)
        for event in list(news(look.record, look.events))[-1:]:  # where it stands; the others are past
            display.note(event, view)
        display.begin(view)
        try:
            shown_at = time.monotonic()
            while look.is_on:
                await asyncio.sleep(min(_SELDOM_S, max(_OFTEN_S, _SHARE * self._look_s)))
                look = await self.look()
                eta_source.see(look)
                view.tally = tally_of(look)
                view.began_at = time.monotonic() - (look.at - look.began_at)
                for event in news(look.record, look.new):
                    display.note(event, view)
                if look.is_on and time.monotonic() - shown_at >= display.interval_s:
                    shown_at = time.monotonic()
                    display.tell(view)
        finally:
            display.end(view)
