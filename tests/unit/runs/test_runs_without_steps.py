"""What is said of writes that an operation sends outside of durable steps, or several in one step: the truth."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest

import bulkops
from bulkops import Outcome, Workato
from bulkops.errors import NotFound, TaskUnknown
from bulkops.events import AccountEnded, Event
from bulkops.journal import Journal
from bulkops.runs import workspace_of
from bulkops.sandbox import Faults, Sandbox, SandboxSettings
from tests.here import client_of

ID = 4100231


@contextlib.asynccontextmanager
async def beside(*, faults: Faults | None = None, **settings: Any) -> AsyncIterator[tuple[Sandbox, Workato]]:
    """`faults`: begin once the client knows its workspace."""
    here = attrs.evolve(SandboxSettings(customers=2, time_scale=400, quotas="off"), **settings)
    async with Sandbox(here) as vendor, client_of(vendor) as workato:
        await workspace_of(workato)
        vendor.set_faults(faults)
        yield vendor, workato


async def test_a_process_that_dies_with_a_write_on_its_way_leaves_the_account_unknown(tmp_path: Path) -> None:
    """And whoever resumes knows that the run may have changed it, whatever that one finds left to do."""
    copy = tmp_path / "as it was"
    control = bulkops.StopSignal()
    work_left = True

    async def tidy(ctx: bulkops.Context) -> None:
        if work_left:
            await ctx.account.folders.create("Tidy")

    async with beside(time_scale=40, faults=Faults(slow=1.0)) as (vendor, workato):

        async def die() -> None:
            while vendor.requests()["total"] < 2:  # noqa: ASYNC110 - it counts, and tells nobody
                await asyncio.sleep(0.002)
            await asyncio.to_thread(shutil.copytree, tmp_path / "journal", copy)
            control.abort()

        dying = asyncio.create_task(die())
        await bulkops.run(tidy, accounts=[ID], workato=workato, journal=tmp_path / "journal", stop=control)
        await dying
        async with Journal.open(copy, read_only=True) as journal:
            counts = await journal.counts((await journal.get_run()).run_id)
        assert counts[Outcome.UNKNOWN] == 1, "cancelled would say that every effect is known"
        work_left = False
        report = await bulkops.Fleet(workato, journal=copy).resume(operation=tidy)
    assert report is not None
    assert report.outcomes[Outcome.CHANGED] == 1


async def test_who_resumes_an_unknown_account_and_stops_leaves_it_unknown(tmp_path: Path) -> None:
    controls = [bulkops.StopSignal()]

    async def tidy(ctx: bulkops.Context) -> None:
        if len(controls) == 1:
            raise TaskUnknown("the line went dead", remedy="ring up")
        controls[-1].abort()
        await asyncio.sleep(1)

    async with beside() as (_, workato):
        await bulkops.run(tidy, accounts=[ID], workato=workato, journal=tmp_path)
        controls.append(bulkops.StopSignal())
        report = await bulkops.Fleet(workato, journal=tmp_path, stop=controls[-1]).resume(operation=tidy)
    assert report is not None
    row = report.accounts[0]
    assert (row.outcome, row.reason, row.remedy) == (Outcome.UNKNOWN, "the line went dead; ring up", "ring up")


async def test_what_was_written_in_an_earlier_process_of_the_run_is_a_change(tmp_path: Path) -> None:
    """Also when that process was stopped, and nothing is left to do."""
    first = bulkops.StopSignal()

    async def tidy(ctx: bulkops.Context) -> None:
        if not first.aborting:
            await ctx.account.folders.create("Tidy")
            first.abort()
            await asyncio.sleep(1)

    async with beside() as (_, workato):
        stopped = await bulkops.run(tidy, accounts=[ID], workato=workato, journal=tmp_path, stop=first)
        assert stopped.outcomes[Outcome.CANCELLED] == 1
        again = bulkops.StopSignal()
        report = await bulkops.Fleet(workato, journal=tmp_path, stop=again).resume(operation=tidy)
    assert report is not None
    assert report.outcomes[Outcome.CHANGED] == 1


async def test_a_write_that_was_refused_changes_nothing(tmp_path: Path) -> None:
    async def tidy(ctx: bulkops.Context) -> None:
        with contextlib.suppress(NotFound):
            await ctx.account.folders.delete(99)

    async with beside() as (_, workato):
        report = await bulkops.run(tidy, accounts=[ID], workato=workato, journal=tmp_path)
    assert report.outcomes[Outcome.UNCHANGED] == 1


async def test_a_write_beside_steps_that_change_nothing_is_a_change(tmp_path: Path) -> None:
    async def tidy(ctx: bulkops.Context) -> None:
        async def look() -> int:
            return 1

        await ctx.step("look", look, changes=False)
        await ctx.account.folders.create("Tidy")

    async with beside() as (_, workato):
        report = await bulkops.run(tidy, accounts=[ID], workato=workato, journal=tmp_path)
    assert report.outcomes[Outcome.CHANGED] == 1


async def test_a_lost_write_that_the_operation_hides_is_unknown(tmp_path: Path) -> None:
    async def tidy(ctx: bulkops.Context) -> None:
        with contextlib.suppress(bulkops.BulkopsError):
            await ctx.account.folders.create("Tidy")

    async with beside(faults=Faults(reset=1.0)) as (_, workato):
        report = await bulkops.run(tidy, accounts=[ID], workato=workato, journal=tmp_path)
    assert report.outcomes[Outcome.UNKNOWN] == 1


async def test_a_step_whose_second_request_is_refused_is_not_sent_again_unlooked_at(tmp_path: Path) -> None:
    """The first one had its effect: `failed` would be a lie, and a retry would do it twice."""

    async def tidy(ctx: bulkops.Context) -> None:
        async def make() -> int:
            made = await ctx.account.folders.create("Tidy")
            await ctx.account.recipes.get(1)
            return made.id

        await ctx.step("make", make)

    async with beside() as (vendor, workato):
        report = await bulkops.run(tidy, accounts=[ID], workato=workato, journal=tmp_path)
        assert report.outcomes[Outcome.UNKNOWN] == 1
        await bulkops.Fleet(workato, journal=tmp_path).retry(operation=tidy)
        await bulkops.Fleet(workato, journal=tmp_path).resume(operation=tidy)
        assert len(vendor.effects()) == 1


async def test_an_observer_that_fails_changes_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Event] = []

    def clumsy(event: Event) -> None:
        told.append(event)
        raise KeyError("a mistake in the observer")

    async def tidy(ctx: bulkops.Context) -> None:
        await ctx.account.folders.create("Tidy")

    async with beside() as (vendor, workato):
        settings = workato.settings
        async with Workato.from_settings(settings, observe=clumsy) as watched:
            report = await bulkops.run(tidy, accounts=[ID, ID + 1], workato=watched, journal=tmp_path, observe=clumsy)
        assert len(vendor.effects()) == 2
    assert report.outcomes[Outcome.CHANGED] == 2, "each effect took place"
    assert len(told) == 2, "the session's and the run's were told once, and no more"


async def test_what_cannot_be_remembered_costs_one_account_and_not_the_run(tmp_path: Path) -> None:
    async def tidy(ctx: bulkops.Context) -> None:
        await ctx.remember("kind", "key", object() if ctx.account.id == str(ID) else 1)

    async with beside() as (_, workato):
        report = await bulkops.run(tidy, accounts=[ID, ID + 1], workato=workato, journal=tmp_path)
    assert (report.outcomes[Outcome.FAILED], report.outcomes[Outcome.UNCHANGED]) == (1, 1)


async def test_an_operation_that_cancels_what_it_waits_for_fails_and_the_run_goes_on(tmp_path: Path) -> None:
    async def tidy(ctx: bulkops.Context) -> None:
        if ctx.account.id == str(ID):
            inner = asyncio.create_task(asyncio.sleep(10))
            inner.cancel()
            await inner

    async with beside() as (_, workato):
        report = await bulkops.run(tidy, accounts=[ID, ID + 1], workato=workato, journal=tmp_path)
    assert (report.outcomes[Outcome.FAILED], report.outcomes[Outcome.UNCHANGED]) == (1, 1)
    assert "CancelledError" in str(report.accounts[0].reason)


async def test_a_task_that_outlives_its_operation_can_begin_no_write(tmp_path: Path) -> None:
    """Its account has ended by then, and would be reported as unchanged."""
    became: asyncio.Queue[str] = asyncio.Queue()
    left = []

    async def later(ctx: bulkops.Context, has_ended: asyncio.Event) -> None:
        await has_ended.wait()
        try:
            await ctx.account.folders.create("Late")
            became.put_nowait("sent")
        except bulkops.TaskFailed as error:
            became.put_nowait(error.failure_class)

    has_ended = asyncio.Event()

    async def leave(ctx: bulkops.Context) -> None:
        if ctx.account.id == str(ID):
            assert await became.get() == "task-left-running"
        else:
            left.append(asyncio.create_task(later(ctx, has_ended)))

    def watch(event: Event) -> None:
        if isinstance(event, AccountEnded):
            has_ended.set()

    async with beside() as (vendor, workato):
        report = await bulkops.run(leave, accounts=[ID, ID + 1], workato=workato, journal=tmp_path, observe=watch)
        assert vendor.effects() == []
    assert report.outcomes[Outcome.UNCHANGED] == 2, str(report)


async def test_a_write_under_way_when_its_operation_ends_is_unknown(tmp_path: Path) -> None:
    left = []

    async with beside(time_scale=40, faults=Faults(slow=1.0)) as (vendor, workato):

        async def leave(ctx: bulkops.Context) -> None:
            left.append(asyncio.create_task(ctx.account.folders.create("Late")))
            while vendor.requests()["total"] < 2:  # noqa: ASYNC110 - it counts, and tells nobody
                await asyncio.sleep(0.002)

        report = await bulkops.run(leave, accounts=[ID], workato=workato, journal=tmp_path)
        await asyncio.gather(*left)
    assert report.outcomes[Outcome.UNKNOWN] == 1, str(report)
