"""Counts of a run's accounts from events: in all, by wave, and failures by cause."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from bulkops.events import AccountEnded, AccountStarted, Event, QuotaChanged, RunChanged, WaveChanged
from bulkops.outcome import TROUBLED, Outcome, in_words

_MOST_CAUSES: Final = 200
"""Maximum number of causes; further ones are only counted in the waves and in the report."""


@attrs.define(kw_only=True)
class WaveTally:
    """`settled`: accounts of it that ended before this process began; `state`: started, or how its gate was judged."""

    number: int
    of: int
    size: int
    settled: int = 0
    state: str = "started"
    counts: Counter[Outcome] = attrs.field(factory=Counter)

    @property
    def done(self) -> int:
        return self.settled + self.counts.total()


@attrs.define(kw_only=True)
class Trouble:
    """Accounts that ended alike: `cause` in the words of the last one, which was `account`."""

    outcome: Outcome
    cause: str
    account: str
    count: int = 0


class Tally:
    """Counted from the events of one process. `total`: accounts of the run; `settled`: those that stay as they are."""

    def __init__(self, total: int = 0, settled: Mapping[Outcome, int] | None = None) -> None:
        self.total = total
        self.run_id = ""
        self.draining: str | None = None
        """Why nothing new starts."""
        self.waves = [WaveTally(number=1, of=1, size=total, settled=sum((settled or {}).values()))]
        self._is_named = False
        self.closed: dict[str, float] = {}
        """Quotas that the vendor closed: loop time at which each opens again."""
        self._in_flight: set[int] = set()
        self._counts: Counter[Outcome] = Counter(dict(settled or {}))
        self._troubles: dict[tuple[Outcome, str], Trouble] = {}

    @property
    def done(self) -> int:
        return self._counts.total()

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    @property
    def wave(self) -> WaveTally:
        """The wave that is on; a run that does not name any is one."""
        return self.waves[-1]

    def observe(self, event: Event) -> None:
        match event:
            case AccountStarted(seq=seq):
                self._in_flight.add(seq)
            case AccountEnded():
                self._ended(event)
            case WaveChanged():
                self._wave(event)
            case RunChanged(run_id=run_id, state=state, reason=reason):
                self.run_id = run_id
                self.draining = (reason or "stopping") if state == "draining" else None
            case QuotaChanged(change="closed", quota=quota, closed_for_s=seconds):
                self.closed[quota] = asyncio.get_running_loop().time() + seconds
            case _:
                pass

    def _ended(self, event: AccountEnded) -> None:
        self._in_flight.discard(event.seq)  # one may end without a start: skipped
        wave = self.wave
        self._counts[event.outcome] += 1
        wave.counts[event.outcome] += 1
        if event.outcome not in TROUBLED:
            return
        from bulkops.report.failure_clusters import normalized

        cause = event.cause or "no cause recorded"
        key = event.outcome, normalized(cause, event.account)
        trouble = self._troubles.pop(key, None)  # and back to the end: the last one is the newest
        if trouble is None:
            if len(self._troubles) >= _MOST_CAUSES:
                return
            trouble = Trouble(outcome=event.outcome, cause=cause, account=event.account)
        trouble.cause, trouble.account = cause, event.account
        trouble.count += 1
        self._troubles[key] = trouble

    def _wave(self, event: WaveChanged) -> None:
        if event.state == "started":
            settled = 0 if event.taken is None else event.size - event.taken
            if not self._is_named:
                self.waves.clear()
                self._is_named = True
            self.waves.append(WaveTally(number=event.number, of=event.of, size=event.size, settled=settled))
        elif self.waves and self.waves[-1].number == event.number:
            self.waves[-1].state = event.state

    def troubles(self, most: int) -> Iterator[Trouble]:
        """Failures by cause, the newest first."""
        for _, trouble in zip(range(most), reversed(self._troubles.values()), strict=False):
            yield trouble

    def line(self, now: float) -> str:
        """`120/300 accounts: 95 changed, 20 unchanged, 5 failed; 12 in flight`"""
        parts = [f"{self.done}/{self.total} accounts"]
        if self.done:
            parts[0] += f": {in_words(self._counts)}"
        if self._in_flight:
            parts.append(f"{len(self._in_flight)} in flight")
        if self.draining:
            parts.append("nothing new starts")
        waiting = [name for name, until in self.closed.items() if until > now]
        if waiting:
            parts.append(f"throttled by the vendor: {', '.join(sorted(waiting))}")
        return "; ".join(parts)
