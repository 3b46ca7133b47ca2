"""The duration of a run: the time worked, whatever happened to its processes; the time between them is told apart."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.fleet import fleet, kill, wait_until


def test_a_run_that_was_killed_at_once_has_a_duration(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=60, time_scale=100) as vendor:
        process = vendor.start(*vendor.rollout_command())
        wait_until(process, lambda: vendor.kinds()["import.completed"], 1)
        kill(process)
        report = vendor.cli("report", "--journal", str(vendor.journal))
    assert re.search(r"of 60 accounts in [\d.]+ s \(run", report.out), report.out
    assert " in 0.0 s " not in report.out


@pytest.mark.slow
def test_a_resumed_run_took_the_time_worked(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=12, time_scale=200) as vendor:
        began = time.monotonic()
        process = vendor.start(*vendor.rollout_command())
        wait_until(process, lambda: vendor.kinds()["import.completed"], 1)
        kill(process)
        time.sleep(4)
        done = vendor.cli("resume", *vendor.policy, "--json")
        assert done.code == 0, done.err
        told = vendor.cli("report", "--journal", str(vendor.journal))
    took_s = time.monotonic() - began
    worked_s, between_s = done.report["duration_s"], done.report["between_s"]
    assert between_s >= 3.0
    assert 0 < worked_s <= took_s - between_s + 2.0, "heartbeats are a second apart"
    assert re.search(r"^between its processes: \d[^,]* more, in which none worked on it$", told.out, re.MULTILINE)
