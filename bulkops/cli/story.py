"""What stderr tells while a run is on: an observer that counts, and a voice that says how far it is."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Protocol

from bulkops.cli.terminal import is_live, say
from bulkops.events import AccountEnded, AccountStarted, Event, QuotaChanged, RunChanged, WaveChanged
from bulkops.outcome import Outcome

PLAIN_INTERVAL_S: Final = 5.0


class Tally:
    """Where the accounts of a run stand, counted from events."""

    def __init__(self, total: int = 0, settled: Mapping[Outcome, int] | None = None) -> None:
        self.total = total
        self._in_flight: set[int] = set()
        self.draining = False
        self.closed: dict[str, float] = {}
        """Quotas that the vendor closed: loop time at which each opens again."""
        self._counts: Counter[Outcome] = Counter(dict(settled or {}))

    @property
    def done(self) -> int:
        return self._counts.total()

    def observe(self, event: Event) -> None:
        match event:
            case AccountStarted(seq=seq):
                self._in_flight.add(seq)
            case AccountEnded(seq=seq, outcome=outcome):
                self._in_flight.discard(seq)  # one may end without a start: skipped
                self._counts[outcome] += 1
            case RunChanged(state=state):
                self.draining = state == "draining"
            case QuotaChanged(change="closed", quota=quota, closed_for_s=seconds):
                self.closed[quota] = asyncio.get_running_loop().time() + seconds
            case _:
                pass

    def outcomes(self) -> str:
        """`95 changed, 20 unchanged, 5 failed`, in the order of the outcomes, without those that did not occur."""
        return ", ".join(
            f"{self._counts[outcome]} {outcome.value.replace('_', ' ')}" for outcome in Outcome if self._counts[outcome]
        )

    def line(self, now: float) -> str:
        """`120/300 accounts: 95 changed, 20 unchanged, 5 failed; 12 in flight`"""
        parts = [f"{self.done}/{self.total} accounts"]
        if self.done:
            parts[0] += f": {self.outcomes()}"
        if self._in_flight:
            parts.append(f"{len(self._in_flight)} in flight")
        if self.draining:
            parts.append("nothing new starts")
        waiting = [name for name, until in self.closed.items() if until > now]
        if waiting:
            parts.append(f"the vendor throttles {', '.join(sorted(waiting))}")
        return "; ".join(parts)


class Voice(Protocol):
    """How the tally is shown. `interval_s`: between two calls of `tell`."""

    interval_s: float

    def begin(self, tally: Tally) -> None: ...

    def tell(self, tally: Tally) -> None: ...

    def end(self, tally: Tally) -> None: ...

    def note(self, words: str) -> None: ...


class Silent:
    interval_s = 3600.0

    def begin(self, tally: Tally) -> None: ...

    def tell(self, tally: Tally) -> None: ...

    def end(self, tally: Tally) -> None: ...

    def note(self, words: str) -> None: ...


class Plain:
    """One line every few seconds, when something moved; one at the end."""

    def __init__(self, interval_s: float = PLAIN_INTERVAL_S) -> None:
        self.interval_s = interval_s
        self._last = ""

    def begin(self, tally: Tally) -> None:
        self.tell(tally)

    def tell(self, tally: Tally) -> None:
        line = tally.line(asyncio.get_running_loop().time())
        if line != self._last:
            self._last = line
            say(line)

    def end(self, tally: Tally) -> None:
        self.tell(tally)

    def note(self, words: str) -> None:
        say(words)


def voice_for(*, quiet: bool) -> Voice:
    """Nothing, a live view on a terminal, or plain lines elsewhere."""
    if quiet:
        return Silent()
    if is_live():
        from bulkops.cli.live import Live

        return Live()
    return Plain()


class Story:
    """The observer of a run. `observe` may be called before and after it is told; it is told in one `async with`."""

    def __init__(self, voice: Voice) -> None:
        self.tally = Tally()
        self._voice = voice

    def observe(self, event: Event) -> None:
        self.tally.observe(event)
        if isinstance(event, RunChanged) and event.state == "running":
            self._voice.note(f"at work on run {event.run_id}")
        elif isinstance(event, WaveChanged) and event.of > 1:
            noun = "account" if event.size == 1 else "accounts"
            started = f"wave {event.number} of {event.of}: {event.size} {noun}"
            self._voice.note(started if event.state == "started" else f"{event.state}: {event.reason}")

    @asynccontextmanager
    async def told(self, total: int, settled: Mapping[Outcome, int] | None = None) -> AsyncIterator[None]:
        """While inside, the voice speaks. `settled`: accounts of a resumed run that stay as they are."""
        self.tally = Tally(total, settled)
        self._voice.begin(self.tally)
        # A plain task, not a task group: that would wrap the run's own error into a group.
        speaking = asyncio.create_task(self._speak())
        try:
            yield
        finally:
            speaking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await speaking
            self._voice.end(self.tally)

    async def _speak(self) -> None:
        while True:
            await asyncio.sleep(self._voice.interval_s)
            self._voice.tell(self.tally)
