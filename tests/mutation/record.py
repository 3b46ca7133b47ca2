"""Which tests run which lines, and how long each test takes: recorded by one run of the fast tests."""

from __future__ import annotations

import ast
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import coverage

from tests.mutation.draw import ROOT, Mutation, files
from tests.mutation.plugin import COVERED, DURATIONS

HOME: Final = ROOT / ".mutation"
FAST: Final = ("-m", "not slow and not chaos")
CHILDREN: Final = """[run]
source_pkgs = bulkops
branch = true
data_file = {file}
parallel = true
context = ${{PYTEST_CURRENT_TEST-}}
"""
"""For coverage in the processes that tests start: their lines belong to the test that started them."""

AT_IMPORT: Final = ""
"""The test of lines that run before any test."""

_PHASE: Final = re.compile(r"\|(setup|run|teardown)$| \((setup|call|teardown)\)$")


class Record:
    """The tests of each line."""

    def __init__(self, durations: dict[str, float], sources: dict[str, str], data: coverage.CoverageData) -> None:
        self.durations = durations
        self._sources = sources
        self._data = data
        self._tests: dict[str, dict[int, set[str]]] = {}

    @classmethod
    def open(cls, *, again: bool = False) -> Record:
        """The record that is there, or a new one; `again`: a new one in any case."""
        HOME.mkdir(exist_ok=True)
        durations, sources, lines = HOME / "durations.json", HOME / "sources.json", HOME / "coverage"
        if again or not durations.exists():
            sources.write_text(json.dumps(_sources()), encoding="utf-8")
            _run(durations, lines)
        data = coverage.CoverageData(str(lines))
        data.read()
        known = [json.loads(file.read_text(encoding="utf-8")) for file in (durations, sources)]
        return cls(known[0], known[1], data)

    def unknown(self) -> list[str]:
        """The files that are not in the record: their mutations meet the tests of their room."""
        return [file for file in _sources() if file not in self._sources]

    def tests(self, mutation: Mutation, present: Iterable[str], *, budget_s: float) -> list[str]:
        """Those that run the mutated statement, nearest and fastest first, as many as the budget holds.

        A line that runs at import belongs to all tests of its file, and so does one that no test runs or that is new
        since the record was made. A file that is not in the record has the tests whose path names its room. A test that
        is `present` and not in the record is tried when its path names a room of the file.
        """
        lines = self._of_file(mutation.file, mutation.source)
        first, last = _statement(mutation.source, mutation.lines)
        found: set[str] = set().union(*(lines.get(line, ()) for line in range(first, last + 1)))
        if not found or AT_IMPORT in found:
            found = found.union(*lines.values())
        near = _nearness(mutation.file)
        if not lines:
            found = {test for test in self.durations if near(test)}
        here = set(present)
        new = sorted(test for test in here - self.durations.keys() if near(test))
        known = found & self.durations.keys() & here
        nearest = sorted(known, key=lambda test: (not near(test), self.durations[test]))
        return [*new, *self._within(budget_s, nearest)]

    def _within(self, budget_s: float, tests: list[str]) -> Iterator[str]:
        for test in tests:
            budget_s -= self.durations[test]
            if budget_s < 0:
                return
            yield test

    def _of_file(self, file: str, source: str) -> dict[int, set[str]]:
        """The tests by line of the text as it is now."""
        if file not in self._tests and file in self._sources:
            then: dict[int, set[str]] = defaultdict(set)
            for measured in self._data.measured_files():
                if measured.endswith(f"/{file}"):
                    for line, contexts in self._data.contexts_by_lineno(measured).items():
                        then[line] |= {_PHASE.sub("", context) for context in contexts}
            before, now = self._sources[file].splitlines(), source.splitlines()
            blocks = difflib.SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks()
            kept = {block.b + place + 1: block.a + place + 1 for block in blocks for place in range(block.size)}
            self._tests[file] = {line: then[old] for line, old in kept.items() if old in then}
        return self._tests.get(file, {})


def _sources() -> dict[str, str]:
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in files()}


def _run(durations: Path, lines: Path) -> None:
    """Some tests fail there: coverage in every process disturbs them. Raises: SystemExit when pytest could not run."""
    print("recording which tests run which lines: takes twice as long as make test", flush=True)
    children = HOME / "children"
    shutil.rmtree(children, ignore_errors=True)
    children.mkdir()
    settings = children / "settings"
    settings.write_text(CHILDREN.format(file=children / "coverage"), encoding="utf-8")
    environment = {**os.environ, DURATIONS: str(durations), COVERED: str(settings), "COVERAGE_CORE": "ctrace"}
    options = ["--cov=bulkops", "--cov-context=test", "--cov-report=", "-ptests.mutation.plugin"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", *FAST, *options],
        cwd=ROOT,
        env={**environment, "COVERAGE_FILE": str(lines)},
        check=False,
        stdout=(HOME / "record.log").open("w"),
    )
    if done.returncode not in {0, 1}:
        sys.exit(f"the fast tests cannot be run: pytest ended with {done.returncode}, see {HOME / 'record.log'}")
    combine = [
        sys.executable,
        "-m",
        "coverage",
        "combine",
        "--append",
        "--quiet",
        f"--data-file={lines}",
        str(children),
    ]
    subprocess.run(combine, cwd=ROOT, check=True)


def _nearness(file: str) -> Callable[[str], bool]:
    """Whether a test's path names the room of a file, or one that it is in."""
    names = [part.removesuffix(".py") for part in file.split("/")[1:]]
    words = {word for name in names[:1] + names[1:-1] for word in (f"/{name}/", f"/test_{name}_", f"/test_{name}.")}
    return lambda test: any(word in test for word in words)


def _statement(source: str, lines: tuple[int, int]) -> tuple[int, int]:
    """First and last line of the innermost statement that holds these lines; of a block its head."""
    best = lines
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt) or node.end_lineno is None:
            continue
        body: list[Any] = getattr(node, "body", [])
        last = body[0].lineno - 1 if body else node.end_lineno
        if node.lineno <= lines[0] <= max(last, node.lineno):
            best = (node.lineno, max(last, lines[1]))
    return best
