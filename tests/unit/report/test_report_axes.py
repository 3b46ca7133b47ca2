"""Arithmetic of the charts: places, round figures, quantiles."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from bulkops.durations import round_duration, short_duration
from bulkops.report.html.axes import (
    TimeAxis,
    count_ticks,
    quantile,
    time_label,
    time_ticks,
)
from bulkops.report.html.durations import LogScale, stage_name

moments = st.floats(0, 1e7, allow_nan=False)
spans = st.lists(st.tuples(moments, st.floats(0, 1e5)).map(lambda pair: (pair[0], sum(pair))), max_size=12)


def test_a_night_between_two_processes_is_cut_out() -> None:
    axis = TimeAxis.over([(0, 100), (50, 200), (40_000, 40_100), (40_101, 40_200)])
    assert [(span.begin, span.end) for span in axis.cuts] == [(200, 40_000)]
    assert axis.length_s == pytest.approx(200 + 0.02 * 399 + 200)
    assert axis.place_s(150) == 150
    assert axis.place_s(40_050) == pytest.approx(axis.length_s - 150)
    assert (axis.place_s(-5), axis.place_s(1e9)) == (0, axis.length_s)


def test_a_short_pause_stays() -> None:
    axis = TimeAxis.over([(0, 100), (104, 200)])
    assert axis.cuts == []
    assert axis.length_s == 200


def test_nothing_happened() -> None:
    axis = TimeAxis.over([])
    assert axis.length_s > 0
    assert (axis.place_s(5), axis.at(0)) == (0, 0)
    assert TimeAxis.over([(5, 5)]).length_s > 0


@given(spans, moments, moments)
def test_time_never_runs_backwards_on_the_axis(busy: list[tuple[float, float]], one: float, other: float) -> None:
    axis = TimeAxis.over(busy)
    early, late = sorted((one, other))
    assert 0 <= axis.place_s(early) <= axis.place_s(late) <= axis.length_s * (1 + 1e-9)


@given(spans, st.floats(0, 1))
def test_a_place_and_its_moment_belong_together(busy: list[tuple[float, float]], part: float) -> None:
    axis = TimeAxis.over(busy)
    place = axis.length_s * part
    assert axis.place_s(axis.at(place)) == pytest.approx(place, abs=max(1e-2, axis.length_s * 1e-4))


@given(st.floats(1e-3, 1e8))
def test_time_ticks_are_few_and_inside(length_s: float) -> None:
    ticks = time_ticks(length_s)
    assert 1 <= len(ticks) <= 7 or length_s > 4e6
    assert ticks[0] == (0, "0")
    assert ticks[-1][0] <= length_s * (1 + 1e-9)


@given(st.floats(0, 1e9))
def test_count_ticks_are_few_round_and_reach_the_top(most: float) -> None:
    ticks = count_ticks(most)
    assert 2 <= len(ticks) <= 6
    assert ticks[0] == 0
    assert ticks[-1] >= most
    assert ticks[-2] < max(1, most)
    assert str(ticks[1]).rstrip("0") in {"1", "2", "5"}


@pytest.mark.parametrize(
    ("seconds", "step_s", "label"),
    [
        (0, 1, "0"),
        (0.5, 0.1, "0.5 s"),
        (0.05, 0.05, "0.05 s"),
        (12, 1, "12 s"),
        (90, 30, "1:30"),
        (7500, 300, "2 h 05"),
    ],
)
def test_time_labels(seconds: float, step_s: float, label: str) -> None:
    assert time_label(seconds, step_s) == label


def test_durations_in_words() -> None:
    words = [short_duration(seconds) for seconds in (0, 0.045, 0.4, 12, 123)]
    assert words == ["0 ms", "45 ms", "0.4 s", "12 s", "2 min 3 s"]
    words = [round_duration(seconds) for seconds in (0.001, 0.3, 2, 60, 900, 3600, 86_400)]
    assert words == ["1 ms", "300 ms", "2 s", "1 min", "15 min", "1 h", "1 d"]


def test_quantiles_are_values_that_occurred() -> None:
    ordered = [1.0, 2.0, 3.0, 4.0]
    assert [quantile(ordered, part) for part in (0.0, 0.25, 0.5, 0.51, 0.95, 1.0)] == [1, 1, 2, 3, 4, 4]
    assert quantile([7.0], 0.95) == 7


@given(st.lists(st.floats(0, 1e7), min_size=1))
def test_every_duration_has_its_place_and_ticks_keep_apart(values: list[float]) -> None:
    scale = LogScale.around(values, low=0, high=100)
    assert all(0 <= scale(value) <= 100 for value in values)
    places = [tick.at for tick in scale.ticks()]
    assert all(after - before >= 4 for before, after in pairwise(places))


def test_a_stage_is_the_same_for_all_accounts() -> None:
    assert stage_name("3 start-recipes: start 612007") == "3 start-recipes: start <id>"
    assert stage_name("2 authorize-connections: authorize Shop 24") == "2 authorize-connections: authorize Shop 24"
