"""Two processes on one credential: one is refused, or waits, or both share the quotas without being refused."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.fleet import Ended, SandboxProcess, fleet
from tests.patience import wait_until
from tests.processes import Process


def _half(vendor: SandboxProcess, name: str, start: int, count: int) -> tuple[str, ...]:
    path = vendor.home / f"{name}.txt"
    path.write_text("".join(f"{4100231 + start + n}\n" for n in range(count)))
    journal = ("--journal", str(vendor.home / name))
    return (*vendor.rollout_command("--accounts", str(path)), *journal)


def _first(vendor: SandboxProcess, count: int) -> subprocess.Popen[str]:
    """A run that is at work; a child of this process, so that it can be waited for when it is stopped."""
    command = [sys.executable, "-m", "bulkops", *_half(vendor, "first", 0, count), "--if-running", "share"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    first = subprocess.Popen(command, env=vendor.environment(), cwd=vendor.home, **pipes)
    while len(vendor.ledger()) < 5:
        time.sleep(0.02)
        assert first.poll() is None, first.communicate()
    return first


def _ended(process: Process | subprocess.Popen[str]) -> Ended:
    out, err = process.communicate(timeout=300)
    return Ended(process.wait(), out, err)


def _stop_between_commits(process: subprocess.Popen[str], vendor: SandboxProcess) -> None:
    """Stop a run at a moment at which it does not hold the ledger: a process that waits for it cannot be refused."""
    (path,) = vendor.home.rglob("ledger.sqlite3")
    while True:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as ledger:
            try:
                ledger.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
            else:
                return


def test_the_second_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=40, time_scale=60) as vendor:
        first = _first(vendor, 20)
        _stop_between_commits(first, vendor)  # at work for as long as the second needs, on however slow a machine
        second = vendor.cli(*_half(vendor, "second", 20, 20), "--if-running", "fail")
        first.send_signal(signal.SIGCONT)
        _, err = first.communicate(timeout=300)
        assert first.returncode == 0, err
        assert (second.code, second.out) == (2, "")
        assert re.search(r"run \d{8}-\d{6}-\w+ is already using this credential in process \d+", second.err)
        assert "--if-running share" in second.err


def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=20, time_scale=60) as vendor:
        at_work = _first(vendor, 10)
        _stop_between_commits(at_work, vendor)
        waiting = vendor.start(*_half(vendor, "second", 10, 10), "--if-running", "wait")
        journal = vendor.home / "second"
        wait_until(lambda: [*journal.glob("run-*.lock")])
        watching = vendor.start("watch", "--journal", str(journal))
        assert "it waits until the credential is free" in watching.stderr.readline()
        at_work.send_signal(signal.SIGCONT)
        first, second = _ended(at_work), _ended(waiting)
        assert (first.code, second.code) == (0, 0), first.err + second.err
        assert second.outcomes == {"changed": 10}
        assert second.report["accounts"][0]["started_at"] >= first.report["ended_at"]


@pytest.mark.slow
@pytest.mark.measures
def test_both_share_and_nobody_is_refused(tmp_path: Path) -> None:
    count = 300
    with fleet(tmp_path, customers=2 * count, time_scale=60) as vendor:
        at_work = _first(vendor, count)
        beside = vendor.start(*_half(vendor, "second", count, count), "--if-running", "share")
        first, second = _ended(at_work), _ended(beside)
        assert (first.code, second.code) == (0, 0), first.err + second.err
        assert first.outcomes == second.outcomes == {"changed": count}
        assert vendor.refused() == 0
        folders = [e for e in vendor.ledger() if e["kind"] == "folder.created" and e["key"] == "CRM"]
        in_time = [e for e in folders if e["t"] <= _last(folders, 0, count)]
        late = [e for e in in_time if e["account"] >= 4100231 + count]
        # while both were at work after the second had opened, it had its part
        opened = min(e["t"] for e in late)
        together = [e for e in in_time if e["t"] >= opened]
        share = sum(e["account"] >= 4100231 + count for e in together) / len(together)
        print(f"the second made {share:.0%} of the folders while both were at work")
        assert 0.3 <= share <= 0.7


def _last(folders: list[dict[str, float]], start: int, count: int) -> float:
    return max(e["t"] for e in folders if 4100231 + start <= e["account"] < 4100231 + start + count)
