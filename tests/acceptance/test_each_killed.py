"""`each` killed in the middle and resumed: no write twice, every read answered, nobody left without an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fleet import SandboxProcess, fleet, kill, wait_until

CUSTOMERS = 40


def _killed(vendor: SandboxProcess, *arguments: str, after: int) -> None:
    """Start, and kill -9 once the sandbox has counted so many requests; the rest would take seconds."""
    process = vendor.start(*arguments, "--max-rate", "5")
    wait_until(process, lambda: vendor.requests()["total"], after, every_s=0.005)
    kill(process)


def test_a_write_is_never_sent_twice(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=CUSTOMERS, time_scale=100) as vendor:
        command = ("each", "managed_users.folders.create", "-p", "name=CRM", "--accounts", "all", *vendor.policy)
        _killed(vendor, *command, "--concurrency", "10", after=8)
        made = vendor.kinds()["folder.created"]
        assert 0 < made < CUSTOMERS
        done = vendor.cli("resume", *vendor.policy, "--json")
        assert done.code in {0, 1}, done.err
        assert set(done.outcomes) <= {"changed", "unknown"}
        assert sum(done.outcomes.values()) == CUSTOMERS
        assert vendor.twice() == []
        # an account whose answer nobody saw says so; every other one has its folder
        assert done.outcomes["changed"] <= vendor.kinds()["folder.created"] <= CUSTOMERS
        assert done.outcomes.get("unknown", 0) <= 10


@pytest.mark.slow
def test_every_read_is_answered(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=CUSTOMERS, time_scale=100) as vendor:
        answers = tmp_path / "answers.jsonl"
        command = ("each", "managed_users.folders.list", "--accounts", "all", "-o", str(answers), *vendor.policy)
        _killed(vendor, *command, "--concurrency", "10", after=8)
        done = vendor.cli("resume", *vendor.policy, "--json")
        assert (done.code, done.outcomes) == (0, {"unchanged": CUSTOMERS}), done.err
        rows = [json.loads(line) for line in answers.read_text().splitlines()]
        assert {row["account"] for row in rows} == {str(4100231 + n) for n in range(CUSTOMERS)}
        assert len(rows) < CUSTOMERS + 15  # only accounts that were in flight were asked again
