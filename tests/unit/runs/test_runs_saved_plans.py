"""A saved plan binds a run to what it looked at: these accounts, on this host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest

import bulkops
from bulkops import Outcome, Workato
from bulkops.errors import InputError, PlanError
from bulkops.operations import Copy, CreateFolder, ImportPackage, Operation, UpgradePlan
from bulkops.runs import Fleet, FleetPlan, from_values
from bulkops.sandbox import Sandbox, SandboxSettings
from tests.here import client_of

IDS = [4100231, 4100232, 4100233, 4100234]


@pytest.fixture
async def workato() -> AsyncIterator[Workato]:
    async with (
        Sandbox(SandboxSettings(customers=4, time_scale=400, quotas="off")) as vendor,
        client_of(vendor) as client,
    ):
        yield client


async def test_an_account_outside_of_the_sample_did_not_drift(workato: Workato, tmp_path: Path) -> None:
    made, accounts = CreateFolder(folder="CRM"), from_values(IDS)
    foreseen = await Fleet(workato, journal=tmp_path).plan(made, accounts, sample=2)
    report = await bulkops.run(made, accounts=accounts, workato=workato, journal=tmp_path, plan=foreseen)
    assert (report.outcomes[Outcome.CHANGED], report.outcomes[Outcome.SKIPPED]) == (2, 2)
    reasons = {row.reason for row in report.accounts if row.outcome is Outcome.SKIPPED}
    assert reasons == {"the plan did not look at this account"}
    assert report.exit_code == 1, "not all accounts are done"


@pytest.mark.parametrize(
    "made",
    [ImportPackage(manifest=12, folder="CRM"), Copy("partner", folders=["CRM rollout"])],
    ids=["manifest", "copy"],
)
async def test_a_plan_from_before_the_export_is_refused(workato: Workato, tmp_path: Path, made: Operation) -> None:
    """Each account would be skipped: its changes are others, once it is known what will be imported."""
    accounts, fleet = from_values(IDS), Fleet(workato, journal=tmp_path)
    for whole in (made, made >> UpgradePlan(plan_id="oem_big")):
        foreseen = await fleet.plan(whole, accounts)
        with pytest.raises(PlanError, match=r"does not know what will be imported.*--export"):
            await fleet.run(whole, accounts, plan=foreseen)
    assert await fleet.runs() == []
    exported = await made.prepare(workato, tmp_path)
    report = await fleet.run(made, accounts, plan=await fleet.plan(exported, accounts))
    assert report.outcomes[Outcome.CHANGED] == len(IDS), str(report)


async def test_a_plan_of_another_host_is_refused(workato: Workato, tmp_path: Path) -> None:
    made, accounts = CreateFolder(folder="CRM"), from_values(IDS)
    foreseen = await Fleet(workato, journal=tmp_path).plan(made, accounts)
    elsewhere = attrs.evolve(foreseen, host="https://www.workato.com")
    with pytest.raises(PlanError, match=r"belongs to https://www\.workato\.com, not to http://127"):
        await bulkops.run(made, accounts=accounts, workato=workato, journal=tmp_path, plan=elsewhere)


async def test_an_account_that_drifted_is_left_alone(workato: Workato, tmp_path: Path) -> None:
    made, accounts = CreateFolder(folder="CRM"), from_values(IDS)
    foreseen = await Fleet(workato, journal=tmp_path).plan(made, accounts)
    await workato.account(IDS[1]).folders.create("CRM")
    report = await bulkops.run(made, accounts=accounts, workato=workato, journal=tmp_path, plan=foreseen)
    assert (report.outcomes[Outcome.CHANGED], report.outcomes[Outcome.SKIPPED]) == (3, 1)
    (drifted,) = (row for row in report.accounts if row.outcome is Outcome.SKIPPED)
    assert (drifted.account, drifted.reason) == (
        str(IDS[1]),
        "the account has changed since the plan; now: nothing to do",
    )
    assert drifted.remedy == "plan again"
    assert (report.exit_code, report.left_out) == (0, []), "it is as the run would make it"


async def test_an_account_that_cannot_be_planned_any_more_is_left_alone(workato: Workato, tmp_path: Path) -> None:
    made, accounts = CreateFolder(folder="CRM/Orders"), from_values(IDS)
    foreseen = await Fleet(workato, journal=tmp_path).plan(made, accounts)
    for _ in range(2):
        await workato.account(IDS[2]).folders.create("CRM")
    report = await bulkops.run(made, accounts=accounts, workato=workato, journal=tmp_path, plan=foreseen)
    (drifted,) = (row for row in report.accounts if row.outcome is Outcome.SKIPPED)
    assert drifted.account == str(IDS[2])
    assert "2 folders" in str(drifted.reason)
    assert (report.exit_code, [row.account for row in report.left_out]) == (1, [drifted.account])
    assert report.outcomes[Outcome.CHANGED] == 3


async def test_a_plan_that_was_saved_and_read_is_the_same_plan(workato: Workato, tmp_path: Path) -> None:
    made, accounts = CreateFolder(folder="CRM"), from_values(IDS)
    foreseen = await Fleet(workato, journal=tmp_path).plan(made, accounts)
    foreseen.save(tmp_path / "plan.json")
    assert FleetPlan.load(tmp_path / "plan.json") == foreseen
    with pytest.raises(InputError, match="cannot write the plan"):
        foreseen.save(tmp_path / "none" / "plan.json")
