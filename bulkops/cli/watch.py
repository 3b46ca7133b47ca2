"""`bulkops watch`: follow a run of another process through its journal."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import attrs

from bulkops.cli.progress import ProgressDisplay, View
from bulkops.cli.progress_counts import Tally
from bulkops.cli.run_frame import display_for
from bulkops.cli.terminal import is_live, one_line, say
from bulkops.events import AccountEnded, AccountStarted, Event, WaveChanged, ignore
from bulkops.journal import AccountTiming, AnyLocation, EventRow, Journal, RunRecord, RunState
from bulkops.outcome import RESUMABLE
from bulkops.pacing import QuotaStatistics
from bulkops.report import Report, load_report
from bulkops.report.loading import is_handed_over
from bulkops.report.quota_usage import PROCESS, REQUESTS, Traffic, read_traffic
from bulkops.runs import Policy
from bulkops.runs.hand_over import HANDED_OVER
from bulkops.runs.progress import Eta
from bulkops.runs.waves import Wave

_WAVE: Final = "wave"
_GATE: Final = "gate"
_PACED: Final = 200
"""Number of latest ends that determine the pace of a run."""
_FEWEST: Final = 10
_LONGEST_WINDOW_S: Final = 3600.0


@attrs.frozen(kw_only=True)
class Look:
    """The journal at one moment, `at` wall-clock seconds.

    `events`: all so far, but of requests that no window holds any more; `new`: those since the look before.
    """

    record: RunRecord
    marks: Sequence[AccountTiming]
    events: Sequence[EventRow]
    new: Sequence[EventRow]
    is_on: bool
    at: float

    @cached_property
    def began_at(self) -> float:
        """When the newest process began to work on it."""
        return max((event.at for event in self.events if _begins(event)), default=self.record.created_at)

    def lately(self) -> Iterator[EventRow]:
        """Events of the newest process, or since the run was handed over to workers."""
        places = [place for place, event in enumerate(self.events) if _begins(event)]
        yield from self.events[places[-1] :] if places else ()

    @cached_property
    def is_resumed(self) -> bool:
        """Whether what was left is taken up in waves; a retry has none."""
        return any(event.kind == _WAVE for event in self.lately())

    def is_settled(self, mark: AccountTiming) -> bool:
        """Whether the account has its answer; one of an earlier process that will be taken up again has none yet."""
        if mark.outcome is None:
            return False
        waits = self.is_on and self.is_resumed and mark.outcome in RESUMABLE and (mark.ended_at or 0.0) < self.began_at
        return not waits


def _begins(event: EventRow) -> bool:
    """Whether one process, or workers together, begin to work on the run."""
    return event.kind == HANDED_OVER or (event.kind == PROCESS and not event.data.get("worker"))


def tally_of(look: Look) -> Tally:
    """Counts of all events since the beginning of the run."""
    waves = _waves(look)
    shown = waves[-1].end
    beyond = (mark for mark in look.marks if mark.seq >= shown and look.is_settled(mark))
    tally = Tally(look.record.inventory_count, Counter(mark.outcome for mark in beyond if mark.outcome is not None))
    tally.run_id = look.record.run_id
    verdicts = {event.data["end"]: event for event in look.events if event.kind == _GATE}
    for wave in waves:
        if wave.of > 1:
            tally.observe(_wave_changed(look.record, wave, "started"))
        for event in _accounts(look, wave):
            tally.observe(event)
        if wave.end in verdicts:
            tally.observe(_wave_changed(look.record, wave, verdicts[wave.end].data["verdict"]))
    return tally


def _waves(look: Look) -> list[Wave]:
    """Those that have begun; all accounts as one while none has, and of a retry, which has none."""
    numbers = [event.data["wave"] for event in look.lately() if event.kind == _WAVE]
    count = look.record.inventory_count
    if not numbers:
        return [Wave(1, 1, 0, count)]
    return Policy.from_mapping(look.record.policy).cut(count)[: max(numbers)]


def _accounts(look: Look, wave: Wave) -> Iterator[Event]:
    mine = [mark for mark in look.marks if wave.start <= mark.seq < wave.end]
    for mark in mine:
        if mark.outcome is None:
            yield AccountStarted(account=mark.account, seq=mark.seq)
    for mark in sorted(mine, key=lambda mark: mark.ended_at or 0.0):
        if mark.outcome is not None and look.is_settled(mark):
            yield AccountEnded(
                account=mark.account,
                seq=mark.seq,
                outcome=mark.outcome,
                cause=mark.cause,
                elapsed_s=(mark.ended_at or 0.0) - (mark.started_at or mark.ended_at or 0.0),
            )


def news(record: RunRecord, events: Iterable[EventRow]) -> Iterator[WaveChanged]:
    """Waves that began and gates that were judged."""
    waves = {wave.number: wave for wave in Policy.from_mapping(record.policy).cut(record.inventory_count)}
    for event in events:
        wave = waves.get(event.data["wave"]) if event.kind in {_WAVE, _GATE} else None
        if wave is not None:
            state = "started" if event.kind == _WAVE else event.data["verdict"]
            yield _wave_changed(record, wave, state, event.data.get("reason"))


def _wave_changed(record: RunRecord, wave: Wave, state: str, reason: str | None = None) -> WaveChanged:
    return WaveChanged(
        run_id=record.run_id,
        number=wave.number,
        of=wave.of,
        size=wave.size,
        state=state,  # type: ignore[arg-type]  # "started" or a verdict's value
        reason=reason,
        taken=wave.size,
    )


class JournalEta:
    """How the quotas stood when the journal last heard of them, and when the run ends at its present pace.

    Only the run's own process knows what waits for a quota and which one bounds the run.
    """

    observe = staticmethod(ignore)

    def __init__(self) -> None:
        self.seen_s_ago: float | None = 0.0
        self._eta: Eta | None = None
        self._answered_at = 0.0
        self._quotas: dict[str, QuotaStatistics] = {}

    def see(self, look: Look) -> None:
        self._eta, self._answered_at = _eta(look), time.monotonic()
        traffic = read_traffic(look.events)
        newest = max((one.end for each in traffic for one in each.intervals), default=look.at)
        length_s = max((one.length_s for each in traffic for one in each.intervals), default=0.0)
        # A quiet run writes nothing: then earlier requests have left the window.
        at = newest if look.at - newest < 3 * length_s else look.at
        self.seen_s_ago = max(0.0, look.at - at)
        self._quotas = {each.quota: _standing(each, at) for each in traffic if each.limit}

    def eta(self) -> Eta | None:
        if self._eta is None:
            return None
        passed_s = time.monotonic() - self._answered_at
        return attrs.evolve(self._eta, seconds=max(0.0, self._eta.seconds - passed_s))

    def quotas(self) -> Mapping[str, QuotaStatistics]:
        return self._quotas


def _eta(look: Look) -> Eta | None:
    """At the pace of the accounts that ended last; None while too few have ended to tell."""
    settled = [mark for mark in look.marks if look.is_settled(mark)]
    ends = sorted(mark.ended_at for mark in settled if mark.ended_at is not None and mark.ended_at >= look.began_at)
    lately = ends[-_PACED:]
    if len(lately) < _FEWEST or look.at <= lately[0]:
        return None
    left = look.record.inventory_count - len(settled)
    return Eta(seconds=left * (look.at - lately[0]) / (len(lately) - 1), bound_by=None)


def _standing(traffic: Traffic, at: float) -> QuotaStatistics:
    limit = traffic.limit or 0
    allowed = traffic.intervals[-1].allowed
    return QuotaStatistics(
        requests=traffic.requests,
        refused=traffic.refused,
        lost=traffic.lost,
        waited_s=traffic.waited_s,
        allowed=limit if allowed is None else allowed,
        limit=limit,
        window_s=traffic.window_s,
        used=traffic.held(at),
        waiting=0,
        in_flight=0,
        closed_for_s=0.0,
    )


def kept(events: Iterable[EventRow], at: float) -> list[EventRow]:
    """`events` without the requests that no window holds any more."""
    oldest = at - 2 * _LONGEST_WINDOW_S
    return [event for event in events if event.kind != REQUESTS or event.at >= oldest]


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
    worker = await journal.worker(record.run_id)
    process = "" if worker is None or worker.pid is None else f" in {worker.words}"
    if record.state is not RunState.RUNNING:  # taken up again, and its process waits for the credential or prepares
        process += f", which was {record.state.value.replace('_', ' ')} and is taken up again"
    return f"watching run {record.run_id}{process}: {one_line(record.title)}"


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
    worker = await journal.worker(run_id)
    process = "" if worker is None or worker.pid is None else f" in {worker.words}"
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
