"""A copy of the project in which mutations are tried, one at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import attrs

from tests.chaos.mutants import copied
from tests.mutation.draw import ROOT, Mutation
from tests.mutation.judge import Judge, Ran
from tests.mutation.plugin import CHOSEN, COLLECTED

STARTS_S: Final = 120.0
"""For starting pytest, on a busy machine."""

TEST_S: Final = 30.0
"""For one test, beside `BUSY` times what it took when it was recorded: a mutant may wait forever."""

BUSY: Final = 20.0
"""How much longer than recorded a test may take before it is late. Three workers and a suite made it 4."""

BUSY_ALL: Final = 5.0
"""The same for all tests of a run together: what disturbs one does not disturb each."""

LONG_S: Final = 1.0
"""A test that took longer may wait for real time."""

NEAREST: Final = 60
"""The first tests by themselves: most mutations are noticed there, and few files are collected."""


@attrs.frozen
class Result:
    """How one mutation ended: see `Judge.verdict`, or explained."""

    key: str
    outcome: str
    by: str
    """The test that noticed it, or the reason why none can."""
    tests: int = 0
    took_s: float = 0.0


class Copy:
    """The project below `home`; `durations`: seconds by test, of those that were recorded."""

    def __init__(self, home: Path, durations: Mapping[str, float]) -> None:
        self.root = home / "project"
        self.root.mkdir()
        copied(self.root)
        if (shared := ROOT.parent / "shared").exists():
            (home / "shared").symlink_to(shared.resolve())
        self._home = home
        self._durations = durations
        self._mutation: Mutation | None = None
        self._judge = Judge(self._run, lambda test: durations.get(test, 0.0) > LONG_S)
        self._server = subprocess.Popen(
            [sys.executable, str(self.root / "tests/mutation/server.py")],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(self.root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def collect(self) -> list[str]:
        """The tests that are here. Raises: LookupError when they cannot be collected."""
        listed = self._home / "collected"
        ran = self._pytest(
            ["--collect-only", "-m", "not slow and not chaos", "tests"], STARTS_S, {COLLECTED: str(listed)}
        )
        if ran.code != 0:
            raise LookupError(f"the copy of the project cannot collect its tests:\n{ran.said[-1000:]}")
        return listed.read_text(encoding="utf-8").splitlines()

    def attempt(self, mutation: Mutation, tests: list[str]) -> Result:
        """Runs the tests in this order, the first ones by themselves, until one notices the mutation."""
        self._mutation = mutation
        began, outcome, by = time.monotonic(), "survived", ""
        for part in (tests[:NEAREST], tests[NEAREST:]):
            if outcome == "survived":
                outcome, by = self._judge.verdict(part)
        return Result(mutation.key, outcome, by, len(tests), round(time.monotonic() - began, 1))

    def _run(self, tests: list[str], is_mutated: bool) -> Ran:
        assert self._mutation is not None
        file = self.root / self._mutation.file
        limits = {test: TEST_S + BUSY * self._durations.get(test, 1.0) for test in tests}
        chosen = self._home / "chosen"
        chosen.write_text(json.dumps(limits), encoding="utf-8")
        paths = sorted({test.partition("::")[0] for test in tests})
        # For a hang between tests or at the end: a test's own limit is in `limits`.
        limit_s = STARTS_S + max(limits.values()) + BUSY_ALL * sum(self._durations.get(test, 1.0) for test in tests)
        _write(file, self._mutation.changed if is_mutated else self._mutation.source)
        try:
            return self._pytest(paths, limit_s, {CHOSEN: str(chosen)})
        finally:
            _write(file, self._mutation.source)

    def _pytest(self, arguments: Iterable[str], limit_s: float, variables: Mapping[str, str]) -> Ran:
        output = self._home / "output"
        job = {
            "arguments": [
                "-x",
                "-Wignore::pytest.PytestAssertRewriteWarning",
                "-pno:cacheprovider",
                "-ptests.mutation.plugin",
                *arguments,
            ],
            "variables": dict(variables),
            "limit_s": limit_s,
            "output": str(output),
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        said = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
        return Ran(json.loads(answer or "null"), said)

    def stop(self) -> None:
        """No further runs; one that is on ends."""
        if self._server.poll() is None:
            self._server.terminate()


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
        compiled.unlink()  # it may look current: Python compares whole seconds and the size
