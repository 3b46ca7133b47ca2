"""Progress of a run on stderr: silent, in plain lines, or through the live view."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import attrs

from bulkops.cli.eta import EtaSource, ForecastEta, eta_words
from bulkops.cli.outage import Outage
from bulkops.cli.progress_counts import Tally
from bulkops.cli.terminal import counted, say
from bulkops.events import AttemptEnded, Event, HostClosed, RunChanged, WaveChanged
from bulkops.outcome import Outcome

PLAIN_INTERVAL_S: Final = 5.0
_LONGEST_INTERVAL_S: Final = 60.0
_SPREAD: Final = 20
"""In a log, one line per twentieth of the run's age: an hour fills a screen."""


@attrs.define(kw_only=True)
class View:
    """Data for a progress display. `eta_source`: None if not needed; `began_at`: monotonic seconds."""

    tally: Tally = attrs.field(factory=Tally)
    eta_source: EtaSource | None = None
    began_at: float = attrs.field(factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.began_at


class ProgressDisplay:
    """How a run is shown; this one shows nothing. `interval_s`: until the next call of `tell`."""

    interval_s = 3600.0

    def begin(self, view: View) -> None: ...

    def tell(self, view: View) -> None: ...

    def end(self, view: View) -> None: ...

    def note(self, event: Event, view: View) -> None:
        """Print a line for an event, if it deserves one."""


class Plain(ProgressDisplay):
    """One line every few seconds, when something moved; one at each wave, one at the end."""

    def __init__(self, interval_s: float = PLAIN_INTERVAL_S) -> None:
        self.interval_s = interval_s
        self._last = ""

    def begin(self, view: View) -> None:
        if view.tally.done:  # a new run is at work before there is anything to count
            self.tell(view)

    def tell(self, view: View) -> None:
        self.interval_s = min(_LONGEST_INTERVAL_S, max(self.interval_s, view.elapsed_s / _SPREAD))
        line = view.tally.line(asyncio.get_running_loop().time())
        if line != self._last:
            self._last = line
            say(line + _left(view))

    def end(self, view: View) -> None:
        self.tell(view)

    def note(self, event: Event, view: View) -> None:
        words = words_for(event)
        if words:
            say(words)


def _left(view: View) -> str:
    """`; about 6 min left, bound by embedded.recipes.get`, while accounts are left and something is known."""
    tally = view.tally
    eta = view.eta_source.eta() if view.eta_source is not None and tally.in_flight and not tally.draining else None
    if eta is None:
        return ""
    return f"; {eta_words(eta)}" + (f", bound by {eta.bound_by}" if eta.bound_by else "")


_GATES: Final = {"pass": "pass", "fail": "halt", "inconclusive": "pause"}
"""A gate's verdict, as text."""


def words_for(event: Event) -> str | None:
    """A line about an event that a log should have: a run's beginning, and its waves when there are several."""
    if isinstance(event, RunChanged) and event.state == "running":
        return f"at work on run {event.run_id}"
    if isinstance(event, WaveChanged) and event.of > 1:
        started = f"wave {event.number} of {event.of}: {counted(event.size, 'account')}"
        return started if event.state == "started" else f"{_GATES[event.state]}: {event.reason}"
    return None


class RunProgress:
    """The observer of a run. `observe` may be called outside of `shown`, which displays it."""

    def __init__(self, display: ProgressDisplay) -> None:
        self.view = View()
        self._display = display
        self._is_silenced = False
        self._outage = Outage()
        self._begun: Callable[[str], None] = lambda _: None

    @property
    def is_silent(self) -> bool:
        return type(self._display) is ProgressDisplay

    def observe(self, event: Event) -> None:
        view = self.view
        if view.eta_source is not None:
            view.eta_source.observe(event)
        if isinstance(event, AttemptEnded | HostClosed):  # most of all events, and the tally counts accounts
            if not self.is_silent:
                self._outage.observe(event)
            return
        view.tally.observe(event)
        if isinstance(event, RunChanged):
            self._begun(event.run_id)
        if isinstance(event, RunChanged | WaveChanged):
            self._display.note(event, view)

    @asynccontextmanager
    async def shown(
        self,
        total: int,
        settled: Mapping[Outcome, int] | None = None,
        eta_source: ForecastEta | None = None,
        begun: Callable[[str], None] = lambda _: None,
    ) -> AsyncIterator[None]:
        """While inside, progress is displayed. `settled`: accounts of a resumed run that stay as they are; `begun`:
        gets the id of the run.
        """
        self._begun = begun
        self.view = View(tally=Tally(total, settled), eta_source=eta_source)
        self._display.begin(self.view)
        # A plain task, not a task group: that would wrap the run's own error into a group.
        speaking = asyncio.create_task(self._speak())
        try:
            yield
        finally:
            speaking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await speaking
            if not self._is_silenced:
                self._display.end(self.view)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """While inside, the display is silent, because a question is open."""
        self._display.end(self.view)
        self._is_silenced = True
        try:
            yield
        finally:
            self._is_silenced = False
            self._display.begin(self.view)

    async def _speak(self) -> None:
        while True:
            await asyncio.sleep(self._display.interval_s)
            if not self._is_silenced:
                self._display.tell(self.view)
