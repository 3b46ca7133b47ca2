"""What a script may leave out when it calls `run` and `resume`, and what it is told when it cannot."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import bulkops
from bulkops import Outcome, Workato
from bulkops.errors import ConfigError, InputError
from bulkops.journal import Journal, RunState
from bulkops.operations import CreateFolder, Each, StopRecipes
from bulkops.sandbox import Sandbox, SandboxSettings
from tests.here import client_of

IDS = [4100231, 4100232]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(customers=2, time_scale=400, quotas="off")) as vendor:
        yield vendor


@pytest.fixture
async def workato(sandbox: Sandbox) -> AsyncIterator[Workato]:
    async with client_of(sandbox) as client:
        yield client


async def test_a_list_of_customers_brings_its_client(workato: Workato, tmp_path: Path) -> None:
    report = await bulkops.run(CreateFolder("CRM"), accounts=workato.customers.list(), journal=tmp_path)
    assert report.outcomes[Outcome.CHANGED] == 2
    with pytest.raises(ConfigError, match=r"a run needs a client") as caught:
        await bulkops.run(CreateFolder("CRM"), accounts=IDS, journal=tmp_path)
    assert caught.value.remedy


async def test_accounts_are_a_list(workato: Workato, tmp_path: Path) -> None:
    async def later() -> AsyncIterator[int]:
        yield IDS[0]

    for mistake, named in (
        ("4100231", "the text '4100231'"),
        (b"4100231", "bytes"),
        (IDS[0], "int"),
        (workato.customers, "Customers"),
        (later(), "async_generator"),
    ):
        with pytest.raises(ConfigError, match=f"accounts must be a list, not {named}"):
            await bulkops.run(CreateFolder("CRM"), accounts=mistake, workato=workato, journal=tmp_path)  # type: ignore[arg-type]


async def test_a_column_that_no_account_has_is_named_before_anything_is_sent(
    sandbox: Sandbox, workato: Workato, tmp_path: Path
) -> None:
    counted = sandbox.requests()["total"]
    operation = CreateFolder("{who}") >> Each("managed_users.tags.create", params={"title": "{who} of {team}"})
    fleet = bulkops.Fleet(workato, journal=tmp_path)
    readers = r"read by create-folder \(folder\), each \(params\.title\); "
    places: list[tuple[Any, str]] = [
        (IDS, "use an account file"),
        ([{"id": IDS[0], "Team": "A"}], "did you mean 'Team'? its columns are Team"),
    ]
    for accounts, remedy in places:
        for start in (fleet.run, fleet.plan, partial(fleet.plan, offline=True)):
            with pytest.raises(InputError, match=f"has no column 'team', 'who', {readers}{re.escape(remedy)}"):
                await start(operation, accounts)
    for start in (fleet.run, fleet.plan):
        with pytest.raises(InputError, match="the customer list has no column 'team'"):
            await start(operation, workato.customers.list())
    assert sandbox.requests()["total"] == counted


async def test_a_retry_without_a_client_takes_it_from_the_environment(
    sandbox: Sandbox, workato: Workato, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = await bulkops.run(StopRecipes(folder="CRM"), accounts=IDS[:1], workato=workato, journal=tmp_path)
    assert failed.outcomes[Outcome.FAILED] == 1
    await workato.account(IDS[0]).folders.create("CRM")
    monkeypatch.setenv("WORKATO_API_TOKEN", sandbox.token)
    monkeypatch.setenv("WORKATO_HOST", sandbox.url)
    again = await bulkops.Fleet(journal=tmp_path).retry()
    assert again is not None
    assert again.outcomes[Outcome.UNCHANGED] == 1


async def test_there_is_nothing_to_resume_in_an_empty_journal(workato: Workato, tmp_path: Path) -> None:
    assert await bulkops.Fleet(workato, journal=tmp_path).resume() is None


async def test_a_run_whose_process_died_after_its_last_account_is_finished_by_a_resume(
    workato: Workato, tmp_path: Path
) -> None:
    report = await bulkops.run(CreateFolder("CRM"), accounts=IDS, workato=workato, journal=tmp_path)
    async with Journal.open(tmp_path) as journal:
        await journal.set_state(report.run_id, RunState.RUNNING)
    again = await bulkops.Fleet(workato, journal=tmp_path).resume(report.run_id)
    assert again is not None
    assert (again.state, again.outcomes[Outcome.CHANGED]) == (RunState.FINISHED, 2)
