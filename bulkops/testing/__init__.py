"""A vendor to test against, for users' own tests: `pytest_plugins = ["bulkops.testing"]`.

    async def test_tidy(workato_sandbox):
        async with workato_sandbox.client() as workato:
            report = await bulkops.run(tidy, accounts=workato.customers.list(), journal=tmp_path)
        assert report.ok
        assert workato_sandbox.effects()[0]["kind"] == "recipe.stopped"

The sandbox speaks HTTP on a free loopback port, with the vendor's quotas at sixty times the speed.

"Crash at every step of my operation and tell me what was done twice":

    @pytest.mark.parametrize("mode", ["all", "late"])
    def test_tidy_survives(crash_points, mode):
        result = crash_points("operations/tidy.py:tidy", mode=mode)
        assert result.faults == [], result.table()

Each point is a process of its own, killed with SIGKILL and resumed, on accounts of its own; what happened is compared
with a run that nobody disturbed. "late": a change reaches the server only after its sender has died.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkops.client import Workato
from bulkops.sandbox import Assumptions, Faults, Sandbox, SandboxSettings
from bulkops.sandbox.customers import FIRST_ID
from bulkops.settings import Tuning
from bulkops.testing.crashing import CrashKit, CrashResult, sandbox_process

__all__ = [
    "Assumptions",
    "CrashKit",
    "CrashResult",
    "Faults",
    "Sandbox",
    "SandboxSettings",
    "TestVendor",
    "crash_points",
    "workato_sandbox",
]

_CRASH_ACCOUNTS = 3000


class TestVendor(Sandbox):
    """A sandbox that hands out clients set up for it."""

    __test__ = False  # pytest would collect it for its name

    def client(self) -> Workato:
        """A client that keeps the sandbox's scaled quotas; enter it with `async with`."""
        tuning = Tuning.from_toml(self.client_file, source="the sandbox's client file")
        return Workato(token=self.token, host=self.url, tuning=tuning)


@pytest.fixture
async def workato_sandbox() -> AsyncIterator[TestVendor]:
    """Ten customers; each test has its own. Needs anyio's or asyncio's pytest plugin for async fixtures."""
    async with TestVendor(SandboxSettings(customers=10, time_scale=60)) as vendor:
        yield vendor


@pytest.fixture
def crash_points(tmp_path: Path) -> Iterator[Callable[..., CrashResult]]:
    """`crash_points(job, **options)`: `job` is JOB.toml or FILE.py:NAME; options as of `CrashKit`.

    Takes seconds to minutes, by the length of the operation: `every=10` tries each tenth point.
    """
    fresh = [str(FIRST_ID + number) for number in range(_CRASH_ACCOUNTS)]
    with sandbox_process(tmp_path, customers=len(fresh)) as (url, token, client_file):

        def crash(job: str | Path, **options: Any) -> CrashResult:
            home = tmp_path / f"crashes-{len(fresh)}"
            kit = CrashKit(job=str(job), url=url, token=token, client_file=client_file, home=home, **options)
            result = kit.run(fresh)
            del fresh[: result.used]
            return result

        yield crash
