"""Customers: the partner's managed users, each one a workspace ("account")."""

from __future__ import annotations

from typing import Any

import msgspec

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model


class Customer(Model, frozen=True, kw_only=True):
    """`in_trial` is the older spelling of `trial`; the oldest reply to a create held id, plan and trial only.

    `environments`: as the reply has it, there only when they are provisioned; `environment_ids` reads it.
    """

    id: Id
    name: str | None = None
    external_id: str | None = None
    plan_id: str | None = None
    notification_email: str | None = None
    error_notification_emails: str | None = None
    admin_notification_emails: str | None = None
    whitelisted_apps: list[str] | None = None
    origin_url: str | None = None
    frame_ancestors: str | None = None
    trial: bool | None = None
    in_trial: bool | None = None
    task_limit: int | None = None
    task_limit_adjustment: int | str | None = None
    task_count: int | None = None
    active_connection_limit: int | None = None
    active_connection_count: int | None = None
    active_recipe_count: int | None = None
    current_billing_period_start: Instant | None = None
    current_billing_period_end: Instant | None = None
    environments: Any = None
    created_at: Instant | None = None
    updated_at: Instant | None = None

    def environment_ids(self) -> dict[str, int]:
        """TEST and PROD as `{"test": id, "prod": id}`, in any form that they may come in; empty without them.

        Each is an account of its own. The customer's own id is DEV's.
        """
        said = self.environments
        if isinstance(said, list):
            said = {str(row.get("environment_type") or row.get("name")): row for row in said if isinstance(row, dict)}
        pairs = said.items() if isinstance(said, dict) else ()
        found = {name.lower(): value.get("id") if isinstance(value, dict) else value for name, value in pairs}
        return {name: number for name, value in found.items() if (number := _number(value)) is not None}


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


class PlanChange(Model, frozen=True, kw_only=True):
    """What the two older calls that change a plan answer, and what adding a member by the older route does."""

    id: Id
    plan_id: str | None = None
    trial: bool | None = None


class MonthlyUsage(Model, frozen=True, kw_only=True):
    year: int
    month: int
    task_count: int | None = None


class CustomerUsage(Model, frozen=True, kw_only=True):
    """A customer's tasks by month. The form of this reply is inferred: no page of the vendor shows one."""

    id: Id
    external_id: str | None = None
    usage: list[MonthlyUsage] = msgspec.field(default_factory=list)


class CustomerMetrics(Model, frozen=True, kw_only=True):
    """What a customer used in a time frame. The form of this reply is inferred too."""

    managed_user_id: Id
    task_count: int | None = None
    active_recipe_count: int | None = None
    active_connection_count: int | None = None
    active_connection_limit: int | None = None
    job_succeeded_count: int | None = None
    job_failed_count: int | None = None
