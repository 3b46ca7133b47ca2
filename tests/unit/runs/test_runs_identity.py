"""The workspace of a token: asked once for each session, and never a reason to end a run without a verdict."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest

import bulkops
from bulkops import Workato
from bulkops.errors import PlanError, ServerError
from bulkops.journal import RunState
from bulkops.runs import Policy, workspace_of
from bulkops.sandbox import Assumptions, Faults, Sandbox, SandboxSettings
from bulkops.settings import Tuning

IDS = [4100231, 4100232]
THERE = "token-of-another-partner"


async def look(ctx: bulkops.Context) -> None:
    await ctx.account.folders.list().collect()


def client(vendor: Sandbox, *, token: str | None = None, call_timeout_s: float | None = None) -> Workato:
    tuning = Tuning.from_toml(vendor.client_file, source="client file")
    if call_timeout_s is not None:
        tuning = attrs.evolve(tuning, call_timeout_s=call_timeout_s)
    return Workato(token=token or vendor.token, host=vendor.url, tuning=tuning)


def questions(vendor: Sandbox) -> int:
    return int(vendor.requests()["quotas"]["assumed.partner.workspace"]["requests"])


@pytest.fixture
async def vendor() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(customers=2, time_scale=400, quotas="off")) as sandbox:
        yield sandbox


async def test_one_request_for_all_runs_and_siblings_of_a_client(vendor: Sandbox, tmp_path: Path) -> None:
    share = Policy(if_running="share")
    async with client(vendor) as workato:
        runs = (
            bulkops.run(look, accounts=IDS, workato=one, policy=share, journal=tmp_path / str(n))
            for n, one in enumerate((workato, workato, workato.with_options(read_only=True)))
        )
        reports = await asyncio.gather(*runs)
        assert [report.workspace for report in reports] == ["17293"] * 3
        assert await workspace_of(workato) == "17293"
    assert questions(vendor) == 1


async def test_a_bad_token_costs_the_question_and_one_request(vendor: Sandbox, tmp_path: Path) -> None:
    async with client(vendor, token="wrong") as workato:
        report = await bulkops.run(look, accounts=IDS, workato=workato, journal=tmp_path)
    assert (report.state, report.exit_code, report.workspace) == (RunState.AUTH_FAILED, 4, None)
    assert (vendor.requests()["total"], questions(vendor)) == (2, 1)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_role_without_the_call_works_and_compares_nothing(tmp_path: Path, status: int) -> None:
    assumptions = Assumptions(missing_right=status)
    here = SandboxSettings(customers=2, time_scale=400, quotas="off", assumptions=assumptions, deny=("users.me",))
    async with Sandbox(here) as vendor:
        stop = bulkops.StopSignal()
        stop.drain("stopped by the test")
        async with client(vendor) as workato:
            report = await bulkops.run(look, accounts=IDS, workato=workato, journal=tmp_path, stop=stop)
        assert (report.exit_code, report.workspace) == (130, None)
        vendor.add_workspace(90001, THERE)
        async with client(vendor, token=THERE) as other:
            resumed = await bulkops.Fleet(other, journal=tmp_path).resume(report.run_id, operation=look)
        assert resumed is not None
        assert (resumed.exit_code, resumed.workspace) == (0, None)


async def test_a_vendor_in_trouble_starts_no_run(vendor: Sandbox, tmp_path: Path) -> None:
    vendor.set_faults(Faults(error=1.0))
    async with client(vendor, call_timeout_s=0.5) as workato:
        with pytest.raises(ServerError):
            await bulkops.run(look, accounts=IDS, workato=workato, journal=tmp_path)
        vendor.set_faults(None)
        report = await bulkops.run(look, accounts=IDS, workato=workato, journal=tmp_path)
    assert report.workspace == "17293", "it is asked again when the first answer was none"


async def test_the_library_refuses_another_workspace_too(vendor: Sandbox, tmp_path: Path) -> None:
    async def make(ctx: bulkops.Context) -> None:
        await ctx.step("make", lambda: ctx.account.folders.create("Made"))

    stop = bulkops.StopSignal()
    stop.drain("stopped by the test")
    async with client(vendor) as workato:
        report = await bulkops.run(make, accounts=IDS, workato=workato, journal=tmp_path, stop=stop)
    vendor.add_workspace(90001, THERE)
    async with client(vendor, token=THERE) as other:
        with pytest.raises(PlanError, match="belongs to workspace 17293, but this token belongs to workspace 90001"):
            await bulkops.Fleet(other, journal=tmp_path).resume(report.run_id, operation=make)
    assert vendor.effects() == []


async def test_what_is_remembered_belongs_to_the_workspace(vendor: Sandbox, tmp_path: Path) -> None:
    """Both partners may call an account EORG-7."""
    seen = []

    async def remembering(ctx: bulkops.Context) -> None:
        seen.append(await ctx.recall("note", "key"))
        await ctx.remember("note", "key", "of the first partner")

    vendor.add_workspace(90001, THERE)
    for token in (None, None, THERE):
        async with client(vendor, token=token) as workato:
            await bulkops.run(remembering, accounts=IDS[:1], workato=workato, journal=tmp_path)
    assert seen == [None, "of the first partner", None]
