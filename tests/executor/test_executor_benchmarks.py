"""The benchmarks run; whether their bars hold is for a quiet machine to say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.kit.harness import Row, ratio, ratios, rounds

ROOT = Path(__file__).parents[2]


def test_a_benchmark_prints_its_row_and_writes_its_figures() -> None:
    """One of them; `make bench-smoke` runs all."""
    name = "fan_out_cpu"
    command = [sys.executable, "-m", f"benchmarks.{name}", "--smoke"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    assert done.stderr == ""
    rows = done.stdout.splitlines()
    assert rows
    assert all(row.endswith((" holds", " misses")) for row in rows)
    written = json.loads((ROOT / "benchmarks" / "results" / f"{name}.smoke.json").read_text())
    assert written["smoke"] is True
    assert [row["holds"] for row in written["rows"]] == [row.endswith(" holds") for row in rows]


@pytest.mark.parametrize(
    ("measured", "better", "last"),
    [(3.0, "below", "holds"), (3.01, "below", "misses"), (3.0, "above", "holds"), (2.99, "above", "misses")],
)
def test_a_row_ends_with_its_verdict(measured: float, better: str, last: str) -> None:
    row = Row(what="x", measured=measured, bar=3, better=better, unit=" MiB", peers={"other": 9.0})  # type: ignore[arg-type]
    assert str(row).startswith(f"| x | {measured:.2f} MiB | ")
    assert str(row).endswith(f" 3 MiB | other 9.00 | {last}")


def test_rounds_are_paired_and_the_first_does_not_count() -> None:
    async def nothing() -> None:
        return

    calls: list[int] = []

    def measure(_: object) -> float:
        calls.append(len(calls))
        return float(len(calls))

    figures = rounds({"a": nothing, "b": nothing}, measure=measure, count=4)
    assert len(calls) == 10
    assert sorted(one for row in figures.values() for one in row) == [3, 4, 5, 6, 7, 8, 9, 10]
    assert all(abs(one - other) == 1 for one, other in zip(figures["a"], figures["b"], strict=True))


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    figures = {"a": [2.0, 30.0, 4.0], "b": [1.0, 10.0, 4.0]}
    assert ratio(figures, "a", "b") == 2.0
    assert ratios(figures, to="b") == {"a": 2.0}
