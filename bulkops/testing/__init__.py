"""A vendor to test against, for users' own tests: `pytest_plugins = ["bulkops.testing"]`.

    async def test_tidy(workato_sandbox):
        async with workato_sandbox.client() as workato:
            report = await bulkops.run(tidy, accounts=workato.customers.list(), journal=tmp_path)
        assert report.ok
        assert workato_sandbox.effects()[0]["kind"] == "recipe.stopped"

The sandbox speaks HTTP on a free loopback port, with the vendor's quotas at sixty times the speed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bulkops.client import Workato
from bulkops.sandbox import Faults, Sandbox, SandboxSettings
from bulkops.settings import Tuning

__all__ = ["Faults", "Sandbox", "SandboxSettings", "TestVendor", "workato_sandbox"]


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
