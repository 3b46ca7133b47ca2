"""The live view of a run on a terminal: one bar, redrawn at most eight times a second."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bulkops.cli.terminal import say

if TYPE_CHECKING:
    from bulkops.cli.story import Tally

REDRAWS_PER_S: Final = 8


class Live:
    """rich's progress bar, drawn by our own clock: its thread would redraw between two awaits of the run."""

    interval_s = 1 / REDRAWS_PER_S

    def __init__(self, console: Console | None = None) -> None:
        self._progress = Progress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console or Console(stderr=True),
            auto_refresh=False,
            redirect_stdout=False,  # stdout is the result
            redirect_stderr=True,  # what is said meanwhile goes above the bar
        )
        self._bar = self._progress.add_task("", total=None)

    def begin(self, tally: Tally) -> None:
        self.tell(tally)
        self._progress.start()

    def tell(self, tally: Tally) -> None:
        line = tally.line(asyncio.get_running_loop().time())
        _, _, words = line.partition(": ") if tally.done else line.partition("; ")
        self._progress.update(self._bar, total=tally.total, completed=tally.done, description=escape(words))
        self._progress.refresh()

    def end(self, tally: Tally) -> None:
        self.tell(tally)
        self._progress.stop()

    def note(self, words: str) -> None:
        say(words)
