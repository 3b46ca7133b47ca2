"""A wrong customer in an account file is a cause of its own, not the 404 of whatever call came first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import bulkops
from bulkops import Outcome, Workato
from bulkops.operations import CreateFolder
from bulkops.runs import Fleet, from_values
from bulkops.sandbox import Sandbox, SandboxSettings
from tests.here import client_of

ID = 4100231


@pytest.fixture
async def vendor() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(customers=3, time_scale=400, quotas="off")) as running:
        yield running


@pytest.fixture
async def workato(vendor: Sandbox) -> AsyncIterator[Workato]:
    async with client_of(vendor) as client:
        yield client


async def test_wrong_customers_are_one_cluster(workato: Workato, tmp_path: Path) -> None:
    report = await bulkops.run(
        CreateFolder("Tidy"), accounts=[ID, 99, "ENOBODY", 98], workato=workato, journal=tmp_path
    )
    assert report.outcomes[Outcome.CHANGED] == 1
    (cluster,) = report.clusters
    assert (cluster.cause, cluster.count, cluster.failure_class) == (
        "the customer does not exist",
        3,
        "no-such-customer",
    )
    assert report.accounts[2].reason == (
        "customer ENOBODY does not exist; correct the id in the account file, or the data center (WORKATO_HOST)"
    )
    assert "first: correct the id in the account file" in str(report)


async def test_a_plan_says_so_too(workato: Workato, tmp_path: Path) -> None:
    accounts = from_values([ID, 99])
    foreseen = await Fleet(workato, journal=tmp_path).plan(CreateFolder("Tidy"), accounts)
    assert [one.problem for one in foreseen.accounts] == [None, "the customer does not exist"]


@pytest.mark.parametrize("after", ["nothing", "an answer"])
async def test_a_customer_that_is_there_and_lacks_something_keeps_its_404(
    vendor: Sandbox, workato: Workato, tmp_path: Path, after: str
) -> None:
    """One look, and none where the account has answered before."""

    async def look(ctx: bulkops.Context) -> Any:
        if after == "an answer":
            await ctx.account.folders.list().collect()
        await ctx.account.recipes.get(1)

    report = await bulkops.run(look, accounts=[ID], workato=workato, journal=tmp_path)
    assert (report.accounts[0].outcome, report.accounts[0].failure_class) == (Outcome.FAILED, "not-found")
    assert "recipes.get: 404" in (report.accounts[0].cause or "")
    asked = vendor.requests()["total"] - 1  # whose token it is
    assert asked == 2, "the check the customer, or the list before"


async def test_where_customers_may_not_be_read_the_404_stands(vendor: Sandbox, tmp_path: Path) -> None:
    vendor.deny("managed_users.get")
    async with client_of(vendor) as workato:
        report = await bulkops.run(CreateFolder("Tidy"), accounts=[99], workato=workato, journal=tmp_path)
    assert report.accounts[0].failure_class == "not-found"
