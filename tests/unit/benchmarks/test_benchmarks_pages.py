"""What the benchmarks write: charts that are SVG and say what their rows say, and windows that count as they should."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import exploring, how_far
from benchmarks.kit import results_page
from benchmarks.kit.plots import Scale, bars
from benchmarks.kit.virtual_fleet import rolled
from benchmarks.kit.windows import WINDOWS


def row(**changes: Any) -> dict[str, Any]:
    made = {"what": "a < b & c", "measured": 1.2, "bar": 1.5, "better": "below", "unit": "", "peers": {"<x>": 9.0}}
    return made | changes


@pytest.mark.parametrize(
    "changes", [{}, {"measured": math.inf}, {"measured": 0.0}, {"peers": {}}, {"peers": {"y": 900}}]
)
def test_a_chart_is_well_formed_and_stays_inside(changes: dict[str, Any]) -> None:
    drawn = ElementTree.fromstring(bars(row(**changes)))
    width = float(drawn.attrib["width"])
    rectangles = [one.attrib for one in drawn if one.tag.endswith("rect")][1:]
    assert len(rectangles) == 1 + len(row(**changes)["peers"])
    assert all(float(one["x"]) + float(one["width"]) <= width for one in rectangles)
    assert "a < b & c" in {one.text for one in drawn}


def test_a_wide_spread_is_drawn_logarithmically() -> None:
    assert not Scale([1.0, 19.0]).is_log
    scale = Scale([1.0, 1000.0])
    assert scale.is_log
    assert 0 < scale(1.0) < scale(10.0) < scale(1000.0) == scale(math.inf)


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_takes_its_limit_and_says_when_there_is_room_again(name: str) -> None:
    window = WINDOWS[name](10, 60.0)
    assert [window.take(0.0) for _ in range(10)] == [None] * 10
    wait_s = window.take(0.0)
    assert wait_s is not None
    assert window.take(wait_s + 1e-6) is None


def test_a_smaller_burst_keeps_the_rate() -> None:
    bucket = WINDOWS["token bucket"](60, 60.0, burst=6)
    assert sum(bucket.take(0.0) is None for _ in range(60)) == 6
    assert sum(bucket.take(1.0 + number) is None for number in range(60)) == 60


def test_a_benchmark_without_new_results_keeps_its_rows_and_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "results"
    results.mkdir()
    for member, value in {"HERE": tmp_path, "PLOTS": tmp_path / "plots", "RESULTS": results}.items():
        monkeypatch.setattr(results_page, member, value)
    monkeypatch.setattr(results_page, "_machine", list)

    def measure(name: str, figure: float) -> None:
        rows = [row(what=f"{name} {number}", measured=figure) for number in (1, 2)]
        document = {"at": "now", "rows": rows, "details": {"facts": [f"a fact of {name}"]}}
        (results / f"{name}.json").write_text(json.dumps(document))

    measure("one", 1.0)
    measure("other", 2.0)
    first = results_page.write(["one", "other"]).read_text()
    (results / "other.json").unlink()
    assert results_page.write(["one", "other", "never measured"]).read_text() == first
    measure("one", 3.0)
    second = results_page.write(["one", "other"]).read_text()
    assert second == first.replace("| 1.00 |", "| 3.00 |").replace("holds", "misses", 2)
    assert len(list((tmp_path / "plots").iterdir())) == 4


def test_how_far_writes_a_line_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(how_far, "PAGE", tmp_path / "how-far.md")
    size = {"took_s": 2.0, "cpu_s": 1.5, "grown_mib": 12.0, "journal_bytes": 1_048_576}
    how_far.write_page({str(n): size | {"accounts": n} for n in (500, 10_000)}, "2026-11-25T18:00:00+00:00")
    few, many = [line for line in how_far.PAGE.read_text().splitlines() if line.startswith(("| 500 ", "| 10,000 "))]
    assert few.endswith("| `embedded.connections.other` | 2.0 s | 250 | 12 MiB | 1.0 MiB |")
    assert re.fullmatch(r"\| 10,000 \| \d+ h \| .*", many)


def test_what_was_played_stands_beside_the_forecast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(how_far, "PAGE", tmp_path / "how-far.md")
    played = rolled(how_far.main_job(), 40, concurrency=20)
    assert played["refused"] == 0
    assert played["requests"] >= 40 * 12
    how_far.write_page({}, "2026-11-25T18:00:00+00:00", {"40": played})
    [line] = [line for line in how_far.PAGE.read_text().splitlines() if line.startswith("| 40 ")]
    difference = re.search(r"([+-]\d+\.\d+)%", line)
    assert difference is not None
    assert abs(float(difference[1])) < 15


def test_what_was_explored_replaces_the_table_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = exploring.PAGE.read_text()
    monkeypatch.setattr(exploring, "PAGE", tmp_path / "quotas.md")
    exploring.PAGE.write_text(text)
    exploring.write_table(exploring.measured(2))
    written = exploring.PAGE.read_text()
    assert "| true limit | windows | 1 | 2 | 429s |" in written
    assert "| 600 | sliding, without `explore` | 60 | 60 | 0 |" in written
    assert [line for line in text.splitlines() if line[:1] != "|"] == [
        line for line in written.splitlines() if line[:1] != "|"
    ]
