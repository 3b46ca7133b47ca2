"""Time passes while the client sleeps; the server goes away and comes back on the same port."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from bulkops.outcome import Outcome
from bulkops.sandbox import Sandbox, SandboxSettings
from tests.chaos.tally import Trials
from tests.chaos.test_outages import ACCOUNTS, TUNING, roll_out
from tests.fleet import fleet, wait_until
from tests.processes import Process

SEED = 20261125
SCALE = 200
TEN_MINUTES_S = 600 / SCALE
CUSTOMERS = 40


@pytest.mark.slow
@pytest.mark.fault("ten minutes of sleep in mid-request")
def test_ten_minutes_of_sleep_in_mid_request(tmp_path: Path, trials: Trials) -> None:
    """As a notebook that is closed: what was in flight is answered, given up and forgotten meanwhile."""
    trials.seed = SEED
    draw = random.Random(SEED)
    with fleet(tmp_path, customers=CUSTOMERS, time_scale=SCALE, faults="slow=0.05") as vendor:
        process = vendor.start(*vendor.rollout_command("--concurrency", "10"))
        sleeps = 0
        for _ in range(3):
            goal = vendor.requests()["total"] + draw.randint(30, 100)
            wait_until(process, lambda: vendor.requests()["total"], goal, every_s=0.002)
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(TEN_MINUTES_S)
            os.kill(process.pid, signal.SIGCONT)
            sleeps += 1
        _, err = process.communicate(timeout=300)
        done = vendor.cli("resume", *vendor.policy, "--json") if process.returncode else None
        shown = vendor.cli("show", "--journal", str(vendor.journal), "--format", "json")
        trials.add(sleeps, twice=len(vendor.twice()), lost=CUSTOMERS - sum(shown.outcomes.values()))
        assert shown.outcomes == {"changed": CUSTOMERS}, (err, done)
        assert vendor.twice() == []
        assert vendor.refused() == 0


@pytest.mark.slow
@pytest.mark.fault("the sandbox restarted in mid-run")
@pytest.mark.usefixtures("credentials")
async def test_the_server_is_restarted_in_mid_run(tmp_path: Path, trials: Trials) -> None:
    async with Sandbox(SandboxSettings(customers=60, time_scale=400, quotas="off")) as sandbox:

        async def restarts() -> int:
            for number in range(1, 6):
                while sandbox.requests()["total"] < 100 * number:  # noqa: ASYNC110 - it counts, and tells nobody
                    await asyncio.sleep(0.005)
                await sandbox.restart(away_s=0.2)
            return 5

        restarting = asyncio.create_task(restarts())
        report = await roll_out(tmp_path, sandbox, sandbox, ACCOUNTS, TUNING, concurrency=20)
        count = await restarting
        keys = [(effect["account"], effect["kind"], effect["key"]) for effect in sandbox.effects()]
    trials.add(count, twice=len(keys) - len(set(keys)), lost=60 - sum(report.outcomes.values()))
    assert report.outcomes[Outcome.CHANGED] == len(ACCOUNTS), str(report)
    assert len(keys) == len(set(keys))


@pytest.mark.slow
@pytest.mark.fault("the sandbox restarted in mid-run")
def test_a_server_that_forgot_everything(tmp_path: Path, trials: Trials) -> None:
    """Another sandbox on the same port, with the customers and nothing that was done to them: no hang, one clear
    answer an account, and a new run brings everybody to the end."""
    with fleet(tmp_path, customers=20, time_scale=100, token="the-same", port=0) as vendor:
        command = vendor.rollout_command("--concurrency", "5", "--breaker", "off")
        process = Process(command, env=vendor.environment(), cwd=vendor.home)  # it outlives this sandbox
        wait_until(process, lambda: len(vendor.ledger()), 30)
        port = vendor.url.rpartition(":")[2]
    with closing(process), fleet(tmp_path, customers=20, time_scale=100, token="the-same", port=port) as vendor:
        _, err = process.communicate(timeout=300)
        assert process.returncode in {0, 1}, err
        assert "Traceback" not in err
        shown = vendor.cli("show", "--journal", str(vendor.journal), "--format", "json")
        trials.add(1, twice=len(vendor.twice()), lost=20 - sum(shown.outcomes.values()))
        assert sum(shown.outcomes.values()) == 20
        again = vendor.rollout("--breaker", "off")
        assert (again.code, sum(again.outcomes.values())) == (0, 20), again.err
        assert vendor.kinds()["recipe.started"] == 3 * 20
        assert vendor.twice() == []
