"""pytest in forks: the exit code of each run, and none for a run that does not end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.mutation import server

TESTS = """
import os

def test_good(): assert os.environ["WHO"] == "job"
def test_bad(): assert False
"""


def test_each_run_answers_by_itself_and_within_its_limit(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    jobs = [
        {
            "arguments": ["-pno:cacheprovider", "-Wignore::pytest.PytestAssertRewriteWarning", f"test_it.py::{name}"],
            "variables": {"WHO": "job"},
            "limit_s": limit_s,
            "output": str(tmp_path / f"{place}.txt"),
        }
        for place, (name, limit_s) in enumerate([("test_bad", 60.0), ("test_good", 60.0), ("test_good", 0.0)])
    ]
    done = subprocess.run(
        [sys.executable, server.__file__],
        input="".join(json.dumps(job) + "\n" for job in jobs),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == [1, 0, None]
    assert "FAILED test_it.py::test_bad" in (tmp_path / "0.txt").read_text()
