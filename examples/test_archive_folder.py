"""Tests of a custom operation: its effect, and that no crash makes it happen twice.

    python -m pytest examples/test_archive_folder.py

`archive_folder.py` is the operation. The fixtures come from `bulkops.testing`.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

import bulkops
from bulkops.operations.functions import load_from_file
from bulkops.testing import CrashResult, SandboxInThread, SandboxSettings, TestVendor, VirtualClock

JOB = f"{Path(__file__).with_name('archive_folder.py')}:archive"
archive = load_from_file(JOB)


def test_it_makes_one_folder_in_each_account(
    sandbox: SandboxInThread, workato: bulkops.Workato, faults: Callable[..., None], tmp_path: Path
) -> None:
    async def scene() -> bulkops.Report:
        async with workato:
            return await bulkops.run(archive, accounts=workato.customers.list(), journal=tmp_path)

    faults(error=0.1, slow=0.1)
    report = asyncio.run(scene())
    assert report.ok, str(report)
    assert {str(effect["account"]) for effect in sandbox.effects()} == {row.account for row in report.accounts}
    assert sandbox.twice() == []


@pytest.mark.parametrize("mode", ["all", "late", "torn"])
def test_a_crash_at_no_point_does_anything_twice(crash_points: Callable[..., CrashResult], mode: str) -> None:
    result = crash_points(JOB, mode=mode, per_trial=1)
    print(result.table())
    assert result.trials
    assert result.faults == [], result.table()


def test_five_minutes_without_the_vendor_fail_nobody(virtual_clock: VirtualClock, tmp_path: Path) -> None:
    """At the vendor's own speed: the clock is virtual."""

    async def scene() -> bulkops.Report:
        async with TestVendor(SandboxSettings(customers=20, time_scale=1)) as vendor:
            outage = asyncio.create_task(vendor.restart(away_s=300))
            async with vendor.client() as workato:
                report = await bulkops.run(archive, accounts=range(4100231, 4100251), workato=workato, journal=tmp_path)
            await outage
            return report

    report = virtual_clock.run(scene())
    assert report.ok, str(report)
    assert virtual_clock.now_s > 300
