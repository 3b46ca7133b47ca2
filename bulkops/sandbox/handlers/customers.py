"""Customers: list, get, create."""

from __future__ import annotations

from typing import Any, Final

from bulkops.sandbox.customers import customer_facts
from bulkops.sandbox.exchange import Asked, invalid, text_member

_WRITABLE: Final = (
    "plan_id",
    "origin_url",
    "frame_ancestors",
    "error_notification_emails",
    "admin_notification_emails",
    "task_limit_adjustment",
)
_LONGEST_NAME: Final = 10_000


def list_customers(asked: Asked) -> list[dict[str, Any]]:
    return [customer.row() for customer in asked.world.customers.page(*asked.page())]


def get_customer(asked: Asked) -> dict[str, Any]:
    return asked.account.row()


def create_customer(asked: Asked) -> dict[str, Any]:
    """Name and notification_email are required; a used external id is refused (NOTES section 17.5)."""
    world, members = asked.world, asked.members()
    name = text_member(members, "name", required=True, longest=_LONGEST_NAME)
    email = text_member(members, "notification_email", required=True)
    external_id = text_member(members, "external_id") or None
    if external_id is not None and world.customers.find_external(external_id) is not None:
        raise invalid("external_id", "has already been taken")
    given = {field: value for field in _WRITABLE if (value := text_member(members, field)) is not None}
    now = world.clock.stamp()
    facts = customer_facts(name=str(name), notification_email=str(email), now=now) | given
    customer = world.customers.create(facts, external_id=external_id, now=now)
    world.ledger.note(customer.id, "customer.created", external_id or str(name))
    return customer.row()
