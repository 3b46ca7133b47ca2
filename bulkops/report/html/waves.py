"""The waves of a run, and the decisions of their gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from bulkops.journal import EventRow
from bulkops.journal.event_kinds import GATE, WAVE
from bulkops.report.html.outcomes import Kind, Standing

if TYPE_CHECKING:
    from bulkops.report.model import Report


@attrs.frozen(kw_only=True)
class Wave:
    """Accounts `begin` up to, not including, `end` of the inventory. `started_at`: when it was begun first."""

    number: int
    of: int
    begin: int
    end: int
    started_at: float
    took_s: float | None
    counts: list[tuple[Kind, int]]
    verdict: str
    reason: str

    @property
    def size(self) -> int:
        return self.end - self.begin


def read_waves(report: Report, standing: Standing, events: Sequence[EventRow]) -> list[Wave]:
    """Those that were started, in order; none for a run that was not cut into waves."""
    started: dict[int, EventRow] = {}
    verdicts: dict[int, Mapping[str, Any]] = {}
    for event in events:
        if event.kind == WAVE:
            started.setdefault(event.data["wave"], event)
        elif event.kind == GATE:
            verdicts[event.data["wave"]] = event.data
    waves: list[Wave] = []
    begin = 0
    for number, event in sorted(started.items()):
        if event.data["of"] > 1:
            end = begin + event.data["size"]
            waves.append(_wave(report, standing, event, (begin, end), verdicts.get(number, {})))
            begin = end
    return waves


def _wave(
    report: Report, standing: Standing, event: EventRow, place: tuple[int, int], verdict: Mapping[str, Any]
) -> Wave:
    begin, end = place
    ends = [row.ended_at for row in report.accounts[begin:end] if row.ended_at is not None]
    return Wave(
        number=event.data["wave"],
        of=event.data["of"],
        begin=begin,
        end=end,
        started_at=event.at,
        took_s=max(0.0, max(ends) - event.at) if ends else None,
        counts=Standing(standing.kinds, standing.of[begin:end]).counts(),
        verdict=str(verdict.get("verdict", "")),
        reason=str(verdict.get("reason") or ""),
    )
