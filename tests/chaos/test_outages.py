"""The vendor away: for a while, for good, or for half the accounts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import bulkops
from bulkops.journal import RunState
from bulkops.outcome import Outcome
from bulkops.report import Report
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Tuning
from tests.chaos.hostile import HostileProxy, Trick
from tests.chaos.tricks import says
from tests.here import main_job

pytestmark = pytest.mark.usefixtures("credentials")

SCALE = 100.0
FIVE_MINUTES = 300 / SCALE

TUNING = Tuning(
    unlimited=True,
    max_rate=None,
    server_timeout_s=0.5,
    attempt_timeout_s=10.0,
    call_timeout_s=60.0,
    first_poll_s=0.05,
    import_deadline_s=30.0,
    backoff_base_s=1 / SCALE,
    backoff_cap_s=60 / SCALE,
)


async def roll_out(
    home: Path, sandbox: Sandbox, proxy: HostileProxy | Sandbox, accounts: list[str], tuning: Tuning, **policy: object
) -> Report:
    async with bulkops.Workato(token=sandbox.token, host=proxy.url, tuning=tuning) as workato:
        chosen = bulkops.Policy(**({"breaker": None} | policy))  # type: ignore[arg-type]
        return await bulkops.run(main_job(), accounts=accounts, workato=workato, journal=home, policy=chosen)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(customers=60, time_scale=400, quotas="off")) as running:
        yield running


ACCOUNTS = [str(4100231 + number) for number in range(60)]


async def test_five_minutes_away_in_mid_run(tmp_path: Path, sandbox: Sandbox) -> None:
    async with HostileProxy(sandbox.url, {}) as proxy:

        async def outage() -> tuple[float, float]:
            while len(proxy.arrivals) < 200:  # noqa: ASYNC110 - the proxy counts, and tells nobody
                await asyncio.sleep(0.005)
            clock = asyncio.get_running_loop().time
            proxy.down = True
            began = clock()
            await asyncio.sleep(FIVE_MINUTES)
            proxy.down = False
            return began, clock()

        away = asyncio.create_task(outage())
        report = await roll_out(tmp_path, sandbox, proxy, ACCOUNTS, TUNING, concurrency=20)
        began, ended = await away
    assert report.outcomes[Outcome.CHANGED] == len(ACCOUNTS), str(report)
    keys = [(effect["account"], effect["kind"], effect["key"]) for effect in sandbox.effects()]
    assert len(keys) == len(set(keys))
    # those in flight, each once and perhaps once more; from then on one probe at a time
    tail = [at for at in proxy.arrivals if began + FIVE_MINUTES / 3 < at < ended]
    print(f"{len([at for at in proxy.arrivals if began < at < ended])} requests into the outage, {len(tail)} late")
    assert len(tail) < 60


@pytest.mark.slow
async def test_away_for_good_halts_at_the_runs_deadline(tmp_path: Path, sandbox: Sandbox) -> None:
    async with HostileProxy(sandbox.url, {}) as proxy:

        async def outage() -> None:
            while len(proxy.arrivals) < 60:  # noqa: ASYNC110 - the proxy counts, and tells nobody
                await asyncio.sleep(0.005)
            proxy.down = True

        away = asyncio.create_task(outage())
        tuning = Tuning.from_mapping(TUNING.to_mapping() | {"run_timeout_s": 4.0}, source="the test")
        began = asyncio.get_running_loop().time()
        report = await roll_out(tmp_path, sandbox, proxy, ACCOUNTS, tuning, concurrency=20)
        took_s = asyncio.get_running_loop().time() - began
        await away
        assert took_s < TUNING.call_timeout_s / 2, "each call alone would go on for longer"
        assert (report.state, report.exit_code) == (RunState.HALTED, 3)
        assert "deadline" in (report.reason or "")
        assert sum(report.outcomes.values()) == len(ACCOUNTS)
        assert report.outcomes[Outcome.FAILED] == 0, str(report)

        proxy.down = False
        async with bulkops.Workato(token=sandbox.token, host=proxy.url, tuning=TUNING) as workato:
            again = await bulkops.Fleet(workato, journal=tmp_path).resume()
        assert again is not None
        assert again.outcomes[Outcome.CHANGED] == len(ACCOUNTS), str(again)
    keys = [(effect["account"], effect["kind"], effect["key"]) for effect in sandbox.effects()]
    assert len(keys) == len(set(keys))


@pytest.mark.slow
async def test_an_announced_outage_in_mid_run_fails_nobody(tmp_path: Path, sandbox: Sandbox) -> None:
    """It lasts longer than any call may."""
    away_s = 3.0
    tuning = Tuning.from_mapping(
        TUNING.to_mapping() | {"call_timeout_s": 2.0, "attempt_timeout_s": 2.0, "account_timeout_s": 60.0},
        source="the test",
    )
    async with HostileProxy(sandbox.url, {}) as proxy:

        async def outage() -> tuple[float, float]:
            while len(proxy.arrivals) < 200:  # noqa: ASYNC110 - the proxy counts, and tells nobody
                await asyncio.sleep(0.005)
            began = asyncio.get_running_loop().time()
            proxy.away_until = began + away_s
            return began, proxy.away_until

        away = asyncio.create_task(outage())
        report = await roll_out(tmp_path, sandbox, proxy, ACCOUNTS, tuning, concurrency=20)
        began, ended = await away
    assert report.outcomes[Outcome.CHANGED] == len(ACCOUNTS), str(report)
    keys = [(effect["account"], effect["kind"], effect["key"]) for effect in sandbox.effects()]
    assert len(keys) == len(set(keys))
    into = [at for at in proxy.arrivals if began < at < ended]
    print(f"{len(into)} requests into the outage")
    assert len([at for at in into if at > began + away_s / 2]) <= 1, "nothing is sent before it is over"


async def test_half_the_accounts_are_not_there(tmp_path: Path, sandbox: Sandbox) -> None:
    gone = Trick(name="gone", at=".*", answer=says(404, b'{"message": "Not found"}'))
    allowed, concurrency = 6, 8
    async with HostileProxy(sandbox.url, dict.fromkeys(ACCOUNTS[::2], gone)) as proxy:
        report = await roll_out(
            tmp_path, sandbox, proxy, ACCOUNTS, TUNING, concurrency=concurrency, max_failures=allowed
        )
    failed = report.outcomes[Outcome.FAILED]
    assert (report.state, report.exit_code) == (RunState.HALTED, 3)
    assert allowed < failed <= allowed + concurrency, "the overshoot is what can be in flight"
    assert report.outcomes[Outcome.NOT_ATTEMPTED] > 0
    clusters = [cluster for cluster in report.clusters if cluster.outcome is Outcome.FAILED]
    assert len(clusters) == 1, [cluster.cause for cluster in clusters]
    assert clusters[0].cause == "the customer does not exist"


async def test_the_breaker_halts_when_all_are_gone(tmp_path: Path, sandbox: Sandbox) -> None:
    gone = Trick(name="gone", at=".*", answer=says(404, b'{"message": "Not found"}'))
    async with HostileProxy(sandbox.url, dict.fromkeys(ACCOUNTS, gone)) as proxy:
        report = await roll_out(tmp_path, sandbox, proxy, ACCOUNTS, TUNING, concurrency=4, breaker=10)
    assert report.state is RunState.HALTED
    assert 10 <= report.outcomes[Outcome.FAILED] < 10 + 4
    assert sum(report.outcomes.values()) == len(ACCOUNTS)
