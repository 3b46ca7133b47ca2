"""The live view of a run on a terminal: waves, quotas, remaining time, latest failures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live as Redrawn
from rich.segment import Segment
from rich.style import Style

from bulkops.cli.cpu_budget import CpuBudget
from bulkops.cli.eta import eta_words
from bulkops.cli.live.bars import waves
from bulkops.cli.live.cells import Row, cut, inert
from bulkops.cli.live.gauges import gauges
from bulkops.cli.progress import ProgressDisplay, words_for
from bulkops.cli.terminal import abandon, say
from bulkops.durations import clock
from bulkops.events import Event, WaveChanged

if TYPE_CHECKING:
    from bulkops.cli.progress import View
    from bulkops.runs.progress import Eta

REDRAWS_PER_S: Final = 8
_SHARE: Final = 0.006
_LONGEST_S: Final = 10.0
_MOST_QUOTAS: Final = 6
_MOST_TROUBLES: Final = 3

_IN_ASCII: Final = str.maketrans("█▓▚▁░·", "#=x_-.")
"""The glyphs of bars and gauges, on terminals that know ASCII only."""
_STYLES: Final = {
    name: Style.parse(name) if name else Style.null()
    for name in ("", "dim", "bold", "green", "cyan", "bold red", "red", "yellow", "blue")
}


class Live(ProgressDisplay):
    """Redraws rich's display on our own schedule, because rich's thread would interrupt the run. It redraws less often
    if that costs a hundredth of the process's CPU time, but at least every ten seconds.
    """

    interval_s = 1 / REDRAWS_PER_S

    def __init__(self, console: Console | None = None, *, share: float = _SHARE) -> None:
        """`share`: of the process's CPU time that drawing may take."""
        self._console = console or Console(stderr=True)
        self._share = share
        self._budget = CpuBudget(share, accounts=0, longest_s=_LONGEST_S)
        self.redraws = 0
        self._redrawn: Redrawn | None = None

    @property
    def spent_s(self) -> float:
        """CPU seconds that drawing has cost."""
        return self._budget.spent_s

    def begin(self, view: View) -> None:
        self._budget = CpuBudget(self._share, accounts=view.tally.total, longest_s=_LONGEST_S)
        self._redrawn = Redrawn(
            console=self._console,
            auto_refresh=False,
            redirect_stdout=False,  # stdout is the result
            redirect_stderr=True,  # other output goes above the view
            vertical_overflow="crop",
        )
        with self._while_it_lasts():
            self._redrawn.start()
        self.tell(view)

    def tell(self, view: View) -> None:
        if self._redrawn is not None and self._budget.may_spend():
            with self._budget.spending(), self._while_it_lasts():
                self._redrawn.update(Screen(view), refresh=True)
            self.redraws += 1

    def end(self, view: View) -> None:
        if self._redrawn is not None:
            with self._while_it_lasts():
                self._redrawn.update(Screen(view, is_last=True))
                self._redrawn.stop()  # draws once more
            self._redrawn = None

    @contextmanager
    def _while_it_lasts(self) -> Iterator[None]:
        """A terminal that hung up does not stop the run."""
        try:
            yield
        except OSError:
            abandon(self._console.file)

    def note(self, event: Event, view: View) -> None:
        """Waves are on the screen already; a gate that stopped the run is printed too."""
        if isinstance(event, WaveChanged) and event.state in {"started", "pass"}:
            return
        words = words_for(event)
        if words:
            say(words)


class Screen:
    """One picture of a run. `is_last`: the run has ended, and what stays on the screen is how far it came."""

    def __init__(self, view: View, *, is_last: bool = False) -> None:
        self._view = view
        self._is_last = is_last

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # The last column stays free: some terminals wrap when it is written to.
        width = options.max_width - 1
        ascii_only = not console.encoding.startswith("utf")
        rows = list(self.rows(width, console.height - 1))
        for place, row in enumerate(rows):
            if place:
                yield Segment.line()
            for text, style in cut(row, width):
                yield Segment(_ascii(text) if ascii_only else text, _STYLES[style])

    def rows(self, width: int, height: int) -> Iterator[Row]:
        """At most `height` rows, the most important first."""
        view, tally = self._view, self._view.tally
        eta_source = None if self._is_last else view.eta_source
        eta = eta_source.eta() if eta_source is not None and not tally.draining and tally.done < tally.total else None
        rows: list[Row] = [self._heading(eta, width)]
        rows += waves(tally, width)
        if eta_source is not None:
            troubles = list(self._troubles(width))
            most = min(_MOST_QUOTAS, height - len(rows) - len(troubles))
            bound_by = eta.bound_by if eta is not None else None
            rows += gauges(
                eta_source.quotas(),
                width,
                most=most,
                bound_by=bound_by,
                seen_s_ago=eta_source.seen_s_ago,
            )
            rows += troubles
        yield from rows[:height]

    def _heading(self, eta: Eta | None, width: int) -> Row:
        view, tally = self._view, self._view.tally
        row: Row = [(f"{tally.done} of {tally.total} accounts", "bold"), (f"  {clock(view.elapsed_s)}", "")]
        if eta is not None:
            row.append((f"  {eta_words(eta)}", "bold"))
            bound = f", bound by {eta.bound_by}" if eta.bound_by else ""
            if sum(len(text) for text, _ in row) + len(bound) <= width:  # else the mark beside the quota says it
                row.append((bound, ""))
        if tally.draining:
            row.append((f"  nothing new starts: {inert(tally.draining, 200)}", "bold red"))
        return row

    def _troubles(self, width: int) -> Iterator[Row]:
        for trouble in self._view.tally.troubles(_MOST_TROUBLES):
            counted = f"{trouble.count} {trouble.outcome.words}: "
            last = f" ({inert(trouble.account, 20)})" if width >= 80 else ""
            yield [(counted, "bold red"), (inert(trouble.cause, width - len(counted) - len(last)), ""), (last, "dim")]


def _ascii(text: str) -> str:
    return text.translate(_IN_ASCII).encode("ascii", "replace").decode()
