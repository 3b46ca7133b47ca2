"""A run that explores a quota on the sandbox: its report, and the plan of the next one."""

from __future__ import annotations

from pathlib import Path

import attrs

import bulkops
from bulkops.cli.print_plan import render_plan
from bulkops.client import session_of
from bulkops.operations import CreateFolder, ImportPackage
from bulkops.pacing import Explored
from bulkops.report import render
from bulkops.runs import Fleet
from bulkops.sandbox import Assumptions, Sandbox, SandboxSettings
from bulkops.settings import Tuning
from tests.fleet import PACKAGE

FOLDERS = "assumed.customer.folders"


def exploring(sandbox: Sandbox) -> bulkops.Workato:
    tuning = Tuning.from_toml(sandbox.client_file, source="the client file")
    return bulkops.Workato(token=sandbox.token, host=sandbox.url, tuning=attrs.evolve(tuning, explore=(FOLDERS,)))


async def test_report_and_plan_say_what_was_found(tmp_path: Path) -> None:
    settings = SandboxSettings(
        customers=300, time_scale=30, assumptions=Assumptions(unstated_per_minute=600), window="bucket"
    )
    async with Sandbox(settings) as sandbox:
        async with exploring(sandbox) as workato:
            run = await bulkops.run(
                CreateFolder("CRM"), accounts=workato.customers.list(), workato=workato, journal=tmp_path
            )
        (found,) = run.explored
        assert found.quota == FOLDERS
        assert 60 < found.requests <= 600
        assert f"\nquota {FOLDERS} accepted {found.requests} requests in 2 s" in render(run, "text")
        line = f'client file, below [quotas]: "{FOLDERS}" = [{{ limit = {found.requests}, window_s = 2 }}]'
        assert line in render(run, "text")
        async with exploring(sandbox) as workato:
            fleet = Fleet(workato, journal=tmp_path)
            plan = await fleet.plan(CreateFolder("ERP"), workato.customers.list(), sample=5)
            session_of(workato).pacer.learn([Explored(FOLDERS, 60, 2.0, refused=True)])
            narrow = await fleet.plan(CreateFolder("ERP"), workato.customers.list(), sample=5)
    assert plan.explored == (found,)
    assert f"quota {FOLDERS} accepted {found.requests} requests in 2 s" in render_plan(plan)
    assert plan.seconds < narrow.seconds


async def test_a_plan_that_does_not_need_the_quota_does_not_mention_it(tmp_path: Path) -> None:
    settings = SandboxSettings(customers=3, time_scale=60)
    async with Sandbox(settings) as sandbox, exploring(sandbox) as workato:
        session_of(workato).pacer.learn([Explored("assumed.customer.other", 100, 1.0, refused=False)])
        plan = await Fleet(workato, journal=tmp_path).plan(
            ImportPackage(PACKAGE, folder="CRM"), workato.customers.list()
        )
    assert plan.explored == ()
