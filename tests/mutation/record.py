"""Which tests run which lines, and how long each test takes: recorded by one run of the fast tests."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import coverage

from tests.mutation.draw import ROOT, Mutation, digest, files
from tests.mutation.plugin import DURATIONS

HOME: Final = ROOT / ".mutation"
FAST: Final = ("-m", "not slow and not chaos")
OUTSIDE: Final = ("tests/bars/", "tests/cli/", "tests/chaos/")
"""Tests that start processes, whose lines are not recorded."""


class Record:
    """The tests of each line."""

    def __init__(self, durations: dict[str, float], digests: dict[str, str], data: coverage.CoverageData) -> None:
        self.durations = durations
        self._digests = digests
        self._data = data
        self._contexts: dict[str, dict[int, list[str]]] = {}

    @classmethod
    def open(cls, *, again: bool = False) -> Record:
        """The record that is there, or a new one; `again`: a new one in any case."""
        HOME.mkdir(exist_ok=True)
        durations, digests, lines = HOME / "durations.json", HOME / "digests.json", HOME / "coverage"
        if again or not durations.exists():
            digests.write_text(json.dumps(_digests()), encoding="utf-8")
            _run(durations, lines)
        data = coverage.CoverageData(str(lines))
        data.read()
        return cls(*(json.loads(file.read_text(encoding="utf-8")) for file in (durations, digests)), data)

    def changed(self) -> list[str]:
        """The files whose text is not the recorded one: their mutations meet all tests of the file."""
        now = _digests()
        return [file for file in now if now[file] != self._digests.get(file)]

    def tests(self, mutation: Mutation, *, budget_s: float) -> list[str]:
        """Those that run the mutated statement, nearest and fastest first, as many as the budget holds.

        A line that runs at import belongs to all tests of its file, and so does one of a file that has changed since.
        Tests with processes of their own come last.
        """
        contexts = self._of_file(mutation.file)
        found: set[str] = set()
        if mutation.digest == self._digests.get(mutation.file):
            first, last = _statement(ROOT / mutation.file, mutation.lines)
            found = {test for line in range(first, last + 1) for test in contexts.get(line, ()) if test}
        found = found or {test for tests in contexts.values() for test in tests if test}
        room = f"/{mutation.file.split('/')[1].removesuffix('.py')}/"
        inside = sorted(found & self.durations.keys(), key=lambda test: (room not in test, self.durations[test]))
        outside = sorted((test for test in self.durations if test.startswith(OUTSIDE)), key=self.durations.__getitem__)
        return list(self._within(budget_s, [*inside, *(test for test in outside if test not in found)]))

    def _within(self, budget_s: float, tests: list[str]) -> Iterator[str]:
        for test in tests:
            budget_s -= self.durations[test]
            if budget_s < 0:
                return
            yield test

    def _of_file(self, file: str) -> dict[int, list[str]]:
        if file not in self._contexts:
            found = self._data.contexts_by_lineno(str(ROOT / file))
            self._contexts[file] = {
                line: [context.rpartition("|")[0] for context in contexts] for line, contexts in found.items()
            }
        return self._contexts[file]


def _digests() -> dict[str, str]:
    return {str(path.relative_to(ROOT)): digest(path.read_text(encoding="utf-8")) for path in files()}


def _run(durations: Path, lines: Path) -> None:
    """Raises: SystemExit when pytest could not run the tests; some that fail are only left out."""
    print("recording which tests run which lines: takes as long as make test, and half as long again", flush=True)
    options = ["--cov=bulkops", "--cov-context=test", "--cov-report=", "-p", "tests.mutation.plugin"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", *FAST, *options],
        cwd=ROOT,
        env={**os.environ, DURATIONS: str(durations), "COVERAGE_FILE": str(lines), "COVERAGE_CORE": "ctrace"},
        check=False,
        stdout=subprocess.DEVNULL,
    )
    if done.returncode not in {0, 1}:
        sys.exit(f"the fast tests cannot be run: pytest ended with {done.returncode}")


def _statement(path: Path, lines: tuple[int, int]) -> tuple[int, int]:
    """First and last line of the innermost statement that holds these lines; of a block its head."""
    best = lines
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.stmt) or node.end_lineno is None:
            continue
        body: list[Any] = getattr(node, "body", [])
        last = body[0].lineno - 1 if body else node.end_lineno
        if node.lineno <= lines[0] <= max(last, node.lineno):
            best = (node.lineno, max(last, lines[1]))
    return best
