"""kill -9 at ten points of one run, resumed after each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fleet import fleet, kill, wait_until


@pytest.mark.parametrize(
    ("customers", "kills"), [(20, 3), pytest.param(300, 10, marks=[pytest.mark.slow, pytest.mark.timeout(400)])]
)
def test_killed_and_resumed(tmp_path: Path, customers: int, kills: int) -> None:
    effects = customers * 9  # two folders, an import, two connections, three recipes, with some to spare
    with fleet(tmp_path, customers=customers, time_scale=60) as vendor:
        process = vendor.start(*vendor.rollout_command())
        for nth in range(1, kills + 1):
            goal = effects * nth // (kills + 2)
            wait_until(process, lambda: len(vendor.ledger()), goal)
            kill(process)
            process = vendor.start("resume", *vendor.policy, "--json")
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        report = vendor.cli("show", "--journal", str(vendor.journal), "--format", "json")
        assert report.outcomes == {"changed": customers}
        assert vendor.twice() == []
        kinds = vendor.kinds()
        assert kinds["folder.created"] == 2 * customers
        assert kinds["import.completed"] == customers
        assert vendor.refused() == 0
