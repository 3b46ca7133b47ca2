"""`make mutation-sample SEED=n`: do the fast tests notice mistakes that nobody wrote down?

Draws mutations by seed, runs for each the tests of its line in a copy of the project, and prints those that survived.
Results are kept in .mutation/: the same command goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from tests.chaos.mutants import copied
from tests.mutation.draw import ROOMS, ROOT, Mutation, draw
from tests.mutation.plugin import CHOSEN
from tests.mutation.record import HOME, Record

MOST_KIB: Final = 6_000_000
"""Memory of one run of tests: a mutant may allocate without end."""

STARTS_S: Final = 60.0
"""For starting pytest, on a busy machine."""

TEST_S: Final = 120
"""For one test: a mutant may wait forever."""


NEAREST: Final = 60
"""The first tests by themselves: most mutations are noticed there, and few files are collected."""

OUTCOMES: Final = {0: "survived", 5: "survived", 1: "noticed", None: "hung"}
"""By exit code of pytest; 5: the recorded tests are gone."""


@attrs.frozen
class Result:
    """How one mutation ended: noticed, hung (noticed too), survived, or broken (pytest could not run)."""

    key: str
    outcome: str
    by: str
    """The test that noticed it."""
    change: str
    tests: int
    took_s: float


class Copy:
    """A copy of the project, in which one mutation at a time is tried."""

    def __init__(self, home: Path) -> None:
        self.root = home / "project"
        self.root.mkdir()
        copied(self.root)
        if (shared := ROOT.parent / "shared").exists():
            (home / "shared").symlink_to(shared.resolve())
        self._chosen = home / "chosen"
        self._passing: set[str] = set()
        self.process: subprocess.Popen[str] | None = None

    def attempt(self, mutation: Mutation, tests: list[str], limit_s: float) -> Result:
        """The nearest tests run first by themselves; one that fails without the mutation too is left out."""
        file = self.root / mutation.file
        source = file.read_text(encoding="utf-8")
        changed = mutation.apply(source)
        tests = self._existing(tests)
        began, outcome, by = time.monotonic(), "survived", ""
        parts = [part for part in (tests[:NEAREST], tests[NEAREST:]) if part]
        while parts and outcome == "survived":
            part = parts.pop(0)
            self._write(file, changed)
            try:
                code, said = self._run(part, limit_s)
            finally:
                self._write(file, source)
            failed = [test for test in part if f"\nFAILED {test}" in said or f"\nERROR {test}" in said]
            if code == 1 and failed and not self._passes(failed[0], limit_s):
                parts.insert(0, [test for test in part if test != failed[0]])
                continue
            outcome = OUTCOMES.get(code, "broken")
            by = "" if code == 0 else failed[0] if failed else said[-300:]
        took_s = round(time.monotonic() - began, 1)
        return Result(mutation.key, outcome, by, _change(source, changed), len(tests), took_s)

    def check(self, tests: Iterable[str]) -> None:
        """Raises: LookupError when the tests cannot be collected here: every mutation would seem to be noticed."""
        code, said = self._run(self._existing(tests), STARTS_S * 5, "--collect-only")
        if code != 0:
            raise LookupError(f"the copy of the project cannot collect its tests:\n{said[-1000:]}")

    def _existing(self, tests: Iterable[str]) -> list[str]:
        return [test for test in tests if (self.root / test.partition("::")[0]).exists()]

    def _passes(self, test: str, limit_s: float) -> bool:
        """Whether a test passes in the copy as it is."""
        if test not in self._passing and self._run([test], limit_s)[0] == 0:
            self._passing.add(test)
        return test in self._passing

    def _write(self, file: Path, text: str) -> None:
        file.write_text(text, encoding="utf-8")
        for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
            compiled.unlink()  # it may look current: Python compares whole seconds and the size

    def _run(self, tests: list[str], limit_s: float, *more: str) -> tuple[int | None, str]:
        self._chosen.write_text("\n".join(tests), encoding="utf-8")
        paths = sorted({test.partition("::")[0] for test in tests})
        options = ["-x", f"--timeout={TEST_S}", "-pno:cacheprovider", "-ptests.mutation.plugin", *more, *paths]
        limited = ["sh", "-c", f'ulimit -v {MOST_KIB}; exec "$@"', "sh", sys.executable, "-m", "pytest", *options]
        environment = {**os.environ, "PYTHONPATH": str(self.root), CHOSEN: str(self._chosen)}
        self.process = subprocess.Popen(
            limited,
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = self.process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            self.stop()
            self.process.communicate()
            return None, ""
        return self.process.returncode, said

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)


def _change(before: str, after: str) -> str:
    rows = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(row for row in rows if row[:2] not in {"--", "++", "@@"})


class Sample:
    """Mutations shared among workers, and their results in a file."""

    def __init__(self, mutations: list[Mutation], record: Record, file: Path, budget_s: float) -> None:
        rows = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.results = {row["key"]: Result(**row) for row in map(json.loads, rows)}
        self.mutations = mutations
        self._left = iter([mutation for mutation in mutations if mutation.key not in self.results])
        self._record, self._file, self._budget_s = record, file, budget_s
        self._lock = threading.Lock()
        self._is_stopped = False
        self._copies: list[Copy] = []

    def work(self) -> None:
        with tempfile.TemporaryDirectory(prefix="mutation-") as home:
            copy = Copy(Path(home))
            copy.check(self._record.durations)
            self._copies.append(copy)
            for mutation in self._taken():
                tests = self._record.tests(mutation, budget_s=self._budget_s)
                result = copy.attempt(mutation, tests, STARTS_S + 4 * self._budget_s)
                if not self._is_stopped:
                    self._keep(result)

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
            print(f"{len(self.results):4} {result.outcome:9} {result.took_s:6.1f} s  {result.key}", flush=True)


def table(mutations: list[Mutation], results: dict[str, Any]) -> str:
    """The rooms with what was noticed there, then each survivor with its change."""
    known = [(mutation, results[mutation.key]) for mutation in mutations if mutation.key in results]
    counts = Counter((mutation.file.split("/")[1].removesuffix(".py"), result.outcome) for mutation, result in known)
    rows = ["| room | noticed | hung | survived | broken |", "| --- | ---: | ---: | ---: | ---: |"]
    outcomes = ("noticed", "hung", "survived", "broken")
    rows += [f"| {room} | " + " | ".join(str(counts[room, one]) for one in outcomes) + " |" for room in ROOMS]
    noticed = sum(result.outcome in {"noticed", "hung"} for _, result in known)
    for mutation, result in known:
        if result.outcome in {"survived", "broken"}:
            rows += [
                "",
                f"{mutation.file}:{mutation.lines[0]} {mutation.operator} ({result.outcome}, {result.tests} tests)",
            ]
            rows += result.change.splitlines()
    share = f", {noticed / len(known):.1%}" if known else ""
    return "\n".join([*rows, "", f"{noticed} of {len(known)} mutations noticed{share}"])


def main() -> int:
    options = argparse.ArgumentParser(prog="make mutation-sample", description=__doc__)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--count", type=int, default=300)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--budget-s", type=float, default=240.0, help="of tests for one mutation")
    options.add_argument("--record", action="store_true", help="record anew which tests run which lines")
    chosen = options.parse_args()
    record = Record.open(again=chosen.record)
    if unknown := record.unknown():
        print(f"new since the record was made: {', '.join(unknown)} (--record makes a new one)")
    sample = Sample(draw(chosen.seed, chosen.count), record, HOME / f"results-{chosen.seed}.jsonl", chosen.budget_s)
    threads = [threading.Thread(target=sample.work) for _ in range(chosen.workers)]
    for thread in threads:
        thread.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
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
