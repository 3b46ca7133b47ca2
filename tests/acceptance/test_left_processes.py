"""What a test has started ends with it, however the test ends: a socket left open would fail a later test."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.fleet import fleet
from tests.processes import Process


def test_a_test_that_fails_leaves_no_process(tmp_path: Path) -> None:
    started: list[Process] = []

    def fail() -> None:
        with fleet(tmp_path, customers=1) as vendor:
            started.append(vendor.start("sandbox", "--json", "--client-file", str(tmp_path / "other.toml")))
            assert started[0].stdout.readline()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    (left,) = started
    assert left.returncode == -signal.SIGKILL
    assert left.stdout.closed
    assert left.stderr.closed
    assert left._status.fileno() == -1
