"""What an author's Context promises of durable steps: names, repeating, results, and `ensure`."""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import bulkops
from bulkops import Context, Outcome, Report, StopSignal
from bulkops.errors import NotFound, TaskFailed
from bulkops.events import AccountEnded
from tests.here import Here, beside as started

ID = 4100231


class Beside(Here):
    async def run_one(self, operation: Any, **options: Any) -> Report:
        return await bulkops.run(operation, accounts=[ID], workato=self.workato, journal=self.journal, **options)

    async def resume(self, operation: Any) -> Report:
        report = await bulkops.Fleet(self.workato, journal=self.journal).resume(operation=operation)
        assert report is not None
        return report

    def made(self) -> Counter[str]:
        """Folders by name, as often as each was made."""
        return Counter(self.keys("folder.created"))


@pytest.fixture
async def beside(tmp_path: Path) -> AsyncIterator[Beside]:
    async with started(tmp_path / "journal", customers=2, time_scale=2000, quotas="off") as it:
        yield Beside(it.sandbox, it.workato, it.journal)


async def find(ctx: Context, name: str) -> int | None:
    return next(
        (folder.id for folder in [each async for each in ctx.account.folders.list()] if folder.name == name), None
    )


async def test_an_exit_in_an_operation_fails_the_account(beside: Beside) -> None:
    """It ended the process, with the exit code of a halt and no message."""

    async def leaves(ctx: Context) -> None:
        sys.exit(3)

    (row,) = (await beside.run_one(leaves)).accounts
    assert row.outcome is Outcome.FAILED
    assert str(row.cause).startswith("SystemExit: 3 (test_steps_author.py, line ")


# -- names


async def test_a_name_used_twice_in_one_pass_fails_the_account(beside: Beside) -> None:
    """The second and third effect were skipped, and the account was `changed`."""

    async def three(ctx: Context) -> None:
        for name in ("A", "B", "C"):
            await ctx.step("create folder", lambda name=name: ctx.account.folders.create(name))  # type: ignore[misc, type-var]

    report = await beside.run_one(three)
    (row,) = report.accounts
    assert (row.outcome, row.failure_class) == (Outcome.FAILED, "step-name-twice")
    assert "'create folder'" in (row.reason or "")
    assert beside.made() == {"A": 1}


async def test_nor_may_two_tasks_of_one_pass_share_a_name(beside: Beside) -> None:
    async def two(ctx: Context) -> None:
        async def make(name: str) -> None:
            await ctx.step("create folder", lambda: ctx.account.folders.create(name))

        await asyncio.gather(make("A"), make("B"))

    report = await beside.run_one(two)
    assert report.accounts[0].failure_class == "step-name-twice"


async def test_a_step_that_is_not_awaited_fails_the_account(beside: Beside) -> None:
    """It did nothing, and the account was `unchanged`."""
    calls: list[Any] = []

    @bulkops.operation(plan="rehearse")
    async def forgetful(ctx: Context) -> None:
        calls.append(
            ctx.ensure("create folder", find=lambda: find(ctx, "A"), do=lambda: ctx.account.folders.create("A"))
        )

    plan = await bulkops.Fleet(beside.workato, journal=beside.journal).plan(forgetful, [ID])
    assert plan.accounts[0].problem == "the operation does not await a step"
    report = await beside.run_one(forgetful)
    assert (report.accounts[0].outcome, report.accounts[0].failure_class) == (Outcome.FAILED, "step-not-awaited")
    assert "write: await ctx.step('create folder', ...)" in (report.accounts[0].reason or "")
    for call in calls:
        call.close()


async def test_a_chain_ends_at_the_part_that_does_not_await_a_step(beside: Beside) -> None:
    calls: list[Any] = []

    @bulkops.operation
    async def forgetful(ctx: Context) -> None:
        calls.append(ctx.step("create folder", lambda: ctx.account.folders.create("A")))

    @bulkops.operation
    async def later(ctx: Context) -> None:
        await ctx.step("create folder", lambda: ctx.account.folders.create("B"))

    report = await beside.run_one(forgetful >> later)
    assert (report.accounts[0].failure_class, beside.made()) == ("step-not-awaited", {})
    for call in calls:
        call.close()


async def test_a_step_that_is_cancelled_before_it_begins_is_not_a_forgotten_one(beside: Beside) -> None:
    async def early(ctx: Context) -> None:
        with contextlib.suppress(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(ctx.step("create folder", lambda: ctx.account.folders.create("A")))
                raise KeyError("own")

    report = await beside.run_one(early)
    assert report.accounts[0].outcome is Outcome.UNCHANGED


async def test_a_task_left_behind_begins_no_step(beside: Beside) -> None:
    left: list[asyncio.Task[Any]] = []
    ended = asyncio.Event()

    async def later(ctx: Context) -> None:
        await ended.wait()
        await ctx.step("create folder", lambda: ctx.account.folders.create("A"))

    async def leaving(ctx: Context) -> None:
        left.append(asyncio.create_task(later(ctx)))

    def observe(event: object) -> None:
        if isinstance(event, AccountEnded):
            ended.set()

    await bulkops.Fleet(beside.workato, journal=beside.journal, observe=observe).run(leaving, [ID])
    with pytest.raises(TaskFailed, match="does not await the step 'create folder'"):
        await left[0]
    assert beside.made() == {}


async def test_a_step_that_cannot_run_has_not_begun(beside: Beside) -> None:
    """It takes a function, and data that the journal can keep. Before, the account was `unknown`."""

    async def called(ctx: Context) -> None:
        made = ctx.account.folders.create("A")
        try:
            await ctx.step("create folder", made)  # type: ignore[call-overload]
        finally:
            made.close()

    report = await beside.run_one(called)
    assert report.accounts[0].outcome is Outcome.FAILED
    assert "step 'create folder' needs an async function, not coroutine: give it uncalled" in (
        report.accounts[0].reason or ""
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"fn": 3}, "step 'create folder' needs an async function, not int"),
        ({"data": object()}, "the data of step 'create folder' is not JSON data: type object is not supported"),
        ({"data": [math.inf]}, "the data of step 'create folder' is not JSON data: JSON has no inf"),
    ],
)
async def test_a_plan_finds_a_step_that_cannot_run(beside: Beside, options: dict[str, Any], problem: str) -> None:
    async def make() -> int:
        return 1

    @bulkops.operation(plan="rehearse")
    async def wrong(ctx: Context) -> None:
        await ctx.step("create folder", **{"fn": make, "planned": 1, **options})

    @bulkops.operation(plan="rehearse")
    async def right(ctx: Context) -> None:
        made = await ctx.step("create folder", make)
        await ctx.step("create another", make, data={"beside": made})

    fleet = bulkops.Fleet(beside.workato, journal=beside.journal)
    plan = await fleet.plan(wrong, [ID])
    assert problem in (plan.accounts[0].problem or "")
    plan = await fleet.plan(right, [ID])
    assert plan.accounts[0].changes == ("create folder", "create another")


async def test_a_result_is_the_same_now_and_from_the_journal(beside: Beside) -> None:
    seen: list[object] = []

    async def count(value: object) -> Any:
        return value

    async def counting(ctx: Context) -> None:
        seen.append(await ctx.step("count", lambda: count({1: "a", "lone": "\ud800", "none": None, "id": 2**70})))
        await ctx.step("keep", lambda: count(object()), check="nothing")

    report = await beside.run_one(counting)
    assert "the result of step 'keep' is not JSON data" in (report.accounts[0].reason or "")
    await beside.resume(counting)
    assert seen == [{"1": "a", "lone": "\\ud800", "none": None, "id": 2**70}] * 2


async def test_nor_may_ensure_use_a_name_twice(beside: Beside) -> None:
    """The third call would get the result of the second."""

    async def three(ctx: Context) -> None:
        for name in ("A", "B", "C"):

            async def make(name: str = name) -> int:
                return (await ctx.account.folders.create(name)).id

            await ctx.ensure("folder", find=lambda name=name: find(ctx, name), do=make)  # type: ignore[misc]

    report = await beside.run_one(three)
    assert report.accounts[0].failure_class == "step-name-twice"


async def test_a_later_pass_meets_the_same_names_again(beside: Beside) -> None:
    first = StopSignal()

    async def one(ctx: Context) -> None:
        await ctx.step("create folder", lambda: ctx.account.folders.create("A"))
        if not first.aborting:
            first.abort()
            await asyncio.sleep(1)

    await beside.run_one(one, stop=first)
    report = await beside.resume(one)
    assert report.outcomes[Outcome.CHANGED] == 1
    assert beside.made() == {"A": 1}


async def test_a_refused_step_leaves_its_name_free(beside: Beside) -> None:
    async def otherwise(ctx: Context) -> None:
        try:
            await ctx.step("create", lambda: ctx.account.folders.create("A", parent_id=1))
        except bulkops.errors.ApiError:
            await ctx.step("create", lambda: ctx.account.folders.create("A"))

    report = await beside.run_one(otherwise)
    assert report.outcomes[Outcome.CHANGED] == 1


async def test_so_does_one_that_was_reset(beside: Beside) -> None:
    async def again(ctx: Context) -> None:
        made = await ctx.step("create", lambda: ctx.account.folders.create("A"))
        await ctx.step("delete", lambda: ctx.account.folders.delete(made["id"]))
        ctx.reset_step("create")
        await ctx.step("create", lambda: ctx.account.folders.create("A"))

    report = await beside.run_one(again)
    assert report.outcomes[Outcome.CHANGED] == 1
    assert beside.made() == {"A": 2}


async def test_only_a_finished_step_can_be_reset(beside: Beside) -> None:
    """One whose outcome is unknown stays so."""

    async def lost(ctx: Context) -> None:
        ctx.reset_step("never begun")
        with contextlib.suppress(bulkops.TaskUnknown):
            await ctx.step("create", lambda: ctx.account.folders.create("A"))
        ctx.reset_step("create")

    beside.sandbox.set_faults("malformed=1")
    report = await beside.run_one(lost)
    assert report.outcomes[Outcome.UNKNOWN] == 1


# -- repeatable


async def test_a_repeatable_step_is_sent_again_within_the_process(beside: Beside) -> None:
    sends: list[int] = []

    async def make(ctx: Context) -> None:
        async def send() -> int:
            sends.append(1)
            beside.sandbox.set_faults("malformed=1" if len(sends) < 3 else None)
            return (await ctx.account.folders.create(f"A{len(sends)}")).id

        await ctx.step("create", send, repeatable=True)

    report = await beside.run_one(make)
    assert report.outcomes[Outcome.CHANGED] == 1
    assert beside.made() == {"A1": 1, "A2": 1, "A3": 1}


async def test_and_is_unknown_when_no_reply_ever_comes(beside: Beside) -> None:
    async def make(ctx: Context) -> None:
        await ctx.step("create", lambda: ctx.account.folders.create("A"), repeatable=True, check="the folders")

    beside.sandbox.set_faults("malformed=1")
    report = await beside.run_one(make)
    (row,) = report.accounts
    assert (row.outcome, row.remedy) == (Outcome.UNKNOWN, "the folders")
    assert "unknown after 5 requests" in (row.reason or "")


async def test_a_refusal_after_a_lost_request_does_not_make_it_known(beside: Beside) -> None:
    """`failed` would say that the first request had no effect."""
    sends: list[int] = []

    async def make(ctx: Context) -> None:
        async def send() -> int:
            sends.append(1)
            beside.sandbox.set_faults("malformed=1" if len(sends) == 1 else None)
            return (await ctx.account.folders.create("A", parent_id=None if len(sends) == 1 else 1)).id

        await ctx.step("create", send, repeatable=True)

    report = await beside.run_one(make)
    assert report.outcomes[Outcome.UNKNOWN] == 1
    report = await beside.resume(make)
    assert report.outcomes[Outcome.UNKNOWN] == 1, "it was refused once more, and nothing was learned"


# -- results


async def test_done_with_none_is_not_the_same_as_not_done(beside: Beside) -> None:
    seen: list[object] = []
    first = StopSignal()

    async def delete(ctx: Context) -> None:
        seen.append((ctx.is_done("delete"), ctx.result("delete")))
        folder = await ctx.step("create", lambda: ctx.account.folders.create("A"))
        await ctx.step("delete", lambda: ctx.account.folders.delete(folder["id"]))
        if not first.aborting:
            first.abort()
            await asyncio.sleep(1)

    await beside.run_one(delete, stop=first)
    await beside.resume(delete)
    assert seen == [(False, None), (True, None)]


# -- ensure


@bulkops.operation
async def archive(ctx: Context) -> None:
    async def create() -> int:
        return (await ctx.account.folders.create("Archive")).id

    ctx.detail["folder"] = await ctx.ensure("Archive", find=lambda: find(ctx, "Archive"), do=create)


async def test_ensure_makes_what_is_missing_and_leaves_what_is_there(beside: Beside) -> None:
    report = await beside.run_one(archive)
    assert report.outcomes[Outcome.CHANGED] == 1
    again = await beside.run_one(archive)
    assert again.outcomes[Outcome.UNCHANGED] == 1
    assert again.accounts[0].detail == report.accounts[0].detail
    assert beside.made() == {"Archive": 1}


async def test_ensure_looks_before_it_sends_again(beside: Beside) -> None:
    """The reply was lost after the effect: `find` is the probe."""
    sends: list[int] = []

    async def once(ctx: Context) -> None:
        async def create() -> int:
            sends.append(1)
            beside.sandbox.set_faults("malformed=1")
            try:
                return (await ctx.account.folders.create("Archive")).id
            finally:
                beside.sandbox.set_faults(None)

        await ctx.ensure("Archive", find=lambda: find(ctx, "Archive"), do=create)

    report = await beside.run_one(once)
    assert report.outcomes[Outcome.CHANGED] == 1
    assert (len(sends), beside.made()) == (1, {"Archive": 1})


async def test_ensure_settles_what_an_earlier_process_left_open(beside: Beside) -> None:
    """Its effect counts as this run's, although `find` finds it at once."""
    control = StopSignal()

    async def cut_off(ctx: Context) -> None:
        async def create() -> int:
            made = await ctx.account.folders.create("Archive")
            if not control.aborting:
                control.abort()
                await asyncio.sleep(1)
            return made.id

        await ctx.ensure("Archive", find=lambda: find(ctx, "Archive"), do=create)

    report = await beside.run_one(cut_off, stop=control)
    assert report.outcomes[Outcome.UNKNOWN] == 1
    report = await beside.resume(cut_off)
    assert report.outcomes[Outcome.CHANGED] == 1
    assert beside.made() == {"Archive": 1}


async def test_ensure_says_what_find_raised(beside: Beside) -> None:
    async def broken(ctx: Context) -> None:
        async def find() -> int | None:
            with contextlib.suppress(ZeroDivisionError):
                await ctx.account.folders.delete(99)
            return None

        await ctx.ensure("x", find=find, do=find)

    report = await beside.run_one(broken)
    assert report.accounts[0].failure_class == NotFound.failure_class
