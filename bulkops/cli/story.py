"""What stderr tells while a run is on: an observer that counts, and lets a voice say how far it is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

from bulkops.cli.outage import Outage
from bulkops.cli.outlook import Outlook
from bulkops.cli.tally import Tally
from bulkops.cli.terminal import is_live
from bulkops.cli.voices import Plain, Silent, View, Voice
from bulkops.events import AttemptEnded, Event, HostClosed, RunChanged, WaveChanged
from bulkops.outcome import Outcome


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
        self.view = View()
        self._voice = voice
        self._is_silenced = False
        self._outage = Outage()

    @property
    def is_silent(self) -> bool:
        return isinstance(self._voice, Silent)

    def observe(self, event: Event) -> None:
        view = self.view
        if view.outlook is not None:
            view.outlook.observe(event)
        if isinstance(event, AttemptEnded | HostClosed):  # most of all events, and the tally counts accounts
            if not self.is_silent:
                self._outage.observe(event)
            return
        view.tally.observe(event)
        if isinstance(event, RunChanged | WaveChanged):
            self._voice.note(event, view)

    @asynccontextmanager
    async def told(
        self, total: int, settled: Mapping[Outcome, int] | None = None, outlook: Outlook | None = None
    ) -> AsyncIterator[None]:
        """While inside, the voice speaks. `settled`: accounts of a resumed run that stay as they are."""
        self.view = View(tally=Tally(total, settled), outlook=outlook)
        self._voice.begin(self.view)
        # A plain task, not a task group: that would wrap the run's own error into a group.
        speaking = asyncio.create_task(self._speak())
        try:
            yield
        finally:
            speaking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await speaking
            if not self._is_silenced:
                self._voice.end(self.view)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """While inside, the voice says nothing: a person is being asked."""
        self._voice.end(self.view)
        self._is_silenced = True
        try:
            yield
        finally:
            self._is_silenced = False
            self._voice.begin(self.view)

    async def _speak(self) -> None:
        while True:
            await asyncio.sleep(self._voice.interval_s)
            if not self._is_silenced:
                self._voice.tell(self.view)
