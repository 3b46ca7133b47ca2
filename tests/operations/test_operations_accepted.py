"""Accepted is not done: a vendor that answers well, and shows something else when it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bulkops.operations import AddMember, DeleteCustomer, Operation, StartRecipes, StopRecipes, UpgradePlan
from tests.operations.test_operations_odd_vendor import played

CUSTOMER = {"id": 7, "name": "Acme", "plan_id": "oem_standard"}
PROJECT = {"id": 11, "folder_id": 1, "name": "CRM"}
RECIPE = {"id": 5, "name": "Nightly", "folder_id": 1, "running": True, "code": "{}"}


class Vendor:
    """Looks show what is given, whatever was written. `sent`: the writes."""

    def __init__(self, looks: dict[str, Any], written: tuple[int, Any]) -> None:
        self.looks, self.written, self.sent = looks, written, list[str]()

    def __call__(self, request: web.Request) -> tuple[int, Any]:
        if request.method != "GET":
            self.sent.append(f"{request.method} {request.path.removeprefix('/api/managed_users/7')}")
            return self.written
        if request.query.get("parent_id"):
            return 200, {"result": []}
        path = request.path.removeprefix("/api/managed_users/7")
        return (200, self.looks[path]) if path in self.looks else (404, {"message": "Not found"})


RECIPES = {
    "/projects": {"result": [PROJECT]},
    "/recipes": {"result": {"items": [RECIPE]}},
    "/recipes/5": {"result": RECIPE},
}
STANDING = {**RECIPES, "/recipes": {"result": {"items": [RECIPE | {"running": False}]}}}
CUSTOMERS = {"": CUSTOMER}


@pytest.mark.parametrize(
    ("made", "looks", "written", "failure_class", "words", "sent"),
    [
        pytest.param(
            lambda: StopRecipes(folder="CRM"),
            RECIPES,
            (200, {"success": True}),
            "recipe-runs-again",
            "recipe 'Nightly' was stopped, but is running again",
            ["PUT /recipes/5/stop"],
            id="stopped",
        ),
        pytest.param(
            lambda: StopRecipes(folder="CRM"),
            RECIPES,
            (200, {"success": False, "message": "it is locked"}),
            "recipe-not-stopped",
            "recipe 'Nightly' cannot be stopped: it is locked",
            ["PUT /recipes/5/stop"],
            id="not stopped, with a reason",
        ),
        pytest.param(
            lambda: StopRecipes(folder="CRM"),
            RECIPES,
            (200, {"success": False}),
            "recipe-not-stopped",
            "recipe 'Nightly' cannot be stopped: the ",
            ["PUT /recipes/5/stop"],
            id="not stopped",
        ),
        pytest.param(
            lambda: StartRecipes(folder="CRM"),
            STANDING,
            (200, {"success": False}),
            "recipe-not-started",
            "recipe 'Nightly' cannot be started: the ",
            ["PUT /recipes/5/start"],
            id="not started",
        ),
        pytest.param(
            lambda: UpgradePlan(plan_id="oem_enterprise"),
            CUSTOMERS,
            (200, CUSTOMER),
            "plan-not-changed",
            "to plan 'oem_enterprise', but reports plan 'oem_standard'",
            ["PUT "],
            id="plan",
        ),
        pytest.param(
            DeleteCustomer,
            CUSTOMERS,
            (200, {"success": True}),
            "customer-not-deleted",
            "the customer still exists",
            ["DELETE "],
            id="deleted",
        ),
        pytest.param(
            lambda: AddMember(member_name="Ana", external_id="a-1", role="Admin", via="member", oauth_id="o-1"),
            {"/members": {"result": []}, "/member": {"result": []}},
            (200, {"result": CUSTOMER}),
            "member-not-added",
            "is missing from the list",
            ["POST /member"],
            id="member",
        ),
    ],
)
def test_the_account_fails_in_words(
    tmp_path: Path,
    made: Callable[[], Operation],
    looks: dict[str, Any],
    written: tuple[int, Any],
    failure_class: str,
    words: str,
    sent: list[str],
) -> None:
    vendor = Vendor(looks, written)
    (report,) = played(tmp_path, vendor, made())
    (row,) = report.accounts
    assert (row.outcome, row.failure_class) == ("failed", failure_class), row
    assert words in str(row.reason)
    assert row.remedy
    assert vendor.sent == sent


@pytest.mark.parametrize("made", [StartRecipes, StopRecipes])
def test_a_folder_that_is_not_there(tmp_path: Path, made: Callable[..., Operation]) -> None:
    vendor = Vendor({"/projects": {"result": []}}, (200, {"success": True}))
    (report,) = played(tmp_path, vendor, made(folder="CRM"))
    (row,) = report.accounts
    assert (row.outcome, row.failure_class, vendor.sent) == ("failed", "folder-missing", [])
