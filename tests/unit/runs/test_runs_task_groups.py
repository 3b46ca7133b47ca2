"""An operation that works with a task group, or hides an error: the account's answer is the truth all the same."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

import bulkops
from bulkops import Outcome
from bulkops.journal import RunState
from bulkops.sandbox import Faults, Sandbox, SandboxSettings
from tests.here import client_of

ID = 4100231


async def _together(*calls: Awaitable[Any]) -> None:
    async def one(call: Awaitable[Any]) -> None:
        await call

    async with asyncio.TaskGroup() as tasks:
        for call in calls:
            tasks.create_task(one(call))


async def _run(operation: Any, journal: Path, *, faults: Faults | None = None, **more: Any) -> bulkops.Report:
    settings = SandboxSettings(customers=3, time_scale=400, quotas="off", faults=faults or Faults())
    async with Sandbox(settings) as vendor, client_of(vendor) as workato:
        return await bulkops.run(operation, accounts=[ID], workato=workato, journal=journal, **more)


async def test_a_404_in_a_task_group_is_a_404(tmp_path: Path) -> None:
    async def look(ctx: bulkops.Context) -> None:
        await _together(ctx.account.recipes.get(1), ctx.account.recipes.get(2))

    (row,) = (await _run(look, tmp_path)).accounts
    assert (row.outcome, row.failure_class) == (Outcome.FAILED, "not-found")
    assert "mistake in the operation" not in (row.remedy or "")


async def test_a_404_in_a_task_group_in_a_step_is_known_to_have_done_nothing(tmp_path: Path) -> None:
    async def remove(ctx: bulkops.Context) -> None:
        async def remove_it() -> None:
            await _together(ctx.account.folders.delete(99))

        await ctx.step("remove", remove_it)

    (row,) = (await _run(remove, tmp_path)).accounts
    assert (row.outcome, row.failure_class) == (Outcome.FAILED, "not-found")


@pytest.mark.parametrize("hidden", ["in a group", "in a TaskFailed", "altogether"])
async def test_no_account_fails_after_a_401(tmp_path: Path, hidden: str) -> None:
    async def look(ctx: bulkops.Context) -> None:
        await ctx.account.folders.list().collect()
        if hidden == "in a group":
            await _together(ctx.account.folders.list().collect(), ctx.account.recipes.get(1))
        try:
            await ctx.account.folders.list().collect()
        except bulkops.errors.ApiError as error:
            if hidden == "in a TaskFailed":
                raise bulkops.TaskFailed("there are no folders") from error

    report = await _run(look, tmp_path, faults=Faults(revoke_after=2))  # the first asks whose the token is
    assert report.state is RunState.AUTH_FAILED
    assert report.exit_code == 4
    assert (report.accounts[0].outcome, report.accounts[0].reason) == (
        Outcome.NOT_ATTEMPTED,
        "the vendor refused the token",
    )


@pytest.mark.parametrize("is_planned", [False, True])
async def test_a_handled_error_of_a_task_group_does_not_end_a_later_account(tmp_path: Path, is_planned: bool) -> None:
    """Python 3.11 leaves the task of the first account as if it were cancelled."""

    @bulkops.operation(plan="rehearse")
    async def look(ctx: bulkops.Context) -> None:
        if ctx.account.id == str(ID):
            with contextlib.suppress(ExceptionGroup):
                await _together(ctx.account.recipes.get(1))
            return
        waiting = asyncio.ensure_future(asyncio.sleep(60))
        waiting.cancel()
        await waiting

    settings = SandboxSettings(customers=2, time_scale=400, quotas="off")
    async with Sandbox(settings) as vendor, client_of(vendor) as workato:
        fleet = bulkops.Fleet(workato, journal=tmp_path, policy=bulkops.Policy(concurrency=1))
        accounts = [ID, ID + 1]
        if is_planned:
            plan = await fleet.plan(look, accounts)
            ended = [account.problem or "fine" for account in plan.accounts]
        else:
            report = await fleet.run(look, accounts)
            ended = [row.cause or "fine" for row in report.accounts]
    assert (ended[0], "CancelledError" in ended[1]) == ("fine", True)


async def test_a_halt_after_a_handled_error_of_a_task_group_is_a_halt(tmp_path: Path) -> None:
    control = bulkops.StopSignal()

    async def look(ctx: bulkops.Context) -> None:
        with contextlib.suppress(ExceptionGroup):
            await _together(ctx.account.recipes.get(1))
        control.drain("stopped by the test")
        await asyncio.sleep(60)

    report = await _run(look, tmp_path, stop=control)
    assert report.state is RunState.INTERRUPTED
    assert (report.accounts[0].outcome, report.accounts[0].reason) == (Outcome.NOT_ATTEMPTED, "stopped by the test")


async def test_an_account_that_is_stopped_within_a_task_group_did_not_fail(tmp_path: Path) -> None:
    control = bulkops.StopSignal()

    async def look(ctx: bulkops.Context) -> None:
        await ctx.account.folders.list().collect()

        async def wait() -> None:
            try:
                control.abort()
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise ValueError("made of the cancellation") from None

        with contextlib.suppress(asyncio.CancelledError):
            await _together(wait())

    report = await _run(look, tmp_path, stop=control)
    assert report.state is RunState.INTERRUPTED
    assert report.accounts[0].outcome is Outcome.NOT_ATTEMPTED
