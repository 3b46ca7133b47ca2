"""Recipes that use custom connectors, shared; and a connector of the partner's own, shared with all customers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bulkops.errors import InputError
from bulkops.operations import ImportPackage, ShareRecipe
from bulkops.operations.partner_connectors import find_connector, released_version, share_connector
from bulkops.outcome import Outcome
from bulkops.runs import Fleet, Policy, from_values
from tests.acceptance.furnish import CONNECTOR as CONNECTOR_NAME, custom
from tests.fleet import fleet, kill, wait_until
from tests.here import FIRST, Here, here, in_sandbox, outcomes

CONNECTOR = 562_501
IN_CRM = ShareRecipe(folder="CRM")


def two_that_use_it(place: Path) -> ImportPackage:
    return ImportPackage(custom(place), folder="CRM")


def rows(count: int) -> list[Mapping[str, object]]:
    return [{"id": FIRST + n} for n in range(count)]


@pytest.mark.parametrize("customers", [20, pytest.param(300, marks=[pytest.mark.chaos, pytest.mark.timeout(400)])])
def test_recipes_are_shared_once(tmp_path: Path, customers: int) -> None:
    imported = two_that_use_it(tmp_path / "custom.zip")

    async def scenario(it: Here) -> None:
        await it.run(imported, rows(customers))
        before = it.sandbox.effects()
        foreseen = await Fleet(it.workato, journal=it.journal).plan(IN_CRM, from_values(rows(customers)))
        assert foreseen.groups == [(customers, "share 2 recipes")]
        assert it.sandbox.effects() == before
        done = await it.run(IN_CRM, rows(customers))
        assert outcomes(done) == {"changed": customers}
        assert sorted(set(it.keys("recipe.shared"))) == ["CRM/A", "CRM/Inner/B"]
        assert it.kinds()["recipe.shared"] == 2 * customers
        assert outcomes(await it.run(IN_CRM, rows(customers))) == {"unchanged": customers}
        assert it.kinds()["recipe.shared"] == 2 * customers

    here(tmp_path, scenario, customers=customers, time_scale=20)  # a response that comes too late would be lost


@in_sandbox(customers=1)
async def test_a_plan_foresees_shares_of_recipes_that_are_still_to_be_imported(it: Here, tmp_path: Path) -> None:
    chain = two_that_use_it(tmp_path / "custom.zip") >> IN_CRM
    foreseen = await Fleet(it.workato, journal=it.journal).plan(chain, from_values(rows(1)))
    (planned,) = foreseen.accounts
    assert planned.changes == ("create folder 'CRM'", "import 3 recipes", "share 2 recipes")
    assert outcomes(await it.run(chain, rows(1))) == {"changed": 1}


@in_sandbox()
async def test_a_share_whose_response_is_lost_stays_unknown_and_says_what_to_check(it: Here, tmp_path: Path) -> None:
    customers = 40
    await it.run(two_that_use_it(tmp_path / "custom.zip"), rows(customers))
    it.sandbox.set_faults("error=0.1,reset=0.1")
    report = await it.run(IN_CRM, rows(customers))
    it.sandbox.set_faults(None)
    again = await Fleet(it.workato, journal=it.journal, policy=Policy(breaker=1)).resume(report.run_id)
    assert again is not None
    assert again.state == "finished"  # accounts that stay unknown are not a row of failures
    again = await it.until_changed(again, times=3)
    assert outcomes(again).keys() <= {"changed", "unknown"}
    unknown = [row for row in again.accounts if row.outcome is Outcome.UNKNOWN]
    assert unknown
    assert all("look at the recipe in the workspace" in str(row.remedy) for row in unknown)
    assert {row.failure_class for row in unknown} == {"still-unknown"}
    assert [key for key in it.twice() if key[1] == "recipe.shared"] == []
    assert outcomes(await it.run(IN_CRM, rows(customers))).keys() == {"changed", "unchanged"}


@pytest.mark.parametrize(
    "customers",
    [pytest.param(20, marks=pytest.mark.slow), pytest.param(300, marks=[pytest.mark.chaos, pytest.mark.timeout(600)])],
)
def test_shares_of_a_killed_run_are_not_sent_again(tmp_path: Path, customers: int) -> None:
    most_open = 1 if customers <= 20 else 200
    with fleet(tmp_path, customers=customers, time_scale=60) as vendor:
        everyone = ("--accounts", "all", *vendor.policy, "--json")
        imported = vendor.cli("import-package", str(custom(tmp_path / "custom.zip")), "--folder", "CRM", *everyone)
        assert imported.code == 0, imported.err
        share = ("share-recipe", "--folder", "CRM", *everyone)
        process = vendor.start(*share, "--concurrency", str(most_open))
        wait_until(process, lambda: vendor.kinds()["recipe.shared"], 2 * customers // 3)
        kill(process)
        done = vendor.cli("resume", *vendor.policy, "--json")
        assert done.code in {0, 1}, done.err  # it goes on, however many are unknown
        assert done.outcomes.keys() <= {"changed", "unknown"}, done.err
        assert done.outcomes.get("unknown", 0) <= most_open  # those whose response died with the process
        assert vendor.kinds()["recipe.shared"] >= 2 * done.outcomes["changed"]
        assert vendor.twice() == []
        again = vendor.cli(*share)
        assert (again.code, again.outcomes.get("unchanged")) == (0, done.outcomes["changed"]), again.err


@in_sandbox(customers=1)
async def test_an_account_without_such_recipes_is_told_so(it: Here) -> None:
    await it.workato.account(FIRST).folders.create("CRM")
    report = await it.run(IN_CRM, rows(1))
    assert outcomes(report) == {"unchanged": 1}
    assert "no recipe of folder 'CRM' uses a custom connector" in str(report.accounts[0].detail)


@in_sandbox(customers=1)
async def test_a_connector_is_shared_through_faults(it: Here) -> None:
    """A response that is lost is sent again, and the version is checked at the end."""
    for version in (1, None, 2, None, 1):
        it.sandbox.set_faults("error=0.3,reset=0.3")
        found = await find_connector(it.workato, CONNECTOR_NAME)
        await share_connector(it.workato, found, version=version)
        it.sandbox.set_faults(None)
        assert (await find_connector(it.workato, CONNECTOR_NAME)).oem_shared_version == version
    assert it.sandbox.requests()["struck"]


@in_sandbox(customers=1)
async def test_a_connector_is_shared_with_all_customers_and_taken_back(it: Here) -> None:
    workato = it.workato
    for wanted in (CONNECTOR_NAME, "Example CRM", str(CONNECTOR)):
        assert (await find_connector(workato, wanted)).id == CONNECTOR
    found = await find_connector(workato, CONNECTOR_NAME)
    await share_connector(workato, found, version=released_version(found))
    assert it.sandbox.effects() == []
    assert found.oem_shared_version == 2
    await share_connector(workato, found, version=None)
    found = await find_connector(workato, CONNECTOR_NAME)
    assert found.oem_shared_version is None
    await share_connector(workato, found, version=1)
    assert (await workato.custom_connectors.get(CONNECTOR)).oem_shared_version == 1
    assert [row.id async for row in workato.custom_connectors.list(oem_shared=True)] == [CONNECTOR]
    with pytest.raises(InputError, match="did you mean 'Example CRM'"):
        await find_connector(workato, "Example CMR")
    made = await workato.custom_connectors.create("Example CRM", code="{}")
    with pytest.raises(InputError, match="2 custom connectors are named 'Example CRM'"):
        await find_connector(workato, "Example CRM")
    with pytest.raises(InputError, match=r"no version of connector example_crm\S+ is released"):
        released_version(made)
    newer = await workato.custom_connectors.update(made.id, code="{ }", note="second")
    assert (newer.latest_version, newer.latest_version_note) == (2, "second")
    assert released_version(await workato.custom_connectors.release(made.id)) == 2
    assert (await workato.custom_connectors.share(made.id)).latest_shared_version == 2
