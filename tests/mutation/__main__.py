"""`make mutation-sample SEED=n`: do the fast tests notice mistakes that nobody wrote down?

Draws mutations by seed, runs for each the tests of its line in a copy of the project, and prints those that survived.
Results are kept in .mutation/: the same command goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from tests.mutation.draw import ROOMS, Mutation, draw
from tests.mutation.equivalent import equivalents, reason
from tests.mutation.record import HOME, Record
from tests.mutation.trial import Copy, Result

OUTCOMES: Final = ("noticed", "hung", "explained", "survived", "unclear")
"""Hung is noticed too; unclear: pytest failed with the mutation and without it."""

OPEN: Final = frozenset({"survived", "unclear"})


class Sample:
    """Mutations shared among workers, and their results in a file."""

    def __init__(self, mutations: list[Mutation], record: Record, file: Path, *, budget_s: float, again: bool) -> None:
        rows = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        found = [Result(**row) for row in map(json.loads, rows)]
        self.results = {result.key: result for result in found}
        for mutation in mutations:
            if why := reason(mutation, equivalents()):
                self.results[mutation.key] = Result(mutation.key, "explained", why)
        done = {key for key, result in self.results.items() if not (again and result.outcome in OPEN)}
        self.mutations = mutations
        self._left = iter([mutation for mutation in mutations if mutation.key not in done])
        self._record, self._file, self._budget_s = record, file, budget_s
        self._lock = threading.Lock()
        self._is_stopped = False
        self._copies: list[Copy] = []

    def work(self) -> None:
        with tempfile.TemporaryDirectory(prefix="mutation-") as home:
            copy = Copy(Path(home), self._record.durations)
            self._copies.append(copy)
            try:
                present = copy.collect()
                for mutation in self._taken():
                    tests = self._record.tests(mutation, present, budget_s=self._budget_s)
                    result = copy.attempt(mutation, tests)
                    if not self._is_stopped:
                        self._keep(result)
            finally:
                copy.stop()

    def stop(self) -> None:
        self._is_stopped = True
        for copy in self._copies:
            copy.stop()

    def _taken(self) -> Iterator[Mutation]:
        while not self._is_stopped:
            with self._lock:
                mutation = next(self._left, None)
            if mutation is None:
                return
            yield mutation

    def _keep(self, result: Result) -> None:
        with self._lock:
            self.results[result.key] = result
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(attrs.asdict(result)) + "\n")
            print(f"{result.outcome:9} {result.took_s:6.1f} s  {result.key}", flush=True)


def table(mutations: list[Mutation], results: dict[str, Any]) -> str:
    """The rooms with what was noticed there, then each survivor with its change."""
    known = [(mutation, results[mutation.key]) for mutation in mutations if mutation.key in results]
    counts = Counter((mutation.room, result.outcome) for mutation, result in known)
    rows = [f"| room | {' | '.join(OUTCOMES)} |", "| --- |" + " ---: |" * len(OUTCOMES)]
    rows += [f"| {room} | " + " | ".join(str(counts[room, one]) for one in OUTCOMES) + " |" for room in ROOMS]
    for mutation, result in known:
        if result.outcome in OPEN:
            rows += [
                "",
                f"{mutation.file}:{mutation.lines[0]} {mutation.operator} ({result.outcome}, {result.tests} tests)",
                *(f"- {row}" for row in mutation.before.splitlines()),
                *(f"+ {row}" for row in mutation.after.splitlines()),
            ]
    explained = sum(result.outcome == "explained" for _, result in known)
    noticed = sum(result.outcome in {"noticed", "hung"} for _, result in known)
    share = f", {noticed / (len(known) - explained):.1%}" if len(known) > explained else ""
    of_all = f"{noticed} of {len(known) - explained} mutations noticed{share}"
    return "\n".join([*rows, "", f"{of_all}; {explained} more change nothing; {len(mutations)} drawn"])


def main() -> int:
    options = argparse.ArgumentParser(prog="make mutation-sample", description=__doc__)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--count", type=int, default=300)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--rooms", nargs="+", default=ROOMS, choices=ROOMS, help="try only those of the sample here")
    options.add_argument("--budget-s", type=float, default=240.0, help="of tests for one mutation")
    options.add_argument("--again", action="store_true", help="try survivors again, with the tests as they are now")
    options.add_argument("--record", action="store_true", help="record anew which tests run which lines")
    chosen = options.parse_args()
    record = Record.open(again=chosen.record)
    if unknown := record.unknown():
        print(f"new since the record was made: {', '.join(unknown)} (--record makes a new one)")
    mutations = [mutation for mutation in draw(chosen.seed, chosen.count) if mutation.room in chosen.rooms]
    file = HOME / f"results-{chosen.seed}.jsonl"
    sample = Sample(mutations, record, file, budget_s=chosen.budget_s, again=chosen.again)
    threads = [threading.Thread(target=sample.work) for _ in range(chosen.workers)]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        sample.stop()
        for thread in threads:
            thread.join()
    print(table(sample.mutations, sample.results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
