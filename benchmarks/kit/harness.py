"""What every benchmark shares: paired rounds, medians, one table row that says whether the bar holds.

Candidates take turns in every round, in an order that changes, and are compared within the round: what slows the
machine for a while slows them alike. The figure is the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib.metadata
import json
import platform
import random
import statistics
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import attrs

RESULTS: Final = Path(__file__).parents[1] / "results"

Work = TypeVar("Work")
Candidate = Callable[[], Coroutine[Any, Any, object]]
"""One unit of the work to compare, run in an event loop of its own."""


@attrs.frozen(kw_only=True)
class Row:
    """One line of the table. `holds` compares `measured` with `bar`, both in `unit`."""

    what: str
    measured: float
    bar: float
    better: Literal["below", "above"]
    unit: str = ""
    peers: Mapping[str, float] = attrs.field(factory=dict)

    @property
    def holds(self) -> bool:
        return self.measured <= self.bar if self.better == "below" else self.measured >= self.bar

    def __str__(self) -> str:
        sign = "<=" if self.better == "below" else ">="
        peers = ", ".join(f"{name} {figure:.2f}" for name, figure in self.peers.items()) or "-"
        bar = f"{sign} {self.bar:g}{self.unit}"
        return (
            f"| {self.what} | {self.measured:.2f}{self.unit} | {bar} | {peers} | {'holds' if self.holds else 'misses'}"
        )


def arguments(description: str) -> argparse.Namespace:
    """`--smoke`: the smallest run that passes through every line; its figures mean nothing."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--smoke", action="store_true", help="small and quick: checks the script, not the bar")
    return parser.parse_args()


def cpu_s(candidate: Candidate) -> float:
    """CPU seconds of this process (user and system, all threads) for one run."""
    return _measured(candidate, time.process_time)


def wall_s(candidate: Candidate) -> float:
    return _measured(candidate, time.perf_counter)


def _measured(candidate: Candidate, clock: Callable[[], float]) -> float:
    async def main() -> float:
        gc.collect()
        began = clock()
        await candidate()
        return clock() - began

    return asyncio.run(main())


def rounds(
    candidates: Mapping[str, Work], *, measure: Callable[[Work], float], count: int, seed: int = 7
) -> dict[str, list[float]]:
    """Every candidate's figure in each of `count` rounds, after one round to warm up."""
    order = list(candidates)
    shuffle = random.Random(seed)
    figures: dict[str, list[float]] = {name: [] for name in candidates}
    for place in range(count + 1):
        shuffle.shuffle(order)
        for name in order:
            figure = measure(candidates[name])
            if place:
                figures[name].append(figure)
    return figures


def ratio(figures: Mapping[str, Sequence[float]], name: str, to: str) -> float:
    """Median over the rounds of `name` / `to`."""
    return statistics.median(one / base for one, base in zip(figures[name], figures[to], strict=True))


def ratios(figures: Mapping[str, Sequence[float]], *, to: str) -> dict[str, float]:
    return {name: ratio(figures, name, to) for name in figures if name != to}


def publish(name: str, rows: Sequence[Row], *, smoke: bool, details: Mapping[str, Any]) -> None:
    """Print the rows and write them with all figures to results/NAME.json (NAME.smoke.json)."""
    for row in rows:
        print(row)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}{'.smoke' if smoke else ''}.json"
    document = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "smoke": smoke,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "rows": [attrs.asdict(row) | {"holds": row.holds} for row in rows],
        "details": details,
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def version(distribution: str) -> str | None:
    """The installed version of a peer, or None: a peer that is not there is left out of the table."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
