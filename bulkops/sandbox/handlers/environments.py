"""Environments of a customer: provisioned once, each a workspace of its own from then on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.body import text_in
from bulkops.sandbox.customers import Customer
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, taken

ENVIRONMENTS: Final = "environments"
"""The member that says more about TEST and PROD."""

_OTHERS: Final = ("test", "prod")
Settings = Mapping[str, Mapping[str, str | None]]


@answers("managed_users.environments.create", row="Environments")
def provision_environments(request: ApiRequest) -> dict[str, Any]:
    """The workspace becomes DEV, with its id and all that is in it; TEST and PROD get ids of their own.

    Cannot be undone, nor done twice. An empty body will do (vendor facts, section 17.14).
    """
    customer = request.account
    settings = read_environments(request, customer)
    if customer.environments or customer.is_environment:
        raise RefusedError(400, "Environments have already been provisioned")
    request.state.customers.provision(customer, now=request.state.clock.stamp())
    set_environments(request, customer, settings)
    request.note("environments.provisioned", customer.key)
    return customer.row()


def read_environments(request: ApiRequest, customer: Customer | None) -> Settings:
    """What the body says about TEST and PROD, by environment. DEV is said at the top level, and refused here.

    Raises: RefusedError 400.
    """
    given = request.given.get(ENVIRONMENTS) or {}
    if not all(isinstance(said, dict) for said in given.values()):
        raise invalid(ENVIRONMENTS, "is not an object of objects")
    for name in given:
        if name == "dev":
            raise RefusedError(400, "Conflicting attributes: dev is what the top-level members are about")
        if name not in _OTHERS:
            raise RefusedError(400, f"Environment not found: {name}")
    read = {name: _settings(said) for name, said in given.items()}
    wanted = [settings["external_id"] for settings in read.values() if settings.get("external_id")]
    own = request.given.get("external_id")
    wanted += [own] if own is not None else []
    if len(wanted) != len(set(wanted)):
        raise taken(request, "external_id")
    for name, settings in read.items():
        found = request.state.customers.find_external(settings.get("external_id") or "")
        if found is not None and (customer is None or found is not customer.environments.get(name)):
            raise taken(request, "external_id")
    return read


def set_environments(request: ApiRequest, customer: Customer, settings: Settings) -> bool:
    """Give TEST and PROD what `read_environments` read; whether that changed anything."""
    changed = False
    for name, said in settings.items():
        other = customer.environments[name]
        external_id = said.get("external_id")
        if external_id is not None and external_id != other.external_id:
            request.state.customers.rename(other, external_id)
            changed = True
        facts = {key: value for key, value in said.items() if key != "external_id"}
        changed = changed or any(other.facts[key] != value for key, value in facts.items())
        other.facts |= facts
    return changed


def _settings(said: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: text_in(said, name) for name in ("error_notification_emails", "external_id") if name in said}
