"""Progress of a run as its journal shows it: counts, waves, quotas and the expected end, for `bulkops watch`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import attrs

from bulkops.cli.progress_counts import Tally
from bulkops.events import AccountEnded, AccountStarted, Event, WaveChanged, ignore
from bulkops.journal import AccountTiming, EventRow, RunRecord
from bulkops.journal.event_kinds import GATE, HANDED_OVER, PROCESS, REQUESTS, WAVE
from bulkops.outcome import RESUMABLE
from bulkops.pacing import QuotaStatistics
from bulkops.report.quota_usage import Traffic, read_traffic
from bulkops.runs import Policy
from bulkops.runs.progress import Eta
from bulkops.runs.waves import Wave

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
        return any(event.kind == WAVE for event in self.lately())

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
    verdicts = {event.data["end"]: event for event in look.events if event.kind == GATE}
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
    numbers = [event.data["wave"] for event in look.lately() if event.kind == WAVE]
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
        wave = waves.get(event.data["wave"]) if event.kind in {WAVE, GATE} else None
        if wave is not None:
            state = "started" if event.kind == WAVE else event.data["verdict"]
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
        return None if self._eta is None else self._eta.after(time.monotonic() - self._answered_at)

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
