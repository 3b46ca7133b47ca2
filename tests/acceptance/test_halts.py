"""A halt that halts, as a user meets it: the job of `bulkops init`, real processes, signals, a closed pipe."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.fleet import SandboxProcess, fleet, wait_until

DENIED = "managed_users.connections.update"


def touched(vendor: SandboxProcess) -> int:
    return len({effect["account"] for effect in vendor.ledger()})


def imports(vendor: SandboxProcess) -> int:
    return vendor.kinds()["import.completed"]


def job(vendor: SandboxProcess) -> tuple[str, ...]:
    """What `bulkops init` writes, over all accounts in one wave."""
    assert vendor.cli("init").code == 0
    return ("run", "rollout.toml", "--accounts", "all", "--waves", "rest", *vendor.policy, "--json")


@pytest.mark.parametrize(("customers", "time_scale"), [(100, 60), pytest.param(300, 20, marks=pytest.mark.slow)])
@pytest.mark.parametrize("strict", [False, True], ids=["admitted", "strict"])
def test_a_job_that_fails_everywhere(tmp_path: Path, customers: int, time_scale: int, strict: bool) -> None:
    with fleet(tmp_path, customers=customers, time_scale=time_scale) as vendor:
        vendor.ask("rights", {"deny": [DENIED]})
        flags = ("--max-failures", "3", *(["--strict-failures"] if strict else []))
        done = vendor.cli(*job(vendor), *flags)
        assert done.code == 3, done.err
        worst = re.search(r"in the worst case (\d+) more fail", done.err)
        promised = int(worst[1]) if worst is not None else 0
        assert (promised == 0) == strict
        assert 3 < done.outcomes["failed"] <= 4 + promised
        assert touched(vendor) == done.outcomes["failed"]
        assert done.outcomes["failed"] <= 60 or customers < 300, "how many a small fleet begins is the machine's"
        assert done.outcomes.get("not_attempted", 0) == customers - done.outcomes["failed"]


@pytest.mark.parametrize(
    ("customers", "time_scale", "number"),
    [
        (100, 60, signal.SIGTERM),  # SIGINT: test_interrupts.py
        pytest.param(300, 20, signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(300, 20, signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_a_signal_lets_go_of_what_has_not_begun(
    tmp_path: Path, customers: int, time_scale: int, number: signal.Signals
) -> None:
    with fleet(tmp_path, customers=customers, time_scale=time_scale) as vendor:
        process = vendor.start(*job(vendor))
        wait_until(process, lambda: imports(vendor), 20)
        began = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert time.monotonic() - began < 12 or customers < 300, "the time of the small fleet is the machine's"
        assert process.returncode == 130, err
        counts = vendor.cli("show", "--journal", str(vendor.journal), "--format", "json").report["outcomes"]
        assert counts["not_attempted"] > (200 if customers == 300 else 0)
        assert counts["changed"] + counts["not_attempted"] == customers, "those that have begun finish"
        assert touched(vendor) == counts["changed"]

        done = vendor.cli("resume", *vendor.policy, "--json")
        assert (done.code, done.outcomes) == (0, {"changed": customers}), done.err
        assert vendor.twice() == []


def test_a_reader_that_has_seen_enough_lets_go_of_what_has_not_begun(tmp_path: Path) -> None:
    """`bulkops each CALL | head -n 3`: the others are not attempted, whatever they have read."""
    customers = 60
    with fleet(tmp_path, customers=customers, time_scale=60) as vendor:
        process = vendor.start("each", "managed_users.recipes.list", "--accounts", "all", *vendor.policy)
        head = subprocess.Popen(["head", "-n", "3"], stdin=process.stdout, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        seen, _ = head.communicate(timeout=60)
        err = process.stderr.read()
        process.stderr.close()
        assert process.wait(timeout=60) == 130, err
        assert len(seen.splitlines()) == 3
        counts = vendor.cli("show", "--journal", str(vendor.journal), "--format", "json").report["outcomes"]
        assert counts["unchanged"] + counts["not_attempted"] == customers, counts
        assert counts["not_attempted"] > 0


def test_accounts_in_progress_stop_between_operations(tmp_path: Path) -> None:
    customers = 60
    with fleet(tmp_path, customers=customers, time_scale=60) as vendor:
        process = vendor.start(*job(vendor), "--on-halt", "stop")
        wait_until(process, lambda: imports(vendor), 10)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        report = vendor.cli("show", "--journal", str(vendor.journal), "--format", "json").report
        counts = report["outcomes"]
        assert counts["cancelled"] > 0, counts
        assert counts["changed"] + counts["cancelled"] + counts["not_attempted"] == customers
        reasons = {row["reason"] for row in report["accounts"] if row["outcome"] == "cancelled"}
        assert reasons == {"stopped between operations: interrupted by SIGINT"}

        done = vendor.cli("resume", *vendor.policy, "--json")
        assert (done.code, done.outcomes) == (0, {"changed": customers}), done.err
        assert vendor.twice() == []
