"""Customers: the partner's managed users, each one a workspace ("account")."""

from __future__ import annotations

import attrs

from bulkops.models.members import Id, Instant


@attrs.frozen(kw_only=True)
class Customer:
    """`in_trial` is the older spelling of `trial`; the oldest reply to a create held id, plan and trial only."""

    id: Id
    name: str | None = None
    external_id: str | None = None
    plan_id: str | None = None
    notification_email: str | None = None
    origin_url: str | None = None
    trial: bool | None = None
    in_trial: bool | None = None
    task_limit: int | None = None
    task_count: int | None = None
    active_connection_count: int | None = None
    active_recipe_count: int | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


@attrs.frozen(kw_only=True)
class PlanChange:
    """What the two older calls that change a plan answer, and what adding a member by the older route does."""

    id: Id
    plan_id: str | None = None
    trial: bool | None = None
