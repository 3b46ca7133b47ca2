"""Whatever the vendor turns out to do where its documents are silent: the same jobs do their work, or fail in words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bulkops.client import Account
from bulkops.errors import ApiError, BadRequest, StatusError
from bulkops.models import ImportStatus
from bulkops.operations import (
    AddMember,
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
from tests.fleet import API_PACKAGE, PACKAGE
from tests.here import FIRST, Here, here, in_sandbox, main_job, outcomes

ONE: list[Mapping[str, object]] = [{"id": FIRST}]

COPED_WITH: dict[str, tuple[Any, ...]] = {
    "throttle_body": ("html", "empty"),
    "retry_after": ("date", "seconds"),
    "rate_limit_headers": ("X-Rate-Limit", "X-RateLimit"),
    "assumed_wrappers": ("bare", "result"),
    "correlation_id": ("own", "none"),
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


def job() -> Operation:
    enabled = EnableApiPlatform(folder="API", secrets_to="keys.jsonl") >> EnableEndpoints(folder="API")
    people = AddMember(member_name="Ana", external_id="U-1", role="Admin")
    return main_job(API_PACKAGE, folder="API") >> enabled >> SetProperties({"crm.object": "Account"}) >> people


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
        await it.run(main_job(), ONE)
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


@pytest.mark.parametrize(
    ("choice", "expected", "scale"),
    [("queued", {"changed": 1}, 200), ("refused", {"failed": 1}, 0.1)],  # theirs lasts for minutes: it is still there
    ids=["queued", "refused"],
)
def test_an_import_beside_somebody_elses(tmp_path: Path, choice: str, expected: dict[str, int], scale: float) -> None:
    async def scenario(it: Here) -> None:
        account = it.workato.account(FIRST)
        folder = await account.folders.create("Theirs")
        await account.imports.create(PACKAGE.read_bytes(), folder_id=folder.id)
        report = await it.run(ImportPackage(PACKAGE, folder="CRM"), ONE)
        assert outcomes(report) == expected
        assert choice == "queued" or "Another import is in progress" in _failure(report)[1]

    here(tmp_path, scenario, customers=1, time_scale=scale, assumptions=Assumptions(second_import=choice))


@pytest.mark.parametrize("status", [403, 404])
def test_somebody_elses_customer_fails_in_words(tmp_path: Path, status: int) -> None:
    async def scenario(it: Here) -> None:
        report = await it.run(StartRecipes(folder="CRM"), [{"id": 17}, {"id": FIRST}])
        (row,) = [each for each in report.accounts if each.account == "17"]
        assert (row.outcome, row.failure_class) == ("failed", {403: "forbidden", 404: "no-such-customer"}[status])

    here(tmp_path, scenario, customers=1, assumptions=Assumptions(foreign_customer=status))


@in_sandbox(customers=1, deny=("managed_users.imports.create",))
async def test_a_right_that_is_missing_is_the_accounts_failure_as_403(it: Here) -> None:
    failed, words = _failure(await it.run(ImportPackage(PACKAGE, folder="CRM"), ONE))
    assert (failed, "no right" in words) == ("forbidden", True)


def test_a_right_that_is_missing_is_the_accounts_failure_as_401_too(tmp_path: Path) -> None:
    async def scenario(it: Here) -> None:
        report = await it.run(ImportPackage(PACKAGE, folder="CRM"), [{"id": FIRST + n} for n in range(3)])
        assert report.exit_code == 1
        assert [row.failure_class for row in report.accounts] == ["forbidden"] * 3
        assert len(report.clusters) == 1
        assert "has none of the calls of" in (report.accounts[0].reason or "")
        assert it.kinds()["import.completed"] == 0

    assumptions = Assumptions(missing_right=401)
    here(tmp_path, scenario, customers=3, deny=("managed_users.imports.create",), assumptions=assumptions)


async def _update_running(it: Here) -> None:
    recipes = it.workato.account(FIRST).recipes
    (row, *_) = [each async for each in recipes.list() if each.running]
    await it.workato.call("managed_users.recipes.update", account=FIRST, recipe_id=row.id, recipe={"name": "New"})


async def _enable_stopped(it: Here) -> None:
    account = it.workato.account(FIRST)
    async for row in account.recipes.list():
        await account.recipes.stop(row.id)
    (endpoint, *_) = [each async for each in account.api_endpoints.list()]
    await account.call("managed_users.api_endpoints.enable", api_endpoint_id=endpoint.id)


async def _create_twice(it: Here) -> None:
    await it.workato.customers.create(name="N", notification_email="n@x.example", external_id="ORG-1")


async def _import_nowhere(it: Here) -> None:
    await it.workato.account(FIRST).imports.create(PACKAGE.read_bytes(), folder_id=17)


OPEN_STATUSES: list[tuple[str, tuple[int, ...], Callable[[Here], Awaitable[None]], str]] = [
    ("running_recipe_update", (400, 200, 422), _update_running, "can't modify running recipe"),
    ("enable_stopped", (400, 422), _enable_stopped, "must be running"),
    ("duplicate_external_id", (400, 409, 422), _create_twice, "has already been taken"),
    ("unknown_folder", (404, 400, 422), _import_nowhere, ""),
]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_refusal_is_an_error_with_the_vendors_words_whatever_its_status(tmp_path: Path, which: int) -> None:
    async def scenario(it: Here) -> None:
        await it.run(main_job(API_PACKAGE, folder="API"), ONE)
        for name, statuses, act, words in OPEN_STATUSES:
            with pytest.raises(ApiError) as refused:
                await act(it)
            assert words in str(refused.value), name
            assert isinstance(refused.value, StatusError)
            assert refused.value.status == statuses[min(which, len(statuses) - 1)], name

    chosen: dict[str, Any] = {name: statuses[min(which, len(statuses) - 1)] for name, statuses, *_ in OPEN_STATUSES}
    here(tmp_path, scenario, customers=1, assumptions=Assumptions(**chosen))
