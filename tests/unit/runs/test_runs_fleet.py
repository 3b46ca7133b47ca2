"""`Fleet`: the runs of one client, journal and policy."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest

from bulkops import Fleet, Outcome, Policy, StopSignal, Workato, run, select
from bulkops.errors import ConfigError, JournalError
from bulkops.journal import RunState
from bulkops.operations import CreateFolder, StopRecipes
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Tuning

CUSTOMERS = 5


@pytest.fixture
async def vendor() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(customers=CUSTOMERS, time_scale=400, quotas="off")) as sandbox:
        yield sandbox


@pytest.fixture
async def fleet(vendor: Sandbox, tmp_path: Path) -> AsyncIterator[Fleet]:
    tuning = Tuning.from_toml(vendor.client_file, source="client file")
    async with Workato(token=vendor.token, host=vendor.url, tuning=tuning) as workato:
        yield Fleet(workato, journal=tmp_path, policy=Policy(waves="1,rest"))


def client(fleet: Fleet) -> Workato:
    assert fleet.workato is not None
    return fleet.workato


async def test_plan_run_undo_report_and_runs(fleet: Fleet, vendor: Sandbox) -> None:
    accounts = await select(client(fleet), accounts="all")
    plan = await fleet.plan(CreateFolder("Reports"), accounts)
    assert plan.groups == [(CUSTOMERS, "create folder 'Reports'")]
    report = await fleet.run(CreateFolder("Reports"), accounts, plan=plan)
    assert report.outcomes[Outcome.CHANGED] == CUSTOMERS
    undone = await fleet.undo(report.run_id, limit=2)
    assert undone.outcomes[Outcome.CHANGED] == 2
    assert [effect["kind"] for effect in vendor.effects()].count("folder.deleted") == 2
    assert (await fleet.report()).run_id == undone.run_id
    assert (await fleet.report(report.run_id)).outcomes == report.outcomes
    assert json.loads(report.render("json"))["run"] == report.run_id
    brief, detailed = report.render("html"), (await fleet.report(report.run_id, detailed=True)).render("html")
    assert len(detailed) > len(brief) > len(report.render()), "more is drawn"
    assert [record.run_id for record in await fleet.runs()] == [undone.run_id, report.run_id]
    assert {record.policy["waves"] for record in await fleet.runs()} == {"1,rest"}


async def test_before_the_first_run_there_is_none(fleet: Fleet, tmp_path: Path) -> None:
    """A scheduled program begins with both, also in its first night."""
    first = attrs.evolve(fleet, journal=tmp_path / "none")
    assert (await first.runs(), await first.resume()) == ([], None)


async def test_new_accounts_are_those_of_no_earlier_run(fleet: Fleet) -> None:
    for limit, new in ((2, 2), (None, CUSTOMERS - 2), (None, 0)):
        known = [row.account for run in await fleet.runs() for row in (await fleet.report(run.run_id)).accounts]
        accounts = await select(client(fleet), accounts="all", known=known, limit=limit)
        assert (await fleet.run(CreateFolder("Reports"), accounts)).outcomes[Outcome.CHANGED] == new


async def test_resume_and_retry_keep_the_policy_of_the_run(fleet: Fleet) -> None:
    stopped = StopSignal()
    stopped.drain()
    accounts = await select(client(fleet), accounts="all")
    report = await attrs.evolve(fleet, stop=stopped).run(CreateFolder("Reports"), accounts)
    assert report.outcomes[Outcome.NOT_ATTEMPTED] == CUSTOMERS
    again = attrs.evolve(fleet, policy=None)
    resumed = await again.resume()
    assert resumed is not None
    assert resumed.outcomes[Outcome.CHANGED] == CUSTOMERS
    assert await again.resume() is None, "no run is unfinished"
    assert [record.policy["waves"] for record in await fleet.runs()] == ["1,rest"]
    failed = await again.run(StopRecipes(folder="Nowhere"), accounts)
    assert failed.outcomes[Outcome.FAILED] == CUSTOMERS
    retried = await again.retry(failed.run_id, accounts=[accounts.rows[0].account])
    assert retried.outcomes[Outcome.FAILED] == CUSTOMERS


async def test_a_run_takes_the_client_of_its_accounts_or_says_that_it_needs_one(fleet: Fleet, tmp_path: Path) -> None:
    alone = Fleet(journal=tmp_path / "other")
    with pytest.raises(ConfigError, match="a run needs a client"):
        await alone.plan(CreateFolder("Reports"), [4100231])
    assert (await alone.run(CreateFolder("A"), client(fleet).customers.list())).state is RunState.FINISHED
    plan = await alone.plan(CreateFolder("B"), client(fleet).customers.list(), offline=True)
    assert plan.inventory == CUSTOMERS


async def test_run_in_one_line_is_a_run_of_a_fleet(fleet: Fleet, tmp_path: Path) -> None:
    journal = tmp_path / "other"
    with pytest.raises(JournalError, match=r"the journal .* does not exist"):
        await Fleet(journal=journal).report()
    report = await run(CreateFolder("A"), accounts=[4100231], workato=client(fleet), journal=journal)
    assert [record.run_id for record in await Fleet(journal=journal).runs()] == [report.run_id]
