"""What the charts say is what the journal says."""

from __future__ import annotations

import re
from typing import Any

import attrs
import pytest

from bulkops.journal import EventRow, StepState, StepTiming
from bulkops.outcome import Outcome
from bulkops.report import Report
from bulkops.report.html.axes import TimeAxis
from bulkops.report.html.durations import durations_panel, stages, took_s
from bulkops.report.html.outcomes import Standing
from bulkops.report.html.requests import requests_panel
from bulkops.report.html.timeline import timeline
from bulkops.report.html.waves import read_waves
from bulkops.report.quota_usage import by_fullness, read_traffic
from tests.browser.pages import large
from tests.records import BEGAN


def process(**quotas: list[list[Any]]) -> EventRow:
    return EventRow(at=BEGAN, kind="process", data={"share": 0.5, "quotas": quotas})


def interval(at: float, length_s: float = 1.0, **quotas: dict[str, Any]) -> EventRow:
    return EventRow(at=BEGAN, kind="requests", data={"from": BEGAN + at, "s": length_s, "quotas": quotas})


def test_the_busiest_window_is_found_wherever_it_begins() -> None:
    events = [process(q=[[60, 3.0]]), *(interval(at, q={"requests": n}) for at, n in enumerate([5, 1, 20, 30, 9, 2]))]
    (traffic,) = read_traffic(events)
    assert (traffic.requests, traffic.busiest, traffic.limit, traffic.window_s) == (67, 59, 60, 3.0)
    axis = TimeAxis.over([(one.begin, one.end) for one in traffic.intervals])
    moments = [axis.at(axis.length_s * n / 12) for n in range(13)]
    assert traffic.in_window(moments) == [0, 0, 5, 5, 6, 6, 26, 26, 51, 51, 59, 59, 41]


def test_a_window_forgets_what_is_older_than_itself() -> None:
    events = [process(q=[[60, 2.0]]), interval(0, q={"requests": 50}), interval(10, q={"requests": 40})]
    (traffic,) = read_traffic(events)
    assert traffic.busiest == 50


def test_the_line_is_that_of_the_narrowest_window_for_all_accounts() -> None:
    events = [
        process(both=[[500, 3600.0], [1000, 60.0], [5, 1.0, "workspace"]], keyed=[[500, 3600.0, "workspace"]]),
        interval(0, both={"requests": 1}, keyed={"requests": 1}, unheard={"requests": 1}),
    ]
    found = {one.quota: (one.limit, one.window_s) for one in read_traffic(events)}
    assert found == {"both": (1000, 60.0), "keyed": (None, 60.0), "unheard": (None, 60.0)}


def test_the_fullest_come_first_and_the_empty_ones_apart() -> None:
    events = [
        process(a=[[100, 1.0]], b=[[10, 1.0]], c=[[100, 1.0]]),
        interval(0, a={"requests": 5}, b={"requests": 9}, c={"requests": 40}),
    ]
    full, quiet = by_fullness(read_traffic(events))
    assert [one.quota for one in full] == ["b", "c"]
    assert [one.quota for one in quiet] == ["a"]
    assert by_fullness([]) == ([], [])


def test_a_quota_in_a_picture_and_in_words() -> None:
    events = [
        process(q=[[60, 2.0]]),
        interval(0, q={"requests": 30, "refused": 2, "waited_s": 60.0}),
        interval(1, q={"requests": 10, "lost": 1}),
    ]
    (traffic,) = read_traffic(events)
    panel = requests_panel(traffic, TimeAxis.over([(BEGAN, BEGAN + 10)]))
    assert panel.summary == (
        "40 requests; at most 40 of 60 in 2 s; 2 refused, 1 without an answer; 1 min 0 s waited in all."
    )
    assert panel.aside == "limit 60 in 2 s"
    assert panel.note == "requests in the last 2 s; below: mean wait for a slot, up to 2.0 s"
    titles = {shape.kind: shape.title for shape in panel.shapes}
    assert titles["refused"] == "2 refused (429)"
    assert titles["lost"] == "1 without an answer"
    assert (titles["limit"], titles["share"]) == ("limit: 60", "share: 30")
    assert "waits" in titles


def ends(path: str) -> tuple[float, float]:
    """The y of the first and of the last point of an area's upper line: its lower line goes back from there."""
    points = [tuple(map(float, point.split())) for point in re.findall(r"[\d.]+ [\d.]+", path)]
    upper = points[: max(range(len(points)), key=lambda place: points[place][0]) + 1]
    return upper[0][1], upper[-1][1]


def test_the_timeline_ends_with_all_that_ended() -> None:
    report = large(100)
    standing = Standing.from_report(report)
    axis = TimeAxis.over([(row.started_at, row.ended_at) for row in report.accounts if row.started_at and row.ended_at])
    panel = timeline(report, standing, axis)
    assert panel is not None
    ended = sum(row.ended_at is not None for row in report.accounts)
    titles = [shape.title for shape in panel.shapes if shape.kind.startswith("area ")]
    assert sum(int(title.split()[0]) for title in titles if title[0].isdigit()) == ended
    top = min(ends(shape.path)[1] for shape in panel.shapes if shape.kind.startswith("area "))
    zero, full = panel.y_ticks[0], panel.y_ticks[-1]
    assert (zero.at - top) / (zero.at - full.at) * int(full.label) == pytest.approx(ended, abs=1)
    assert panel.summary.startswith("Over 2 min ")


def test_no_timeline_and_no_durations_of_a_run_that_never_started() -> None:
    report = large(3)
    rows = [attrs.evolve(row, outcome=Outcome.NOT_ATTEMPTED, started_at=None, ended_at=None) for row in report.accounts]
    never = attrs.evolve(report, accounts=rows)
    assert timeline(never, Standing.from_report(never), TimeAxis.over([])) is None
    assert durations_panel(never) is None
    assert stages(never, []) == ([], [])


def test_the_histogram_counts_every_account_once() -> None:
    report = large(200)
    panel = durations_panel(report)
    assert panel is not None
    counted = sum(int(shape.title.split()[0]) for shape in panel.shapes if shape.kind == "bar")
    assert counted == len(took_s(report)) == sum(row.ended_at is not None for row in report.accounts)


def marks(seq: int, *steps: tuple[str, float]) -> list[StepTiming]:
    return [
        StepTiming(seq=seq, step=name, state=StepState.DONE, changed=True, began_at=BEGAN + at) for name, at in steps
    ]


def span(report: Report, seq: int, started: float, ended: float | None) -> None:
    assert isinstance(report.accounts, list)
    report.accounts[seq] = attrs.evolve(
        report.accounts[seq], started_at=BEGAN + started, ended_at=None if ended is None else BEGAN + ended
    )


def test_a_stage_lasts_until_the_next_step_or_the_end() -> None:
    report = large(3)
    span(report, 0, 0.0, 10.0)
    span(report, 1, 100.0, 109.0)  # taken up again: its first step was done before
    span(report, 2, 0.0, None)
    found, ticks = stages(
        report,
        [
            *marks(0, ("folder", 1.0), ("start 612007", 4.0)),
            *marks(1, ("folder", 3.0), ("start 700001", 101.0)),
            *marks(2, ("folder", 2.0)),
        ],
    )
    assert [(one.name, one.count, one.median, one.longest) for one in found] == [
        ("folder", 1, "3.0 s", "3.0 s"),
        ("start <id>", 2, "6.0 s", "8.0 s"),
    ]
    assert ticks


def test_waves_and_what_was_decided_between_them() -> None:
    report = large(40)
    events = [
        EventRow(at=BEGAN, kind="wave", data={"wave": 1, "of": 3, "size": 1}),
        EventRow(at=BEGAN, kind="gate", data={"wave": 1, "verdict": "inconclusive", "reason": "who knows"}),
        EventRow(at=BEGAN, kind="gate", data={"wave": 1, "verdict": "pass", "reason": "looked again"}),
        EventRow(at=BEGAN + 2, kind="wave", data={"wave": 2, "of": 3, "size": 9}),
        EventRow(at=BEGAN + 900, kind="wave", data={"wave": 2, "of": 3, "size": 9}),  # resumed
    ]
    standing = Standing.from_report(report)
    waves = read_waves(report, standing, events)
    assert [(one.number, one.begin, one.end, one.verdict, one.reason) for one in waves] == [
        (1, 0, 1, "pass", "looked again"),
        (2, 1, 10, "", ""),
    ]
    assert waves[1].started_at == BEGAN + 2
    assert sum(count for _, count in waves[1].counts) == 9
    assert read_waves(report, standing, [EventRow(at=BEGAN, kind="wave", data={"wave": 1, "of": 1, "size": 40})]) == []
