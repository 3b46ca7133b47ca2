"""What a run does about the process before it: it opens its quotas when that one's requests have left every window."""

from __future__ import annotations

import time
from pathlib import Path

import attrs
import pytest

import bulkops
from bulkops import Workato
from bulkops.journal import Journal
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Tuning

pytestmark = pytest.mark.anyio

SERVER_TIMEOUT_S = 0.6
ENDLESS_S = 600.0
WINDOW_S = 0.3


async def touch(ctx: bulkops.Context) -> None:
    async for _ in ctx.account.folders.list():
        pass


@pytest.mark.parametrize(("all_answered", "server_timeout_s"), [(True, ENDLESS_S), (False, SERVER_TIMEOUT_S)])
async def test_a_minute_quota_opens_when_the_last_one_has_left_the_window(
    tmp_path: Path, all_answered: bool, server_timeout_s: float
) -> None:
    async with Sandbox(SandboxSettings(customers=1, time_scale=60 / WINDOW_S)) as vendor:
        tuning = Tuning.from_toml(vendor.client_file, source="client file")
        tuning = attrs.evolve(tuning, server_timeout_s=server_timeout_s)
        async with Journal.open(tmp_path) as journal:
            journal.start_beating("an-earlier-run", vendor.url)
            ended_at = time.monotonic()
            journal.stop_beating(all_answered=all_answered)
            await journal.flush()
        async with Workato(token=vendor.token, host=vendor.url, tuning=tuning) as workato:
            report = await bulkops.run(touch, accounts=[4100231], workato=workato, journal=tmp_path)
        waited_s = time.monotonic() - ended_at
    assert report.ok
    assert waited_s >= WINDOW_S + (0.0 if all_answered else server_timeout_s) - 0.05
    assert waited_s < ENDLESS_S, "an orderly end needs no patience"


async def test_what_a_run_sends_hangs_on_the_journals_sign_of_life(tmp_path: Path) -> None:
    seen: list[bool] = []

    async def look(ctx: bulkops.Context) -> None:
        await touch(ctx)
        assert isinstance(ctx.account.session.sign_of_life, Journal)
        seen.append(ctx.account.session.sign_of_life.is_fresh)

    async with Sandbox(SandboxSettings(customers=1, time_scale=400, quotas="off")) as vendor:
        tuning = Tuning.from_toml(vendor.client_file, source="client file")
        async with Workato(token=vendor.token, host=vendor.url, tuning=tuning) as workato:
            report = await bulkops.run(look, accounts=[4100231], workato=workato, journal=tmp_path)
            assert workato.session.sign_of_life is None, "it outlives the run"
    assert report.ok, report.accounts[0].reason
    assert seen == [True]
