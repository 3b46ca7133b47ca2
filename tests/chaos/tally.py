"""What came of the kit's trials: tests write lines into one file, `python -m tests.chaos` makes the table of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

FILE = "CHAOS_TALLY"
"""Environment variable: where lines go. Unset: nobody counts."""


@attrs.define
class Trials:
    """What one test has tried. A test that says nothing is one trial, which survives if the test passes.

    `twice`: effects that happened more often than in an undisturbed run; `lost`: accounts without an answer, or whose
    answer is not what the ledger says. `seed`: what to give to see the same again.
    """

    fault: str
    trials: int = 0
    survived: int = 0
    twice: int = 0
    lost: int = 0
    seed: int | None = None

    def add(self, trials: int, *, survived: int | None = None, twice: int = 0, lost: int = 0) -> None:
        self.trials += trials
        self.survived += trials if survived is None else survived
        self.twice += twice
        self.lost += lost

    def ended(self, *, passed: bool) -> None:
        """Write it down. A test that failed has one trial more that was not survived, unless it said so itself."""
        if not self.trials or (not passed and self.survived == self.trials):
            self.add(1, survived=int(passed))
        path = os.environ.get(FILE)
        if path is not None:
            with Path(path).open("a", encoding="utf-8") as file:  # one short line at a time: workers may share the file
                file.write(json.dumps(attrs.asdict(self)) + "\n")


def table(lines: Iterable[str]) -> tuple[str, bool]:
    """The table, and whether everything was survived, nothing done twice and nothing lost."""
    sums: dict[str, Trials] = {}
    for line in lines:
        row: dict[str, Any] = json.loads(line)
        one = sums.setdefault(row["fault"], Trials(row["fault"]))
        one.add(row["trials"], survived=row["survived"], twice=row["twice"], lost=row["lost"])
        one.seed = row["seed"] if row["seed"] is not None else one.seed
    total = Trials("all")
    for one in sums.values():
        total.add(one.trials, survived=one.survived, twice=one.twice, lost=one.lost)
    shown = [f"{'fault':64} {'trials':>7} {'survived':>9} {'effects twice':>14} {'results lost':>13}  seed"]
    shown += [_row(sums[name]) for name in sorted(sums)]
    shown.append(_row(total))
    is_well = bool(sums) and total.survived == total.trials and not total.twice and not total.lost
    return "\n".join(shown), is_well


def _row(one: Trials) -> str:
    seed = "" if one.seed is None else str(one.seed)
    return f"{one.fault[:64]:64} {one.trials:7} {one.survived:9} {one.twice:14} {one.lost:13}  {seed}".rstrip()
