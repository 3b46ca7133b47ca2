"""A sandbox, faults and crashes for users' own tests: `pytest_plugins = ["bulkops.testing"]`.

    async def test_tidy(sandbox, workato, faults, tmp_path):
        faults("error=0.1,reset=0.05")
        async with workato:
            report = await bulkops.run(tidy, accounts=workato.customers.list(), journal=tmp_path)
        assert report.ok
        assert sandbox.twice() == []

The sandbox speaks HTTP on a free loopback port, from a thread of its own, so that it goes with any plugin for async
tests and with none. `@pytest.mark.sandbox(customers=3, time_scale=400)`: another one than usual.

"Crash at every step of my operation and tell me what was done twice":

    @pytest.mark.parametrize("mode", ["all", "late", "torn"])
    def test_tidy_survives(crash_points, mode):
        result = crash_points("operations/tidy.py:tidy", mode=mode)
        assert result.faults == [], result.table()

Each point is a process of its own, killed with SIGKILL and resumed, on accounts of its own; what happened is compared
with a run that nobody disturbed. "late": a change reaches the server only after its sender has died. "torn": the power
fails in each commit of the journal.

`virtual_clock.run(scene())`: an hour of backoff passes in milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from bulkops.client import Workato
from bulkops.sandbox import Assumptions, Faults, Sandbox, SandboxSettings
from bulkops.sandbox.customers import FIRST_ID
from bulkops.testing._served import SandboxInThread, TestVendor
from bulkops.testing._virtual import VirtualClock, VirtualLoop
from bulkops.testing.crashing import CrashKit, CrashResult, sandbox_process

__all__ = [
    "Assumptions",
    "CrashKit",
    "CrashResult",
    "Faults",
    "Sandbox",
    "SandboxInThread",
    "SandboxSettings",
    "TestVendor",
    "VirtualClock",
    "VirtualLoop",
    "crash_points",
    "faults",
    "sandbox",
    "virtual_clock",
    "workato",
]

_CRASH_ACCOUNTS = 3000


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sandbox(**settings): of this test, as SandboxSettings takes them")


@pytest.fixture
def sandbox(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxInThread]:
    """Ten customers at sixty times the speed, or what the mark `sandbox` says; each test has its own.

    Its requests count in a ledger of the test's own: another sandbox may get the same port.
    """
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    marker = request.node.get_closest_marker("sandbox")
    settings = SandboxSettings(**{"customers": 10, "time_scale": 60, **(marker.kwargs if marker else {})})
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(TestVendor(settings)) as vendor,
    ):
        yield SandboxInThread(vendor, portal)


@pytest.fixture
def workato(sandbox: SandboxInThread) -> Workato:
    """A client of the sandbox with its scaled quotas; enter it with `async with`."""
    return sandbox.client()


@pytest.fixture
def faults(sandbox: SandboxInThread) -> Callable[..., None]:
    """`faults("error=0.1")` or `faults(error=0.1)`: what goes wrong from now on; `faults()`: nothing any more."""

    def set_faults(text: str | None = None, **chances: Any) -> None:
        sandbox.set_faults(text if text is not None else chances)

    return set_faults


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """For scenes that last: everything inside `virtual_clock.run(...)` waits without waiting."""
    return VirtualClock()


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
