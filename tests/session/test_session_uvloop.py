"""The client on uvloop, which is an extra: requests, quotas and a journal, over real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import uvloop

from tests.here import FIRST, beside, main_job, outcomes


def test_the_main_job_runs_on_uvloop(tmp_path: Path, surroundings: None) -> None:
    async def scene() -> None:
        assert type(asyncio.get_running_loop()).__module__ == "uvloop"
        async with beside(tmp_path / "journal", customers=3, time_scale=2000) as it:
            report = await it.run(main_job(), [{"id": FIRST + place} for place in range(3)])
            assert outcomes(report) == {"changed": 3}, report.accounts[0]
            assert sum(quota["refused"] for quota in it.sandbox.requests()["quotas"].values()) == 0

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scene())
