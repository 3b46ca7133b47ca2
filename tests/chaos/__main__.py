"""`make chaos`: all of the kit, then the table. Arguments are handed to pytest (`-k torn`): then nothing else is run.

Exit code 1 when something was not survived, an effect happened twice or a result was lost.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.tally import FILE, table

WORKERS = 4
"""Most of a trial is waiting."""

ELSEWHERE = (
    "tests/acceptance/test_killed.py",
    "tests/acceptance/test_each_killed.py",
    "tests/acceptance/test_interrupts.py",
    "tests/acceptance/test_tokens.py",
    "tests/acceptance/test_secrets.py",
    "tests/session/test_session_secrets.py",
)
"""Part of the kit, and kept with what they are about."""


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        tally = Path(home, "tally.jsonl")
        tally.touch()
        os.environ[FILE] = str(tally)
        if arguments:
            codes = [_pytest("tests/chaos", *arguments)]
        else:
            codes = [
                _pytest("tests/chaos"),
                _pytest(*ELSEWHERE, "-p", "tests.chaos.conftest"),
                _pytest("tests/acceptance", "-m", "chaos", "-p", "tests.chaos.conftest"),
                subprocess.run([sys.executable, "-m", "tests.chaos.mutants"], check=False).returncode,
            ]
        shown, is_well = table(tally.read_text(encoding="utf-8").splitlines())
    print(f"\n{shown}\n\n{time.monotonic() - began:.0f} s; with the seed of its row a trial can be seen again")
    return int(any(codes) or not is_well)


def _pytest(*arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", "-n", str(WORKERS), "--dist", "worksteal", "--durations=10", *arguments]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
