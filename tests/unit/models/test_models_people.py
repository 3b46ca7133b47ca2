"""Customers, people, roles and managers, as the vendor's pages print them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bulkops.errors import ApiError
from bulkops.models import (
    CopiedRole,
    Customer,
    CustomerManager,
    CustomerMetrics,
    CustomerUsage,
    EnvironmentRole,
    Member,
    MemberPrivileges,
    MonthlyUsage,
    PlanChange,
    ProjectGrant,
    ProjectPrivileges,
    Role,
)
from bulkops.session import decode_object
from tests.replies import reply

TIMES = {"created_at": "2025-02-03T08:30:00.000-08:00", "updated_at": "2025-02-03T16:31:00.000Z"}
CUSTOMER: dict[str, Any] = {
    "id": 5200,
    "external_id": "K-9",
    "name": "Fjord AS",
    "notification_email": "ops@fjord.example",
}
CUSTOMER |= {"error_notification_emails": "e@fjord.example", "admin_notification_emails": "a@fjord.example"}
CUSTOMER |= {"whitelisted_apps": ["jira"], "plan_id": "business_yearly", "origin_url": None, "frame_ancestors": None}
CUSTOMER |= {"trial": False, "in_trial": False, "task_limit_adjustment": None, "task_limit": 500, "task_count": 7}
CUSTOMER |= {"active_connection_limit": None, "active_connection_count": 1, "active_recipe_count": 0}
CUSTOMER |= {"current_billing_period_start": TIMES["created_at"], "current_billing_period_end": None} | TIMES
MEMBER = {"id": 61, "grant_type": "team", "role_name": "Analyst", "external_id": "P-1", "name": "Ida", "email": None}
MEMBER |= {"roles": [{"environment_type": "prod", "role_name": "Operator"}], "time_zone": "UTC"}
MEMBER |= {"created_at": TIMES["created_at"]}
MANAGER = {"id": 31, "user": {"id": 9, "name": "Ole", "email": "ole@p.example", "avatar_url": ""}}
MANAGER |= {"privilege_group": {"id": 4, "name": "Support", "system": False}}
MANAGER |= {"moderated_workspaces": [{"id": 5200, "name": "Fjord AS"}]}
ACTIONS = {"Recipes": ["read", "run"], "Lookup tables": []}
METRICS = {"managed_user_id": 5200, "task_count": 7, "active_recipe_count": 1}
METRICS |= {"job_succeeded_count": 6, "job_failed_count": 1}

ANSWERS: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("managed_users.update", Customer, CUSTOMER),
    ("managed_users.upgrade", PlanChange, {"id": 5200, "plan_id": "free", "trial": True}),
    (
        "managed_users.usage",
        CustomerUsage,
        {"id": 5200, "external_id": "K-9", "usage": [{"year": 2025, "month": 2, "task_count": 7}]},
    ),
    ("managed_users.usage", MonthlyUsage, {"year": 2025, "month": 2, "task_count": 7}),
    ("managed_users.statistics_usage", CustomerMetrics, METRICS),
    ("managed_users.members.get", Member, MEMBER),
    (
        "managed_users.members.privileges",
        MemberPrivileges,
        {"environment_type": "dev", "name": "Analyst", "privileges": ACTIONS, "folder_ids": [3]},
    ),
    ("managed_users.members.project_grants", ProjectGrant, {"project_id": "908", "role_name": "Project editor"}),
    ("managed_users.members.projects_privileges", ProjectPrivileges, {"project_id": 908, "privileges": ACTIONS}),
    (
        "roles.list",
        Role,
        {"id": 4, "name": "Support", "inheritable": True, "folder_ids": [], "privileges": ACTIONS} | TIMES,
    ),
    ("managed_users.roles.copy", CopiedRole, {"id": 5, "name": "Copy", "folder_ids": [3], "privileges": ACTIONS}),
    (
        "managed_users.environment_roles.get",
        EnvironmentRole,
        {"id": 6, "name": "Builder", "members_count": 0, "type": "custom", "privileges": ACTIONS} | TIMES,
    ),
    ("customer_managers.update", CustomerManager, MANAGER),
]
every = pytest.mark.parametrize(("call", "model", "row"), ANSWERS, ids=[model.__name__ for _, model, _ in ANSWERS])


@every
def test_a_sample_keeps_its_values(call: str, model: type[Any], row: dict[str, Any]) -> None:
    bare = decode_object(reply(row, call), model)
    read = msgspec.structs.asdict(bare)
    assert set(row) <= set(read)
    assert {name: read[name] for name in row if isinstance(row[name], str | bool)} == {
        name: int(value) if name == "project_id" else read[name] if name.endswith(("_at", "_start")) else value
        for name, value in row.items()
        if isinstance(value, str | bool)
    }


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        (None, {}),
        ({"test": {"id": 2}, "prod": {"id": 3}}, {"test": 2, "prod": 3}),
        ({"TEST": 2, "prod": "3"}, {"test": 2, "prod": 3}),
        ([{"environment_type": "test", "id": 2}, {"name": "prod", "id": "3"}], {"test": 2, "prod": 3}),
        ([{"id": 2}], {"none": 2}),
        ({"test": {}, "prod": {"id": -1}}, {}),
        ({"test": True, "prod": "x" * 30}, {}),
        ([7, "x"], {}),
        ([{"environment_type": {"a": []}, "id": 2}], {"{'a': []}": 2}),
        ("test", {}),
    ],
)
def test_environments_are_read_in_any_form(said: object, ids: dict[str, int]) -> None:
    customer = decode_object(reply(CUSTOMER | {"environments": said}, "managed_users.get"), Customer)
    assert customer.environment_ids() == ids


def test_an_empty_list_is_every_workspace_and_no_list_is_no_answer() -> None:
    everywhere = decode_object(
        reply(MANAGER | {"moderated_workspaces": []}, "customer_managers.update"), CustomerManager
    )
    assert (everywhere.has_all_workspaces, everywhere.workspace_ids) == (True, [])
    some = decode_object(reply(MANAGER, "customer_managers.update"), CustomerManager)
    assert (some.has_all_workspaces, some.workspace_ids) == (False, [5200])
    for said in ({}, {"moderated_workspaces": None}):
        silent = {name: value for name, value in MANAGER.items() if name != "moderated_workspaces"} | said
        with pytest.raises(ApiError, match="moderated_workspaces"):
            decode_object(reply({"result": silent}, "customer_managers.update"), CustomerManager)
