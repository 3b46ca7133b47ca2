"""What a run is after a retry, a refused resume, a re-cut and an approval: at library level, over a real sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest

import bulkops
from bulkops import Outcome, Policy, StopSignal, TaskFailed, Workato
from bulkops.errors import InputError, JournalMismatch, PlanError, TaskUnknown
from bulkops.journal import Journal, RunState
from bulkops.runs import select, workspace_of
from bulkops.sandbox import Faults, Sandbox, SandboxSettings
from bulkops.settings import Tuning
from tests.here import client_of

IDS = [4100231 + n for n in range(20)]


@pytest.fixture
async def workato() -> AsyncIterator[Workato]:
    async with (
        Sandbox(SandboxSettings(customers=20, time_scale=400, quotas="off")) as vendor,
        client_of(vendor) as client,
    ):
        yield client


class Failing:
    """An operation that fails for some accounts, until it is mended."""

    def __init__(self, *accounts: int) -> None:
        self.bad = {str(account) for account in accounts}
        self.seen: list[str] = []

    async def __call__(self, ctx: bulkops.Context) -> None:
        self.seen.append(ctx.account.id)
        if ctx.account.id in self.bad:
            raise TaskFailed("it does not want to", failure_class="unwilling")


def operation(failing: Failing) -> Any:
    async def touch(ctx: bulkops.Context) -> None:
        await failing(ctx)

    return touch


async def test_a_retry_that_finds_nothing_failed_leaves_the_run_as_it_stood(workato: Workato, tmp_path: Path) -> None:
    control = StopSignal()

    async def drain(ctx: bulkops.Context) -> None:
        control.drain()

    here: dict[str, Any] = {"workato": workato, "journal": tmp_path, "stop": control}
    stopped = await bulkops.run(drain, accounts=IDS[:3], policy=Policy(concurrency=1), **here)
    assert (stopped.state, stopped.outcomes[Outcome.NOT_ATTEMPTED]) == (RunState.INTERRUPTED, 2)
    again = await bulkops.Fleet(**here).retry(stopped.run_id, operation=drain)
    assert again is not None
    assert (again.state, again.outcomes) == (stopped.state, stopped.outcomes)


async def test_a_resume_that_was_interrupted_before_it_began_does_not_soak(workato: Workato, tmp_path: Path) -> None:
    control = StopSignal()

    async def drain(ctx: bulkops.Context) -> None:
        control.drain()

    here: dict[str, Any] = {"workato": workato, "journal": tmp_path, "stop": control}
    stopped = await bulkops.run(drain, accounts=IDS[:3], policy=Policy(waves="1,rest", soak_s="1h"), **here)
    assert (stopped.state, stopped.outcomes[Outcome.NOT_ATTEMPTED]) == (RunState.INTERRUPTED, 2)
    again = await asyncio.wait_for(bulkops.Fleet(**here).resume(stopped.run_id, operation=drain), 60)
    assert again is not None
    assert (again.state, again.outcomes) == (stopped.state, stopped.outcomes)


async def test_each_wave_is_written_down_once_when_it_begins(workato: Workato, tmp_path: Path) -> None:
    touch = operation(Failing())
    here: dict[str, Any] = {"workato": workato, "journal": tmp_path}
    report = await bulkops.run(touch, accounts=IDS[:3], policy=Policy(waves="1,rest"), **here)
    async with Journal.open(tmp_path, read_only=True) as journal:
        events = await journal.events(report.run_id)
    waves = [{"wave": 1, "of": 2, "size": 1}, {"wave": 2, "of": 2, "size": 2}]
    assert [event.data for event in events if event.kind == "wave"] == waves


async def test_a_retry_does_not_end_what_was_halted(workato: Workato, tmp_path: Path) -> None:
    failing = Failing(*IDS[:3])
    touch = operation(failing)
    policy = Policy(max_failures=1, concurrency=1)
    halted = await bulkops.run(touch, accounts=IDS, workato=workato, policy=policy, journal=tmp_path)
    assert (halted.state, halted.exit_code) == (RunState.HALTED, 3)
    failing.bad.clear()
    retried = await bulkops.Fleet(workato, journal=tmp_path).retry(operation=touch)
    assert retried is not None
    assert retried.outcomes[Outcome.FAILED] == 0
    assert (retried.state, retried.exit_code) == (RunState.HALTED, 3), "eighteen accounts were never tried"
    resumed = await bulkops.Fleet(workato, journal=tmp_path).resume(operation=touch)
    assert resumed is not None
    assert (resumed.state, resumed.exit_code) == (RunState.FINISHED, 0)


async def test_a_percentage_that_a_finished_wave_passed_holds_after_a_resume(workato: Workato, tmp_path: Path) -> None:
    touch = operation(Failing(*IDS[:9]))
    policy = Policy(waves="10,rest", max_failures="10%", breaker=None)
    halted = await bulkops.run(touch, accounts=IDS, workato=workato, policy=policy, journal=tmp_path)
    assert halted.outcomes[Outcome.FAILED] == 9
    assert halted.state is RunState.HALTED
    again = await bulkops.Fleet(workato, journal=tmp_path).resume(operation=touch)
    assert again is not None
    assert (again.state, again.outcomes[Outcome.NOT_ATTEMPTED]) == (RunState.HALTED, 10)
    assert "more than the 1 allowed" in str(again.reason)


async def test_a_refused_resume_leaves_the_run_as_it_stood(workato: Workato, tmp_path: Path) -> None:
    touch = operation(Failing(*IDS[:9]))
    policy = Policy(waves="10,rest", max_failures="10%", breaker=None, concurrency=1)
    halted = await bulkops.run(touch, accounts=IDS, workato=workato, policy=policy, journal=tmp_path)
    assert halted.state is RunState.HALTED
    with pytest.raises(PlanError, match="more than the 1 allowed"):
        await bulkops.Fleet(workato, journal=tmp_path).resume(operation=touch)
    report = await bulkops.Fleet(workato, journal=tmp_path).retry(failure_class="none", operation=touch)
    assert report is not None
    assert (report.state, report.reason) == (RunState.HALTED, halted.reason)


async def test_an_approval_is_for_the_gate_that_waits(workato: Workato, tmp_path: Path) -> None:
    touch = operation(Failing())
    control = bulkops.StopSignal()
    control.drain()
    policy = Policy(waves="5,5,rest", approve=True)
    stopped = await bulkops.run(touch, accounts=IDS, workato=workato, policy=policy, journal=tmp_path, stop=control)
    assert stopped.state is RunState.INTERRUPTED
    paused = await bulkops.Fleet(workato, journal=tmp_path).resume(operation=touch, approved=True)
    assert paused is not None
    assert (paused.state, paused.outcomes[Outcome.UNCHANGED]) == (RunState.PAUSED, 5)
    second = await bulkops.Fleet(workato, journal=tmp_path).resume(operation=touch, approved=True)
    assert second is not None
    assert (second.state, second.outcomes[Outcome.UNCHANGED]) == (RunState.PAUSED, 10)
    recut = await bulkops.Fleet(workato, journal=tmp_path, policy=Policy(waves="15,rest", approve=True)).resume(
        operation=touch, approved=True
    )
    assert recut is not None
    assert (recut.state, recut.outcomes[Outcome.UNCHANGED]) == (RunState.PAUSED, 15), "another cut, another gate"


@pytest.mark.parametrize("value", [object(), math.nan, [{"ratio": math.inf}]])
async def test_a_detail_that_is_no_data_costs_nobody_the_run(value: object, workato: Workato, tmp_path: Path) -> None:
    async def noted(ctx: bulkops.Context) -> None:
        ctx.detail["at"] = value

    report = await bulkops.run(noted, accounts=IDS, workato=workato, journal=tmp_path)
    assert report.outcomes[Outcome.UNCHANGED] == 20
    assert "not JSON data" in report.accounts[0].detail["detail"]


async def test_an_open_effect_is_unknown_whatever_the_operation_says(workato: Workato, tmp_path: Path) -> None:
    async def careless(ctx: bulkops.Context) -> None:
        async def lost() -> Any:
            raise TaskUnknown("the line went dead")

        with contextlib.suppress(TaskUnknown):
            await ctx.step("write", lost)

    report = await bulkops.run(careless, accounts=IDS[:1], workato=workato, journal=tmp_path)
    assert report.outcomes[Outcome.UNKNOWN] == 1
    assert "write" in str(report.accounts[0].reason)


async def test_an_excluded_customer_is_left_out_under_either_name(workato: Workato, tmp_path: Path) -> None:
    exclude = tmp_path / "exclude.txt"
    exclude.write_text("EORG-2\n4100235\n")
    chosen = await select(workato, accounts="all", exclude=str(exclude))
    assert len(chosen) == 18
    assert chosen.not_there == []
    accounts = tmp_path / "accounts.txt"
    accounts.write_text("4100231\n4100232\n4100235\n")
    with pytest.raises(InputError, match=r"EORG-2 is not in accounts\.txt"):
        await select(workato, accounts=str(accounts), exclude=str(exclude))


@pytest.mark.parametrize("accounts", ["all", "EORG-1\nEORG-2\nEORG-3\n"])
async def test_an_excluded_name_in_another_case_is_left_out_and_an_unknown_one_is_told(
    workato: Workato, tmp_path: Path, accounts: str
) -> None:
    exclude = tmp_path / "exclude.csv"
    exclude.write_text("external_id\norg-2\norg-999\n")
    if accounts != "all":
        (tmp_path / "accounts.txt").write_text(accounts)
        accounts = str(tmp_path / "accounts.txt")
    chosen = await select(workato, accounts=accounts, exclude=str(exclude), limit=2)
    assert [row.account.replace("410023", "EORG-") for row in chosen.rows] == ["EORG-1", "EORG-3"]
    assert chosen.not_there == ["Eorg-999"]


@pytest.mark.parametrize("accounts", ["all", "account,plan_id\n4100231,a\n4100232,b\n"])
async def test_an_excluded_account_that_no_pattern_matches_is_there_all_the_same(
    workato: Workato, tmp_path: Path, accounts: str
) -> None:
    exclude = tmp_path / "exclude.txt"
    exclude.write_text("4100232\n4999999\n")
    where = {"external_id": "ORG-1"}
    if accounts != "all":
        (tmp_path / "accounts.csv").write_text(accounts)
        accounts, where = str(tmp_path / "accounts.csv"), {"plan_id": "a"}
    chosen = await select(workato, accounts=accounts, exclude=str(exclude), where=where)
    assert [row.account for row in chosen.rows] == ["4100231"]
    assert chosen.not_there == ["4999999"]


async def test_a_changed_function_is_not_the_run_that_began(workato: Workato, tmp_path: Path) -> None:
    await bulkops.run(operation(Failing()), accounts=IDS[:1], workato=workato, journal=tmp_path)

    async def another(ctx: bulkops.Context) -> None:
        ctx.detail["x"] = 1

    with pytest.raises(JournalMismatch, match="not the one the run began with"):
        await bulkops.Fleet(workato, journal=tmp_path).retry(operation=another)


async def test_a_function_that_is_aborted_while_its_write_is_at_the_server_is_unknown(tmp_path: Path) -> None:
    """It has no steps: nobody can tell what came of the write, and "not attempted" would be a lie."""

    async def tidy(ctx: bulkops.Context) -> None:
        await ctx.account.folders.create("Tidy")

    control = bulkops.StopSignal()
    async with Sandbox(SandboxSettings(customers=2, time_scale=1, quotas="off")) as vendor:
        tuning = Tuning.from_toml(vendor.client_file, source="client file")

        async def abort() -> None:
            while vendor.requests()["total"] < 2:  # noqa: ASYNC110 - it counts, and tells nobody
                await asyncio.sleep(0.002)
            control.abort()

        aborting = asyncio.create_task(abort())
        async with Workato(token=vendor.token, host=vendor.url, tuning=tuning) as client:
            await workspace_of(client)
            vendor.set_faults(Faults(slow=1.0))
            policy = Policy(concurrency=1)
            report = await bulkops.run(
                tidy, accounts=IDS[:2], workato=client, policy=policy, journal=tmp_path, stop=control
            )
        await aborting
    assert (report.outcomes[Outcome.UNKNOWN], report.outcomes[Outcome.NOT_ATTEMPTED]) == (1, 1), str(report)
    assert report.accounts[0].reason == "stopped at once (interrupted) while a change was under way"
    assert "check the account" in str(report.accounts[0].remedy)


async def test_a_function_whose_write_is_never_answered_is_unknown(tmp_path: Path) -> None:
    """Also when the call may be repeated: it was, and nobody saw any of them end."""

    async def rename(ctx: bulkops.Context) -> None:
        await ctx.account.customer.update(name="New")

    async with Sandbox(SandboxSettings(customers=1, time_scale=400, quotas="off")) as vendor:
        tuning = Tuning.from_toml(vendor.client_file, source="client file")
        tuning = attrs.evolve(tuning, call_timeout_s=3.0, account_timeout_s=3.0)
        async with Workato(token=vendor.token, host=vendor.url, tuning=tuning) as client:
            await workspace_of(client)
            vendor.set_faults(Faults(reset=1.0))
            report = await bulkops.run(rename, accounts=IDS[:1], workato=client, journal=tmp_path)
    assert report.outcomes[Outcome.UNKNOWN] == 1, str(report)


@pytest.mark.slow
async def test_the_runs_deadline_ends_a_soak(workato: Workato, tmp_path: Path) -> None:
    """Nobody waits an hour between two waves for a run that had to end in a minute."""
    tuning = attrs.evolve(workato.settings.tuning, run_timeout_s=5.0)
    async with Workato.from_settings(attrs.evolve(workato.settings, tuning=tuning)) as hurried:
        policy = Policy(waves="1,rest", soak_s="1h")
        report = await bulkops.run(
            operation(Failing()), accounts=IDS[:3], workato=hurried, policy=policy, journal=tmp_path
        )
    assert (report.state, report.reason) == (RunState.HALTED, "the run's deadline of 5 s passed")
    assert (report.outcomes[Outcome.UNCHANGED], report.outcomes[Outcome.NOT_ATTEMPTED]) == (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize(("bad", "state"), [((), RunState.FINISHED), ((IDS[0],), RunState.HALTED)])
async def test_a_deadline_that_passes_while_the_last_accounts_finish_halts_nothing(
    workato: Workato, tmp_path: Path, bad: tuple[int, ...], state: RunState
) -> None:
    failing, passed = Failing(*bad), asyncio.Event()

    async def slowly(ctx: bulkops.Context) -> None:
        await ctx.step("create folder", lambda: ctx.account.folders.create("Slow"), check="the folder")
        await passed.wait()
        await failing(ctx)

    def observe(event: bulkops.events.Event) -> None:
        if isinstance(event, bulkops.events.RunChanged) and event.state == "draining":
            passed.set()

    tuning = attrs.evolve(workato.settings.tuning, run_timeout_s=3.0)
    async with Workato.from_settings(attrs.evolve(workato.settings, tuning=tuning)) as hurried:
        report = await bulkops.run(slowly, accounts=IDS[:2], workato=hurried, journal=tmp_path, observe=observe)
    assert report.outcomes[Outcome.CHANGED] == 2 - len(bad), str(report)
    assert report.state is state
