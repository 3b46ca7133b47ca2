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
WINDOW_S = 0.3


async def touch(ctx: bulkops.Context) -> None:
    async for _ in ctx.account.folders.list():
        pass


@pytest.mark.parametrize(("all_answered", "at_least_s"), [(True, WINDOW_S), (False, WINDOW_S + SERVER_TIMEOUT_S)])
async def test_a_minute_quota_opens_when_the_last_one_has_left_the_window(
    tmp_path: Path, all_answered: bool, at_least_s: float
) -> None:
    async with Sandbox(SandboxSettings(customers=1, time_scale=60 / WINDOW_S)) as vendor:
        tuning = Tuning.from_toml(vendor.client_file, source="client file")
        tuning = attrs.evolve(tuning, server_timeout_s=SERVER_TIMEOUT_S)
        async with Journal.open(tmp_path) as journal:
            journal.start_beating("an-earlier-run", vendor.url)
            journal.stop_beating(all_answered=all_answered)
            await journal.flush()
        ended_at = time.monotonic()
        async with Workato(token=vendor.token, host=vendor.url, tuning=tuning) as workato:
            report = await bulkops.run(touch, accounts=[4100231], workato=workato, journal=tmp_path)
        waited_s = time.monotonic() - ended_at
    assert report.ok
    assert waited_s >= at_least_s - 0.05
    assert all_answered is (waited_s < WINDOW_S + SERVER_TIMEOUT_S), "an orderly end needs no patience"
