"""The accounts as compact, inert data for the page's script; there may be ten thousand."""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from bulkops.journal import AccountRow, StepState, StepTiming
from bulkops.report.html.outcomes import Standing
from bulkops.report.safe_text import inline

if TYPE_CHECKING:
    from bulkops.report.model import Report

_LONGEST: Final = 2000
"""Characters shown of any one text of an account; JSON has all of them."""

MOST_ROWS: Final = 20_000
"""Accounts that the page shows one by one. A browser takes seconds for more."""

_STATES: Final = {StepState.DONE: 0, StepState.INTENT: 1, StepState.FAILED: 2}


@attrs.define
class Texts:
    """Each text once: causes, remedies and step names repeat from account to account."""

    all: list[str] = attrs.field(factory=list)
    _places: dict[str, int] = attrs.field(factory=dict)

    def place(self, text: str | None) -> int:
        """Index of the text, made safe to show; -1 for none."""
        if not text:
            return -1
        place = self._places.get(text)
        if place is None:
            place = self._places[text] = len(self.all)
            self.all.append(inline(text, _LONGEST))
        return place


def places_shown(standing: Standing) -> Sequence[int]:
    """Places of the accounts that the page shows: all, or those that need attention and the first of the others."""
    if len(standing.of) <= MOST_ROWS:
        return range(len(standing.of))
    bad = {place for place, kind in enumerate(standing.kinds) if kind.bad}
    worst_first = sorted(range(len(standing.of)), key=lambda place: standing.of[place] not in bad)
    return sorted(worst_first[:MOST_ROWS])


def script_data(report: Report, standing: Standing, places: Sequence[int], wave_begins: Sequence[int] = ()) -> str:
    """JSON for the `<script type="application/json">` of the page; ASCII, and nothing in it ends the element.

    `rows`: per account [id, kind, started, took, class, cause, reason, remedy, cluster, detail, steps, name]; times are
    seconds from `began` or null, texts are indices into `texts` (-1: none), `steps` is a flat list of [text, 2 * state
    + changed, began, ...] with states 0 done, 1 open, 2 failed. `waves`: the row of the first account of each wave.
    `places`: in the inventory, of the accounts that are shown.
    """
    texts = Texts()
    clusters = {seq: place for place, one in enumerate(report.clusters) for seq in one.seqs}
    steps = _steps_by_account(report.details.steps if report.details else ())
    rows = [
        [
            inline(row.account, 200),
            kind,
            _offset(report, row.started_at),
            _took(row),
            texts.place(row.failure_class),
            texts.place(row.cause),
            texts.place(row.reason if row.reason != row.cause else None),
            texts.place(row.remedy),
            clusters.get(row.seq, -1),
            _shown(row.detail) if row.detail else 0,
            _flat(report, texts, steps.get(row.seq, ())),
            inline(row.name, 200) if row.name else 0,
        ]
        for row, kind in ((report.accounts[place], standing.of[place]) for place in places)
    ]
    return _inert(
        {
            "began": round(report.created_at, 3),
            "kinds": [[kind.name, kind.word] for kind in standing.kinds],
            "waves": [bisect_left(places, begin) for begin in wave_begins],
            "texts": texts.all,
            "rows": rows,
        }
    )


def _flat(report: Report, texts: Texts, marks: Sequence[StepTiming]) -> list[float | int | None] | int:
    flat: list[float | int | None] = []
    for mark in marks:
        flat += [
            texts.place(mark.step),
            2 * _STATES[mark.state] + mark.changed,
            _offset(report, mark.began_at),
        ]
    return flat or 0


def _steps_by_account(marks: Sequence[StepTiming]) -> Mapping[int, list[StepTiming]]:
    found: dict[int, list[StepTiming]] = {}
    for mark in marks:
        found.setdefault(mark.seq, []).append(mark)
    return found


def _offset(report: Report, at: float | None) -> float | None:
    return None if at is None else round(at - report.created_at, 3)


def _took(row: AccountRow) -> float | None:
    if row.started_at is None or row.ended_at is None:
        return None
    return round(max(0.0, row.ended_at - row.started_at), 3)


def _shown(value: Any) -> Any:
    """JSON data with every text in it on one line and nothing in it that moves what stands around it."""
    if isinstance(value, str):
        return inline(value, _LONGEST)
    if isinstance(value, Mapping):
        return {inline(str(key), _LONGEST): _shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _inert(data: object) -> str:
    """Source of the escapes: the HTML standard, "Restrictions for contents of script elements"."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
