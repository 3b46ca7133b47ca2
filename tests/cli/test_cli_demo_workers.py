"""`bulkops demo --workers`: the others take over what the killed worker had."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.fleet import clean_environment


@pytest.mark.slow
def test_the_others_take_over_what_the_killed_worker_had(tmp_path: Path) -> None:
    command = ["demo", "--workers", "3", "--customers", "90", "--time-scale", "30", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "bulkops", *command],
        env=clean_environment() | {"XDG_STATE_HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcomes"]["changed"] == 90
    lines = done.stderr.splitlines()
    (killed,) = (line.split()[4].rstrip(",") for line in lines if line.startswith("kill -9 of worker"))
    rows = [line.split() for line in lines[lines.index(next(line for line in lines if line.startswith("ACCOUNT"))) :]]
    takeovers = [row for row in rows if row[1:2] == ["worker"]]
    assert takeovers
    assert {row[2] for row in takeovers} == {killed}
    assert killed not in {row[4] for row in takeovers}
    assert ", 0 of them refused, and 90 imports, 0 effects twice" in lines[-1]


def test_it_keeps_nothing(cli: Cli) -> None:
    for flags in (("--rounds", "2"), ("--keep",), ("--journal", "mine")):
        refused = cli("demo", "--workers", "3", *flags)
        assert (refused.code, "leave out --rounds, --journal and --keep" in refused.err) == (2, True)
