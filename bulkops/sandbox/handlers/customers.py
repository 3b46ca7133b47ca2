"""Customers: list, get, create, update, delete, and the two older calls that move one to another plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.body import text_in
from bulkops.sandbox.customers import customer_facts
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers.environments import ENVIRONMENTS, read_environments, set_environments
from bulkops.sandbox.managers import forget
from bulkops.sandbox.request import ApiRequest, Counted, RefusedError, invalid, refuse_blank, taken

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
_LONGEST: Final = 10_000
_SIGN_IN: Final = ("workato_auth", "two_fa_auth", "saml_sso")

DEFAULT_PLAN: Final = "oem_plan"
FREE_PLAN: Final = "free"


@answers("managed_users.list", row="Customer")
def list_customers(request: ApiRequest) -> Counted:
    page = request.page()
    rows = [customer.row() for customer in request.state.customers.page(*page)]
    return Counted(rows, len(rows), page)


answers("managed_users.get", row="Customer")(lambda request: request.account.row())


@answers("managed_users.create", row="Customer")
def create_customer(request: ApiRequest) -> dict[str, Any]:
    """Name and notification_email are required; a used external id is refused (vendor facts, section 17.5).

    A customer that is given settings for TEST and PROD has them from the start, by assumption.
    """
    state, given = request.state, request.given
    external_id = given.get("external_id")
    if external_id is not None and state.customers.find_external(external_id) is not None:
        raise taken(request, "external_id")
    facts = {field: given[field] for field in _WRITABLE if given.get(field) is not None} | _apps(given)
    _check_auth(given)
    environments = read_environments(request, None)
    now = state.clock.stamp()
    facts = customer_facts(name=given["name"], notification_email=given["notification_email"], now=now) | facts
    customer = state.customers.create(facts, external_id=external_id, now=now)
    state.ledger.note(customer.id, "customer.created", customer.key)
    if environments:
        state.customers.provision(customer, now=now)
        set_environments(request, customer, environments)
    return customer.row()


@answers("managed_users.update", row="Customer")
def update_customer(request: ApiRequest) -> dict[str, Any]:
    """Only what the body names changes; null clears what may be empty."""
    customer, given = request.account, request.given
    facts = {field: given[field] for field in _UPDATABLE if field in given} | _apps(given)
    _check_auth(given)
    environments = read_environments(request, customer)
    if environments and not customer.environments:
        raise invalid(ENVIRONMENTS, "have not been provisioned")
    refuse_blank(facts, *_NEVER_EMPTY & set(facts))
    external_id = given.get("external_id")
    is_renamed = "external_id" in given and external_id != customer.external_id
    if is_renamed:
        if external_id is not None and request.state.customers.find_external(external_id) is not None:
            raise taken(request, "external_id")
        request.state.customers.rename(customer, external_id)
    plan_id = facts.pop("plan_id", None)
    is_changed = any(customer.facts[field] != value for field, value in facts.items())
    customer.facts |= facts
    if set_environments(request, customer, environments) or is_changed or is_renamed:
        _touch(request, "customer.updated", customer.key)
    if plan_id is not None:
        _set_plan(request, plan_id, trial=bool(customer.facts["trial"]))
    return customer.row()


@answers("managed_users.delete")
def delete_customer(request: ApiRequest) -> None:
    """With everything in it, its environments too; one of these alone is not to be had."""
    customer = request.account
    if customer.is_environment:
        raise RefusedError(400, "An environment cannot be deleted apart from its customer")
    for gone in (customer, *customer.environments.values()):
        request.state.importer.drop(gone.workspace)
    request.state.customers.delete(customer)
    forget(request.state.managers, customer, *customer.environments.values())
    request.note("customer.deleted", customer.key)


@answers("managed_users.upgrade", row="Plan")
def upgrade_customer(request: ApiRequest) -> dict[str, Any]:
    """To a paid plan: the partner's default one when the body names none."""
    return _set_plan(request, request.given.get("plan_id") or DEFAULT_PLAN, trial=False)


answers("managed_users.downgrade", row="Plan")(lambda request: _set_plan(request, FREE_PLAN, trial=False))


def _set_plan(request: ApiRequest, plan_id: str, *, trial: bool) -> dict[str, Any]:
    """Which plans exist is the partner's contract with the vendor: any name is accepted. The
    plan that a customer has already has no effect."""
    facts = request.account.facts
    if (facts["plan_id"], facts["trial"]) != (plan_id, trial):
        is_other = facts["plan_id"] != plan_id
        facts |= {"plan_id": plan_id, "trial": trial, "in_trial": trial}
        _touch(request, "plan.changed" if is_other else "trial.ended", plan_id)
    return {"id": request.account.id, "plan_id": plan_id, "trial": trial}


def _apps(given: Mapping[str, Any]) -> dict[str, list[str]]:
    """The applications that a customer may use, when the body speaks of them; null means none in particular."""
    return {"whitelisted_apps": given["whitelisted_apps"] or []} if "whitelisted_apps" in given else {}


def _check_auth(given: Mapping[str, Any]) -> None:
    """How people sign in: taken when it can be meant, shown nowhere."""
    settings = given.get("auth_settings")
    if settings is None:
        return
    if settings.get("type") not in _SIGN_IN:
        raise invalid("auth_settings", f"type must be one of {', '.join(_SIGN_IN)}")
    if settings["type"] == "saml_sso":
        text_in(settings, "provider", required=True)
        if text_in(settings, "metadata_url", longest=_LONGEST) is None:
            for name in ("sso_url", "saml_issuer", "x509_cert"):
                text_in(settings, name, required=True, longest=_LONGEST)


def _touch(request: ApiRequest, kind: str, key: str) -> None:
    request.account.facts["updated_at"] = request.state.clock.stamp()
    request.state.ledger.note(request.account.id, kind, key)
