"""`make mutations`: proof that the kit can fail. Each mistake is made in a copy of the project, and the slice of the
tests that must notice it is run there. Arguments: words; only mutations whose name holds one of them are tried.

Exit code 1 when a mistake goes unnoticed, 2 when one cannot be made any more: its code is gone, and so is the proof.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs

from tests.chaos.mistakes import MISTAKES, Mistake
from tests.chaos.tally import FILE, Trials

ROOT = Path(__file__).parents[2]
COPIED = (
    *("bulkops", "tests", "benchmarks", "docs", "examples", "pyproject.toml"),
    *("Makefile", "constraints.txt", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
)
WORKERS = 3
LONGEST_S = 420
"""Seconds. The longest slice took over 180 on a busy machine, and none is tried twice."""


@attrs.frozen
class Ended:
    """How the slice ended in one copy. `code`: pytest's, or None when it hung; `said`: its last lines."""

    code: int | None
    said: str
    took_s: float


def copied(home: Path) -> Path:
    """All of the project that tests need, without anything that was made from it."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "screenshots")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, home / name, ignore=ignored)
        else:
            shutil.copy(source, home / name)
    return home


def made_in(copy: Path, mistake: Mistake) -> None:
    """Raises: LookupError when the code to change is not there exactly once."""
    for edit in mistake.edits:
        try:
            file, text = edit.made_in(copy / "bulkops")
        except LookupError as error:
            raise LookupError(f"{mistake.name}: {error}") from error
        file.write_text(text, encoding="utf-8")


def tried(copy: Path, tests: Sequence[str]) -> Ended:
    """The slice, against the copy: in it `bulkops` is the copy's, in every process that the tests start."""
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", "-m", "", *tests]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop(FILE, None)  # what fails here fails on purpose: it is no row of the table
    began = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return Ended(None, "hung", time.monotonic() - began)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR", "E  "))]
    return Ended(done.returncode, "\n".join(lines[-3:] or done.stdout.splitlines()[-3:]), time.monotonic() - began)


def without_a_mistake(slices: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Slices that fail in an untouched copy say nothing about mistakes."""
    with tempfile.TemporaryDirectory() as home:
        copy = copied(Path(home))
        command = [sys.executable, "-c", "import bulkops; print(bulkops.__file__)"]
        found = subprocess.run(
            command, cwd="/", env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, text=True, check=True
        )
        assert Path(found.stdout.strip()).is_relative_to(copy), found.stdout
        with ThreadPoolExecutor(WORKERS) as pool:
            for tests, ended in zip(slices, pool.map(lambda tests: tried(copy, tests), slices), strict=True):
                if ended.code != 0:
                    yield f"{' '.join(tests)} fails without any mistake:\n{ended.said}"


def one(mistake: Mistake) -> Ended:
    with tempfile.TemporaryDirectory() as home:
        copy = copied(Path(home))
        made_in(copy, mistake)
        return tried(copy, mistake.tests)


def main(words: list[str]) -> int:
    chosen = [one for one in MISTAKES if not words or any(word in one.name for word in words)]
    try:
        for mistake in chosen:  # all of them first: such a list rots quietly
            for edit in mistake.edits:
                edit.made_in(ROOT / "bulkops")
    except LookupError as gone:
        print(f"{gone}: put the mutation in step with the code")
        return 2
    bad = list(without_a_mistake(sorted({mistake.tests for mistake in chosen})))
    if bad:
        print("\n".join(bad))
        return 1
    trials = Trials("mistakes made on purpose (survived: noticed)")
    with ThreadPoolExecutor(WORKERS) as pool:
        for mistake, ended in zip(chosen, pool.map(one, chosen), strict=True):
            is_noticed = ended.code in {1, None}  # 1: tests failed; anything else means that they could not be run
            trials.add(1, survived=int(is_noticed))
            print(f"{'noticed' if is_noticed else 'NOT NOTICED':12} {ended.took_s:5.1f} s  {mistake.name}", flush=True)
            if not is_noticed:
                print(ended.said)
    trials.ended(passed=trials.survived == trials.trials)
    print(f"{trials.survived} of {trials.trials} mistakes noticed")
    return int(trials.survived < trials.trials)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
