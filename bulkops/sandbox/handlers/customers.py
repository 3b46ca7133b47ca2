"""Customers: list, get, create, update, delete, and the two older calls that move one to another plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.customers import customer_facts
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers.environments import ENVIRONMENTS, read_environments, set_environments
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, taken, text_member

_WRITABLE: Final = (
    "plan_id",
    "origin_url",
    "frame_ancestors",
    "error_notification_emails",
    "admin_notification_emails",
    "task_limit_adjustment",
)
_UPDATABLE: Final = ("name", "notification_email", *_WRITABLE)
_NEVER_EMPTY: Final = frozenset({"name", "notification_email", "plan_id"})
_LONGEST_NAME: Final = 10_000
_SIGN_IN: Final = ("workato_auth", "two_fa_auth", "saml_sso")

DEFAULT_PLAN: Final = "oem_plan"
FREE_PLAN: Final = "free"


@answers("managed_users.list", row="Customer")
def list_customers(request: ApiRequest) -> list[dict[str, Any]]:
    return [customer.row() for customer in request.state.customers.page(*request.page())]


@answers("managed_users.get", row="Customer")
def get_customer(request: ApiRequest) -> dict[str, Any]:
    return request.account.row()


@answers("managed_users.create", row="Customer")
def create_customer(request: ApiRequest) -> dict[str, Any]:
    """Name and notification_email are required; a used external id is refused (vendor facts, section 17.5).

    Whoever is given settings for TEST and PROD has them from the start, by assumption.
    """
    state, members = request.state, request.members()
    name = text_member(members, "name", required=True, longest=_LONGEST_NAME)
    email = text_member(members, "notification_email", required=True)
    external_id = text_member(members, "external_id") or None
    if external_id is not None and state.customers.find_external(external_id) is not None:
        raise taken(request, "external_id")
    given: dict[str, Any] = {field: value for field in _WRITABLE if (value := text_member(members, field)) is not None}
    given |= _apps(members)
    _check_auth(members)
    environments = read_environments(request, None)
    now = state.clock.stamp()
    facts = customer_facts(name=str(name), notification_email=str(email), now=now) | given
    customer = state.customers.create(facts, external_id=external_id, now=now)
    state.ledger.note(customer.id, "customer.created", customer.key)
    if environments:
        state.customers.provision(customer, now=now)
        set_environments(request, customer, environments)
    return customer.row()


@answers("managed_users.update", row="Customer")
def update_customer(request: ApiRequest) -> dict[str, Any]:
    """Only what the body names changes; null clears what may be empty."""
    customer, members = request.account, request.members()
    given: dict[str, Any] = {
        field: text_member(members, field, longest=_LONGEST_NAME) for field in _UPDATABLE if field in members
    }
    given |= _apps(members)
    _check_auth(members)
    environments = read_environments(request, customer)
    if environments and not customer.environments:
        raise invalid(ENVIRONMENTS, "have not been provisioned")
    for field in _NEVER_EMPTY & set(given):
        if given[field] is None:
            raise invalid(field, "can't be blank")
    external_id = text_member(members, "external_id")
    is_renamed = "external_id" in members and external_id != customer.external_id
    if is_renamed:
        if external_id is not None and request.state.customers.find_external(external_id) is not None:
            raise taken(request, "external_id")
        request.state.customers.rename(customer, external_id)
    plan_id = given.pop("plan_id", None)
    is_changed = any(customer.facts[field] != value for field, value in given.items())
    customer.facts |= given
    if set_environments(request, customer, environments) or is_changed or is_renamed:
        _touch(request, "customer.updated", customer.key)
    if plan_id is not None:
        _set_plan(request, plan_id, trial=bool(customer.facts["trial"]))
    return customer.row()


@answers("managed_users.delete")
def delete_customer(request: ApiRequest) -> dict[str, Any]:
    """With everything in it, its environments too; one of these alone is not to be had."""
    customer = request.account
    if customer.is_environment:
        raise RefusedError(400, "An environment cannot be deleted apart from its customer")
    for gone in (customer, *customer.environments.values()):
        request.state.importer.drop(gone.workspace)
    request.state.customers.delete(customer)
    request.state.managers.forget(customer, *customer.environments.values())
    request.note("customer.deleted", customer.key)
    return {"success": True}


@answers("managed_users.upgrade", row="Plan")
def upgrade_customer(request: ApiRequest) -> dict[str, Any]:
    """To a paid plan: the partner's default one when the body names none."""
    return _set_plan(request, text_member(request.members(), "plan_id") or DEFAULT_PLAN, trial=False)


@answers("managed_users.downgrade", row="Plan")
def downgrade_customer(request: ApiRequest) -> dict[str, Any]:
    return _set_plan(request, FREE_PLAN, trial=False)


def _set_plan(request: ApiRequest, plan_id: str, *, trial: bool) -> dict[str, Any]:
    """Which plans exist is the partner's contract with the vendor: any name is one. What is so already is no effect."""
    facts = request.account.facts
    if (facts["plan_id"], facts["trial"]) != (plan_id, trial):
        is_other = facts["plan_id"] != plan_id
        facts |= {"plan_id": plan_id, "trial": trial, "in_trial": trial}
        _touch(request, "plan.changed" if is_other else "trial.ended", plan_id)
    return {"id": request.account.id, "plan_id": plan_id, "trial": trial}


def _apps(members: Mapping[str, Any]) -> dict[str, list[str]]:
    """The applications that a customer may use, when the body speaks of them; null means none in particular."""
    if "whitelisted_apps" not in members:
        return {}
    apps = members["whitelisted_apps"] or []
    if not isinstance(apps, list) or not all(isinstance(app, str) for app in apps):
        raise invalid("whitelisted_apps", "is not a list of texts")
    return {"whitelisted_apps": apps}


def _check_auth(members: Mapping[str, Any]) -> None:
    """How people sign in: taken when it can be meant, shown nowhere."""
    given = members.get("auth_settings")
    if given is None:
        return
    if not isinstance(given, dict) or given.get("type") not in _SIGN_IN:
        raise invalid("auth_settings", f"type is none of {', '.join(_SIGN_IN)}")
    if given["type"] == "saml_sso":
        text_member(given, "provider", required=True)
        if text_member(given, "metadata_url", longest=_LONGEST_NAME) is None:
            for name in ("sso_url", "saml_issuer", "x509_cert"):
                text_member(given, name, required=True, longest=_LONGEST_NAME)


def _touch(request: ApiRequest, kind: str, key: str) -> None:
    request.account.facts["updated_at"] = request.state.clock.stamp()
    request.state.ledger.note(request.account.id, kind, key)
