"""Whatever the vendor turns out to do where its documents are silent: the same jobs do their work, or fail in words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bulkops.client import Account
from bulkops.errors import BadRequest
from bulkops.models import ImportStatus
from bulkops.operations import (
    AddMember,
    AuthoriseConnections,
    EnableApiPlatform,
    EnableEndpoints,
    ImportPackage,
    Operation,
    RemoveMember,
    SetProperties,
    StartRecipes,
)
from bulkops.report import Report
from bulkops.sandbox import Assumptions, Faults
from tests.fleet import API_PACKAGE, CREDENTIALS, PACKAGE, SECRETS
from tests.here import Here, here, outcomes

FIRST = 4100231
ONE: list[Mapping[str, object]] = [{"id": FIRST}]

COPED_WITH: dict[str, tuple[Any, ...]] = {
    "throttle_body": ("html", "empty"),
    "retry_after": ("date", "seconds"),
    "rate_limit_headers": (True, True),
    "import_reply": ("in_progress", "completed"),
    "running_state": ("processing", "in_progress"),
    "recipe_status": (True, False),
    "untouched_result": ("no_update_or_update_without_restart", "no_update_or_updated_without_restart"),
    "import_limit_per": ("partner", "customer"),
    "start_running": ("refused", "success"),
    "config_errors": ("text", "nested"),
    "single_objects": ("bare", "result"),
    "members_list": ("bare", "result"),
    "recipes_list": ("items", "result"),
    "properties_list": ("pairs", "map"),
    "properties_upsert": ("saved_property_count", "success"),
    "success_spelling": ("Success", "success"),
}
"""Forms of one and the same thing: two sandboxes that differ in nearly all of them from each other and the default."""


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def job() -> Operation:
    imported = (
        ImportPackage(API_PACKAGE, folder="API") >> AuthoriseConnections(CREDENTIALS) >> StartRecipes(folder="API")
    )
    enabled = EnableApiPlatform(folder="API", secrets_to="keys.jsonl") >> EnableEndpoints(folder="API")
    people = AddMember(member_name="Ana", external_id="U-1", role="Admin")
    return imported >> enabled >> SetProperties({"crm.object": "Account"}) >> people


@pytest.mark.parametrize("which", [0, 1])
def test_the_same_job_whatever_the_form_of_the_answers(tmp_path: Path, which: int) -> None:
    async def scenario(it: Here) -> None:
        report = await it.run(job(), ONE)
        assert outcomes(report) == {"changed": 1}, report.accounts[0].reason
        effects = it.kinds()
        assert effects["recipe.started"] > 0
        assert outcomes(await it.run(job(), ONE)) == {"unchanged": 1}
        assert it.kinds() == effects
        assert outcomes(await it.run(RemoveMember(external_id="U-1"), ONE)) == {"changed": 1}
        assert it.sandbox.requests()["struck"]["throttle"] > 0

    assumptions = Assumptions(**{name: choices[which] for name, choices in COPED_WITH.items()})
    # some requests are refused: then the body of a 429 matters
    here(tmp_path, scenario, customers=1, assumptions=assumptions, faults=Faults(throttle=0.1))


def _failure(report: Report) -> tuple[str | None, str]:
    (row,) = report.accounts
    assert row.outcome == "failed", row
    return row.failure_class, f"{row.reason}"


@pytest.mark.parametrize("choice", ["failed", "refused"])
def test_a_package_over_running_recipes_fails_either_way(tmp_path: Path, choice: str) -> None:
    """An operation looks first; somebody may start a recipe behind its back."""

    async def scenario(it: Here) -> None:
        imported = ImportPackage(PACKAGE, folder="CRM") >> AuthoriseConnections(CREDENTIALS)
        await it.run(imported >> StartRecipes(folder="CRM"), ONE)
        account = it.workato.account(FIRST)
        (folder,) = [each async for each in account.folders.list() if each.name == "CRM"]
        try:
            sent = await account.imports.create(PACKAGE.read_bytes(), folder_id=folder.id)
        except BadRequest as error:
            seen, words = "refused", str(error)
        else:
            ended = await _over(account, sent.id)
            seen, words = ended.status, str(ended.error)
        assert (seen, "restart_recipes" in words) == (choice, True)

    here(tmp_path, scenario, customers=1, assumptions=Assumptions(import_over_running=choice))


async def _over(account: Account, package_id: int) -> ImportStatus:
    while True:
        seen = await account.imports.get(package_id)
        if seen.status != "in_progress":
            return seen
        await asyncio.sleep(0.005)


@pytest.mark.parametrize(("choice", "expected"), [("queued", {"changed": 1}), ("refused", {"failed": 1})])
def test_an_import_beside_somebody_elses(tmp_path: Path, choice: str, expected: dict[str, int]) -> None:
    async def scenario(it: Here) -> None:
        account = it.workato.account(FIRST)
        folder = await account.folders.create("Theirs")
        await account.imports.create(PACKAGE.read_bytes(), folder_id=folder.id)
        report = await it.run(ImportPackage(PACKAGE, folder="CRM"), ONE)
        assert outcomes(report) == expected
        assert choice == "queued" or "Another import is in progress" in _failure(report)[1]

    here(tmp_path, scenario, customers=1, time_scale=20, assumptions=Assumptions(second_import=choice))


@pytest.mark.parametrize("status", [403, 404])
def test_somebody_elses_customer_fails_in_words(tmp_path: Path, status: int) -> None:
    async def scenario(it: Here) -> None:
        report = await it.run(StartRecipes(folder="CRM"), [{"id": 17}, {"id": FIRST}])
        (row,) = [each for each in report.accounts if each.account == "17"]
        assert (row.outcome, row.failure_class) == ("failed", {403: "forbidden", 404: "not-found"}[status])

    here(tmp_path, scenario, customers=1, assumptions=Assumptions(foreign_customer=status))


def test_a_right_that_is_missing_is_the_accounts_failure_as_403(tmp_path: Path) -> None:
    async def scenario(it: Here) -> None:
        failed, words = _failure(await it.run(ImportPackage(PACKAGE, folder="CRM"), ONE))
        assert (failed, "no right" in words) == ("forbidden", True)

    here(tmp_path, scenario, customers=1, deny=("managed_users.imports.create",))


def test_a_right_that_is_missing_ends_the_run_as_401(tmp_path: Path) -> None:
    async def scenario(it: Here) -> None:
        report = await it.run(ImportPackage(PACKAGE, folder="CRM"), [{"id": FIRST + n} for n in range(3)])
        assert report.exit_code == 4
        assert it.kinds()["import.completed"] == 0

    assumptions = Assumptions(missing_right=401)
    here(tmp_path, scenario, customers=3, deny=("managed_users.imports.create",), assumptions=assumptions)
